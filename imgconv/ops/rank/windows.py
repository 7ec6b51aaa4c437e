"""Images with the pixels around them that windows read, and which of those count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.base import surrounded
from imgconv.model.border import Border
from imgconv.model.footprint import Footprint
from imgconv.model.geometry import Axis, plan_geometry
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.ops.image import as_image, checked_threads, outside_value

Image = NDArray[Any]
Flags = NDArray[np.bool_]

IGNORE: Literal["ignore"] = "ignore"
"""In place of a border: pixels outside the image do not count."""

Outside = Border | Literal["ignore"]


def parse_outside(name: Outside | str) -> Outside:
    """Return a border mode, or `IGNORE` for its name."""
    if isinstance(name, str) and name.strip().lower() == IGNORE:
        return IGNORE
    return Border.parse(name)


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
    outside: Outside,
    threads: int | None = None,
) -> Windows:
    """Return the windows of a whole image.

    Parameters
    ----------
    image : ndarray, shape (rows, columns, channels)
    footprint : Footprint
        The dilation of the settings is applied to it here.
    settings : Settings
        For stride, dilation, size and the border's value.
    outside : Border or "ignore"
    """
    spaced = footprint.spaced(*settings.dilation)
    geometry = plan_geometry(
        (image.shape[0], image.shape[1]),
        spaced.shape,
        spaced.anchor,
        stride=settings.stride,
        dilation=(1, 1),
        size=settings.size,
    )
    value = outside_value(settings.border_value, Depth.of(image.dtype))
    border = Border.CONSTANT if outside == IGNORE else outside
    return Windows(
        surrounded(image, geometry, border, value),
        _counting(geometry.rows) if outside == IGNORE else None,
        _counting(geometry.columns) if outside == IGNORE else None,
        spaced,
        settings.stride,
        checked_threads(threads),
    )


def _counting(axis: Axis) -> Flags:
    start, stop = axis.span
    positions = np.arange(start, stop)
    return np.asarray((positions >= 0) & (positions < axis.length))


def over_windows(
    image: ArrayLike,
    footprint: Footprint,
    function: Callable[[Windows], Image],
    *,
    settings: Settings,
    outside: Outside | str,
    threads: int | None = None,
) -> Image:
    """Compute something for every window of an image; NaN in a window makes NaN of it.

    Parameters
    ----------
    function : callable
        Gets windows without NaN and returns one value for each, at stride 1.

    Returns
    -------
    ndarray
        With the image's number of axes.
    """
    array = as_image(image)
    channels = array if array.ndim == 3 else array[..., None]
    windows = place(channels, footprint, settings, parse_outside(outside), threads)
    result = run_windows(windows, function)
    return result if array.ndim == 3 else result[..., 0]


def run_windows(windows: Windows, function: Callable[[Windows], Image]) -> Image:
    """Compute something for every window, keeping NaN out and applying the stride."""
    result = without_nan(windows, function)
    rows, columns = windows.stride
    return result if (rows, columns) == (1, 1) else np.ascontiguousarray(result[::rows, ::columns])


def without_nan(windows: Windows, function: Callable[[Windows], Image]) -> Image:
    """Return a function of the windows, NaN where a pixel that counts is NaN. Zeros become +0."""
    if windows.pixels.dtype != np.float32:
        return function(windows)
    missing = np.isnan(windows.pixels)
    if not missing.any():
        return function(windows) + np.float32(0)
    from imgconv.ops.rank.extremes import extreme

    known = windows._replace(pixels=np.where(missing, np.float32(0), windows.pixels))
    result = function(known) + np.float32(0)
    touched = extreme(windows._replace(pixels=missing.astype(np.uint8)), greatest=True)
    result[touched != 0] = np.nan
    return result


def in_bands(rows: int, height: int, function: Callable[[slice], None], threads: int) -> None:
    """Call a function for bands of output rows, in threads."""
    bands = [slice(start, min(start + height, rows)) for start in range(0, rows, height)]
    run_all([partial(function, band) for band in bands], threads)


def run_all(tasks: Sequence[Callable[[], None]], threads: int) -> None:
    """Run some functions, so many at a time."""
    if threads == 1 or len(tasks) == 1:
        for task in tasks:
            task()
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()
