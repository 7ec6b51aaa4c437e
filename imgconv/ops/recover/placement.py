"""Where the windows of a picture lie in the picture that it was made from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from imgconv.model.errors import NothingMatchedError
from imgconv.model.geometry import OutputSize

_STRIDES = range(1, 9)
_LARGEST = 33
_LARGEST_WITH_STRIDE = 15


class AxisPlacement(NamedTuple):
    """One way in which one side of the picture may have got its length.

    Attributes
    ----------
    size : OutputSize
    stride : int
    taps : int
        The only length of the kernel that fits; 0 where any does.
    """

    size: OutputSize
    stride: int
    taps: int = 0


class Placement(NamedTuple):
    """Stride and output size, and the kernel's shape as far as they tell it."""

    size: OutputSize
    stride: tuple[int, int]
    taps: tuple[int, int]

    def offsets(self, reach: tuple[int, int]) -> tuple[range, range]:
        """Return which rows and columns, relative to ``i * stride``, output `i` may have read.

        Examples
        --------
        >>> Placement(OutputSize.FULL, (1, 1), (3, 2)).offsets((9, 9))
        (range(-2, 1), range(-1, 1))
        """
        rows, columns = (self._along(a, reach[a]) for a in (0, 1))
        return rows, columns

    def _along(self, axis: int, reach: int) -> range:
        taps = self.taps[axis]
        if self.size is OutputSize.VALID:
            return range(taps)
        if self.size is OutputSize.FULL:
            return range(1 - taps, 1)
        return range(-reach, reach + 1)


def placements(before: tuple[int, int], after: tuple[int, int]) -> list[Placement]:
    """Return the ways in which a picture may have got its size, the plainest first.

    Raises
    ------
    NothingMatchedError
        When no stride and no window explains the size.

    Examples
    --------
    >>> [p.size.value for p in placements((9, 9), (9, 9))][0], placements((9, 9), (7, 5))[0].taps
    ('same', (3, 5))
    """
    rows, columns = (list(_axes(n, m)) for n, m in zip(before, after, strict=True))
    found = [
        Placement(row.size, (row.stride, column.stride), (row.taps, column.taps))
        for row, column in product(rows, columns)
        if row.size is column.size
        and (row.stride == column.stride or row.size is OutputSize.SAME)
        and (row.taps, column.taps) != (1, 1)  # that is one pixel, and "same" as well
    ]
    if not found:
        raise NothingMatchedError(
            f"the geometry changed: {before[0]} x {before[1]} became {after[0]} x {after[1]}, "
            "which no stride and no window does",
            hint="undo the resizing, cropping or turning first",
        )
    found.sort(key=lambda p: (p.size is not OutputSize.SAME, p.stride[0] * p.stride[1], p.taps))
    return found[:8]


def _axes(n: int, m: int) -> Iterator[AxisPlacement]:
    for stride in _STRIDES:
        if -(-n // stride) == m:
            yield AxisPlacement(OutputSize.SAME, stride)
    if 0 <= n - m < _LARGEST and m:
        yield AxisPlacement(OutputSize.VALID, 1, n - m + 1)
    if 0 <= m - n < _LARGEST:
        yield AxisPlacement(OutputSize.FULL, 1, m - n + 1)
    for stride in _STRIDES[1:4]:
        for taps in range(max(n - stride * m + 1, 2), n - stride * (m - 1) + 1):
            if taps <= min(_LARGEST_WITH_STRIDE, n):
                yield AxisPlacement(OutputSize.VALID, stride, taps)
