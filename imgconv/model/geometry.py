"""Where the taps of each output pixel lie: stride, dilation, padding, output size."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, SupportsIndex

from imgconv.model.errors import ArgumentError, LimitError


class OutputSize(Enum):
    """How large the output is; ``Ke = (k - 1) * dilation + 1`` is the reach of the kernel."""

    SAME = "same"
    """``ceil(n / stride)``: the anchor visits every stride-th pixel."""
    VALID = "valid"
    """``(n - Ke) // stride + 1``: no tap ever falls outside."""
    FULL = "full"
    """``ceil((n + Ke - 1) / stride)``: every position where a tap touches the image."""


Padding = tuple[int, int, int, int]
"""Explicit amounts: top, bottom, left, right."""

Size = OutputSize | Padding

_FARTHEST = 1 << 20
_MOST_PIXELS = 1 << 30


class Axis(NamedTuple):
    """One axis of a correlation: output `i`, tap `t` reads ``i*stride + t*dilation - before``."""

    length: int
    taps: int
    before: int
    out: int
    stride: int
    dilation: int

    @property
    def span(self) -> tuple[int, int]:
        """First position that is read and the one after the last; both may lie outside."""
        last = (self.out - 1) * self.stride + (self.taps - 1) * self.dilation
        return -self.before, last - self.before + 1

    def read_by(self, start: int, stop: int) -> tuple[int, int]:
        """Return the positions that outputs `start` to `stop` read, and the one after the last.

        Examples
        --------
        >>> Axis(length=100, taps=3, before=1, out=50, stride=2, dilation=1).read_by(10, 12)
        (19, 24)
        """
        first = start * self.stride - self.before
        reach = (self.taps - 1) * self.dilation + 1
        return first, first + (stop - start - 1) * self.stride + reach


class Geometry(NamedTuple):
    """Both axes of a correlation."""

    rows: Axis
    columns: Axis

    @property
    def out_shape(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        return self.rows.out, self.columns.out


@lru_cache(maxsize=1024)  # every file of a folder, every call on small images asks again
def plan_geometry(
    image_shape: tuple[int, int],
    kernel_shape: tuple[int, int],
    anchor: tuple[int, int],
    *,
    stride: tuple[int, int],
    dilation: tuple[int, int],
    size: Size,
) -> Geometry:
    """Work out which source position each tap of each output pixel reads.

    Raises
    ------
    ArgumentError
        When the output would have no pixel.
    LimitError
        When the kernel would reach over more than 2**20 pixels, or the output have more than 2**30
        and more than the image.
    """
    axes = [
        Axis(
            length=image_shape[a],
            taps=kernel_shape[a],
            before=0,
            out=0,
            stride=stride[a],
            dilation=dilation[a],
        )
        for a in (0, 1)
    ]
    geometry = Geometry(
        _placed(axes[0], "rows", anchor[0], size if isinstance(size, OutputSize) else size[:2]),
        _placed(axes[1], "columns", anchor[1], size if isinstance(size, OutputSize) else size[2:]),
    )
    rows, columns = geometry.out_shape
    # An image that is that large itself is somebody's choice; one that padding makes so is not.
    if rows * columns > max(_MOST_PIXELS, axes[0].length * axes[1].length):
        raise LimitError(
            f"the output would have {rows} x {columns} pixels; the limit is 2**30",
            hint="use size 'same', or smaller pads",
        )
    return geometry


def _placed(axis: Axis, name: str, anchor: int, size: OutputSize | tuple[int, ...]) -> Axis:
    """Return an axis its padding before the image and its output length."""
    n, stride = axis.length, axis.stride
    reach = (axis.taps - 1) * axis.dilation + 1
    if reach > _FARTHEST:
        raise LimitError(
            f"the kernel reaches over {reach} {name}; the limit is {_FARTHEST}",
            hint="use a smaller dilation or kernel",
        )
    if size is OutputSize.SAME:
        return axis._replace(before=anchor * axis.dilation, out=-(-n // stride))
    if size is OutputSize.FULL:
        return axis._replace(before=reach - 1, out=-(-(n + reach - 1) // stride))
    before, after = (0, 0) if size is OutputSize.VALID else size
    room = n + before + after
    if room < reach:
        padded = f" padded by {before} and {after}" if before or after else ""
        raise ArgumentError(
            f"the kernel reaches over {reach} {name}, the image has {n}{padded}: "
            "no output pixel is left",
            hint="use size 'same', a smaller kernel or a larger image",
        )
    return axis._replace(before=before, out=(room - reach) // stride + 1)


def parse_size(value: OutputSize | str | int | Sequence[int]) -> Size:
    """Read ``same``, ``valid``, ``full``, one pad, or four: top, bottom, left, right.

    Examples
    --------
    >>> parse_size("valid"), parse_size("2"), parse_size((1, 1, 0, 3))
    (<OutputSize.VALID: 'valid'>, (2, 2, 2, 2), (1, 1, 0, 3))
    """
    if isinstance(value, OutputSize):
        return value
    wrong = ArgumentError(
        f"{value!r} is not an output size",
        hint="choose same, valid, full, one pad (2), or four: top,bottom,left,right (1,1,0,3)",
    )
    if isinstance(value, str):
        text = value.strip().lower()
        if text in {size.value for size in OutputSize}:
            return OutputSize(text)
        value = _integers(text, wrong)
    amounts = _whole(value, wrong)
    if len(amounts) == 1:
        amounts *= 4
    if len(amounts) != 4 or not all(0 <= amount < _FARTHEST for amount in amounts):
        raise wrong
    return amounts[0], amounts[1], amounts[2], amounts[3]


def parse_steps(value: int | str | Sequence[int], what: str) -> tuple[int, int]:
    """Read a stride or a dilation: one number for both axes, or rows and columns.

    Examples
    --------
    >>> parse_steps(2, "stride"), parse_steps("1,3", "stride")
    ((2, 2), (1, 3))
    """
    wrong = ArgumentError(
        f"{what} {value!r} is not a whole number of at least 1, nor two of them: rows,columns"
    )
    pair = _integers(value, wrong) if isinstance(value, str) else _whole(value, wrong)
    if len(pair) == 1:
        pair *= 2
    if len(pair) != 2 or not all(1 <= step < _FARTHEST for step in pair):
        raise wrong
    return pair[0], pair[1]


def _whole(value: SupportsIndex | Iterable[SupportsIndex], wrong: ArgumentError) -> list[int]:
    """Read one whole number or several, NumPy's among them."""
    try:
        return [
            operator.index(part) for part in (value if isinstance(value, Iterable) else [value])
        ]
    except TypeError:
        raise wrong from None


def _integers(text: str, wrong: ArgumentError) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise wrong from None
