"""Erosions and dilations that follow one another, on an image that its border continues once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from imgconv.model.border import Border
from imgconv.model.footprint import Footprint
from imgconv.ops.rank.extremes import direct_extreme, ends_of, extreme
from imgconv.ops.rank.filtering import run_windows
from imgconv.ops.rank.windows import Direct, Image, Outside, Windows

OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "erode": lambda image: image.eroded(),
    "dilate": lambda image: image.dilated(),
    "open": lambda image: image.eroded().dilated(),
    "close": lambda image: image.dilated().eroded(),
    "morph_gradient": lambda image: image.dilated().minus(image.eroded()),
    "inner_gradient": lambda image: image.minus(image.eroded()),
    "outer_gradient": lambda image: image.dilated().minus(image),
    "top_hat": lambda image: image.minus(image.eroded().dilated()),
    "black_hat": lambda image: image.dilated().eroded().minus(image),
}
"""What each operation does, on anything with `eroded`, `dilated` and `minus`."""


class _Grid(NamedTuple):
    """Pixels of a stretch of the continued image.

    Attributes
    ----------
    windows : Windows
        The pixels, and which of them count.
    top, left : int
        Place of the first output pixel.
    element : Footprint
    times : int
    """

    windows: Windows
    top: int
    left: int
    element: Footprint
    times: int

    def eroded(self) -> _Grid:
        return self._passed(self.element, greatest=False)

    def dilated(self) -> _Grid:
        return self._passed(self.element.reflected(), greatest=True)

    def _passed(self, element: Footprint, *, greatest: bool) -> _Grid:
        grid = self
        row, column = element.anchor
        for _ in range(self.times):
            windows = grid.windows._replace(footprint=element, stride=(1, 1))
            rows, columns, _channels = windows.out_shape
            made = run_windows(windows, partial(extreme, greatest=greatest))
            counts = windows.rows_count, windows.columns_count
            kept = windows._replace(
                pixels=made,
                rows_count=None if counts[0] is None else counts[0][row : row + rows],
                columns_count=None if counts[1] is None else counts[1][column : column + columns],
            )
            grid = grid._replace(windows=kept, top=grid.top - row, left=grid.left - column)
        return grid

    def minus(self, other: _Grid) -> _Grid:
        top, left = min(self.top, other.top), min(self.left, other.left)
        one, two = self._from(top, left), other._from(top, left)
        rows, columns = (min(one.shape[a], two.shape[a]) for a in (0, 1))
        made = minus(one[:rows, :columns], two[:rows, :columns])
        return self._replace(windows=self.windows._replace(pixels=made), top=top, left=left)

    def _from(self, top: int, left: int) -> Image:
        return self.windows.pixels[self.top - top :, self.left - left :]


class _Whole(NamedTuple):
    """A whole image, filtered by OpenCV with a border for each pass."""

    pixels: Image
    element: Footprint
    times: int
    outside: Outside
    passes: int = 0
    is_whole: bool = True

    def eroded(self) -> _Whole:
        return self._passed(self.element, greatest=False)

    def dilated(self) -> _Whole:
        return self._passed(self.element.reflected(), greatest=True)

    def _passed(self, element: Footprint, *, greatest: bool) -> _Whole:
        made = self
        for _ in range(self.times):
            found = direct_extreme(made.pixels, element, self.outside, greatest=greatest)
            assert found is not None, "the element has no heights"
            # The image is continued once, which is no border of a later pass; ignoring it is.
            again = made.passes > 0 and self.outside.border is not Border.IGNORE
            is_whole = made.is_whole and found.is_whole and not again
            made = made._replace(pixels=found.pixels, passes=made.passes + 1, is_whole=is_whole)
        return made

    def minus(self, other: _Whole) -> _Whole:
        is_whole = self.is_whole and other.is_whole
        return self._replace(pixels=minus(self.pixels, other.pixels), is_whole=is_whole)


def combined(windows: Windows, *, operation: str, element: Footprint, times: int) -> Image:
    """Return an operation's result for every window that all its passes together have."""
    rows, columns, _ = windows.out_shape
    top, left = windows.footprint.anchor
    made: _Grid = OPERATIONS[operation](_Grid(windows, top, left, element, times))
    part = made.windows.pixels[made.top : made.top + rows, made.left : made.left + columns]
    return np.ascontiguousarray(part)


def direct_combined(
    image: Image,
    within: Footprint,
    outside: Outside,
    threads: int | None,
    *,
    operation: str,
    element: Footprint,
    times: int,
) -> Direct | None:
    """Return an operation on a whole image by OpenCV."""
    del within, threads
    if element.is_raised:
        return None
    made: _Whole = OPERATIONS[operation](_Whole(image, element, times, outside))
    return Direct(made.pixels, made.is_whole)


def hits_and_misses(windows: Windows, *, hits: Footprint, misses: Footprint | None) -> Image:
    """Return the least of the hits minus the greatest of the misses, or 0."""
    result = extreme(windows._replace(footprint=hits), greatest=False)
    if misses is None:
        return result
    below = extreme(windows._replace(footprint=misses), greatest=True)
    difference = minus(result, below)
    return np.maximum(difference, np.zeros((), difference.dtype))


def minus(one: Image, other: Image) -> Image:
    """Return the difference of two images, clamped to their type."""
    if one.dtype == np.float32:
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(one - other)
    difference = np.subtract(one, other, dtype=np.int32)
    return np.clip(difference, *ends_of(one.dtype)).astype(one.dtype)
