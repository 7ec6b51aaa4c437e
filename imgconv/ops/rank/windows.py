"""Images with the pixels around them that windows read, and which of those count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import surrounded
from imgconv.model.border import Border
from imgconv.model.footprint import Footprint
from imgconv.model.geometry import Axis, Geometry, plan_geometry
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.ops.image import checked_threads, outside_value
from imgconv.system.threads import run_each

NARROW = 4
"""How many times as high as wide a part is that is filtered along its columns."""

Image = NDArray[Any]
Flags = NDArray[np.bool_]


class Outside(NamedTuple):
    """What stands around an image: the border, and the value under `Border.CONSTANT`."""

    border: Border
    value: float


class Direct(NamedTuple):
    """What a library made of an image as it is.

    Attributes
    ----------
    pixels : ndarray
        Right wherever the window lies within.
    is_whole : bool
        Whether it is right at the border too.
    """

    pixels: Image
    is_whole: bool


class Windows(NamedTuple):
    """An image with all that the windows of a footprint read; every window lies within.

    Attributes
    ----------
    pixels : ndarray, shape (rows, columns, channels)
        The image and what stands around it.
    rows_count, columns_count : ndarray of bool, optional
        Which rows and columns of `pixels` count. None where all do.
    footprint : Footprint
    stride : (int, int)
        Rows and columns from a window to the next.
    threads : int
    """

    pixels: Image
    rows_count: Flags | None
    columns_count: Flags | None
    footprint: Footprint
    stride: tuple[int, int] = (1, 1)
    threads: int = 1

    @property
    def out_shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels of the output at stride 1."""
        rows, columns = self.footprint.shape
        return (
            self.pixels.shape[0] - rows + 1,
            self.pixels.shape[1] - columns + 1,
            self.pixels.shape[2],
        )

    @property
    def ignores(self) -> bool:
        """Whether a pixel does not count."""
        return self.rows_count is not None

    def counting(self) -> Flags:
        """Return which pixels count, shape (rows, columns)."""
        if self.rows_count is None or self.columns_count is None:
            return np.ones(self.pixels.shape[:2], bool)
        return np.asarray(self.rows_count[:, None] & self.columns_count)

    def filled(self, value: float) -> Image:
        """Return the pixels with a value wherever none counts."""
        if self.rows_count is None or self.columns_count is None:
            return self.pixels
        pixels = self.pixels.copy()
        pixels[~self.rows_count] = value
        pixels[:, ~self.columns_count] = value
        return pixels

    def part(self, rows: slice, columns: slice) -> Windows:
        """Return the windows of some output rows and columns."""
        height, width = self.footprint.shape
        above = slice(rows.start, rows.stop + height - 1)
        across = slice(columns.start, columns.stop + width - 1)
        return self._replace(
            pixels=self.pixels[above, across],
            rows_count=None if self.rows_count is None else self.rows_count[above],
            columns_count=None if self.columns_count is None else self.columns_count[across],
        )

    def within(self) -> tuple[slice, slice]:
        """Return the output rows and columns whose windows read only pixels that count."""
        if self.rows_count is None or self.columns_count is None:
            return slice(0, self.out_shape[0]), slice(0, self.out_shape[1])
        height, width = self.footprint.shape
        return _whole(self.rows_count, height), _whole(self.columns_count, width)


def _whole(count: Flags, taps: int) -> slice:
    """Return the windows of an axis that count as a whole: one stretch, maybe empty."""
    inside = np.flatnonzero(count)
    if not len(inside) or inside[-1] - inside[0] + 2 <= taps:
        return slice(0, 0)
    return slice(int(inside[0]), int(inside[-1]) - taps + 2)


def place(
    image: Image,
    footprint: Footprint,
    settings: Settings,
    outside: Border,
    threads: int | None = None,
    part: tuple[slice, slice] | None = None,
) -> Windows:
    """Return the windows of an image.

    Parameters
    ----------
    image : ndarray, shape (rows, columns, channels)
    footprint : Footprint
        The dilation of the settings is applied to it here.
    settings : Settings
        For stride, dilation, size and the border's value.
    outside : Border
    part : (slice, slice), optional
        Rows and columns of the output, of stride 1, whose windows are wanted; default all.
    """
    spaced = footprint.spaced(*settings.dilation)
    rows, columns = plan_geometry(
        (image.shape[0], image.shape[1]),
        spaced.shape,
        spaced.anchor,
        stride=settings.stride,
        dilation=(1, 1),
        size=settings.size,
    )
    if part is not None:
        rows, columns = _cut(rows, part[0]), _cut(columns, part[1])
    value = outside_value(settings.border_value, Depth.of(image.dtype))
    ignores = outside is Border.IGNORE
    return Windows(
        _surrounded(image, Geometry(rows, columns), outside, value),
        counting(rows, rows.span) if ignores else None,
        counting(columns, columns.span) if ignores else None,
        spaced,
        settings.stride,
        checked_threads(threads),
    )


def _surrounded(image: Image, geometry: Geometry, border: Border, value: float) -> Image:
    """Return a part of an image and what is around it.

    Of a narrow part the columns that it reads are taken first; what is returned is a view of an
    array with rows and columns exchanged, as filters want it that are quick along rows.
    """
    rows, columns = geometry
    if rows.out <= NARROW * columns.out:
        return surrounded(image, geometry, border, value)
    found = [border.source_index(i, columns.length) for i in range(*columns.span)]
    known = [i for i in found if i is not None] or [0]
    near = np.ascontiguousarray(image[:, min(known) : max(known) + 1].swapaxes(0, 1))
    order = np.array([-1 if i is None else i - min(known) for i in found], np.intp)
    turned = near[order]
    turned[order < 0] = value
    whole = Axis(len(order), 1, 0, len(order), 1, 1)
    return surrounded(turned, Geometry(whole, rows), border, value).swapaxes(0, 1)


def _cut(axis: Axis, part: slice) -> Axis:
    return axis._replace(before=axis.before - part.start, out=part.stop - part.start)


def counting(axis: Axis, span: tuple[int, int]) -> Flags:
    """Return which positions of an axis are those of pixels, from one to another."""
    positions = np.arange(*span)
    return np.asarray((positions >= 0) & (positions < axis.length))


def around(shape: tuple[int, int], rows: slice, columns: slice) -> Iterator[tuple[slice, slice]]:
    """Return the rectangles that cover what a rectangle of an image leaves, empty ones left out."""
    height, width = shape
    for side in (
        (slice(0, rows.start), slice(0, width)),
        (slice(rows.stop, height), slice(0, width)),
        (rows, slice(0, columns.start)),
        (rows, slice(columns.stop, width)),
    ):
        if side[0].start < side[0].stop and side[1].start < side[1].stop:
            yield side


def in_bands(rows: int, height: int, function: Callable[[slice], None], threads: int) -> None:
    """Call a function for bands of output rows, in threads."""
    bands = [slice(start, min(start + height, rows)) for start in range(0, rows, height)]
    run_each(function, bands, threads)
