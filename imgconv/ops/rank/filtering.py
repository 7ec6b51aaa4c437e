"""Filters of windows on whole images: the quick way inside, the exact border around it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from imgconv.model.border import Border
from imgconv.model.footprint import Footprint
from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.ops.image import outside_value
from imgconv.ops.rank.extremes import extreme
from imgconv.ops.rank.windows import Direct, Image, Outside, Windows, around, place

DirectFilter = Callable[[Image, Footprint, Outside, int | None], Direct | None]
"""Filters a whole image by a library, in some threads; None where none has the filter."""


def over_image(
    image: Image,
    footprint: Footprint,
    function: Callable[[Windows], Image],
    *,
    settings: Settings,
    outside: Border,
    threads: int | None = None,
    direct: DirectFilter | None = None,
    minds_nan: bool = False,
) -> Image:
    """Return a function of every window of an image; NaN in a window makes NaN of it.

    Parameters
    ----------
    image : ndarray, shape (rows, columns, channels)
    footprint, settings, outside, threads
        As for `place`.
    function : callable
        Gets windows without NaN and returns one value for each, at stride 1.
    direct : callable, optional
        Does the same on the image as it is, which saves two copies of it.
    minds_nan : bool
        Whether `function` does itself what is to be done with NaN.
    """
    spaced = footprint.spaced(*settings.dilation)
    if direct is not None and _lies_within(image, spaced, settings):
        value = outside_value(settings.border_value, Depth.of(image.dtype))
        found = direct(image, spaced, Outside(outside, value), threads)
        if found is not None and not found.is_whole:
            plain = settings._replace(dilation=(1, 1))
            for side in around(image.shape[:2], *_inside(image.shape[:2], spaced)):
                windows = place(image, spaced, plain, outside, threads, side)
                found.pixels[side] = function(windows)
        if found is not None:
            return _positive_zeros(found.pixels)
    windows = place(image, footprint, settings, outside, threads)
    return run_windows(windows, function, minds_nan=minds_nan)


def _lies_within(image: Image, footprint: Footprint, settings: Settings) -> bool:
    rows, columns = footprint.shape
    return (
        settings.size is OutputSize.SAME
        and settings.stride == (1, 1)
        and image.shape[0] >= rows
        and image.shape[1] >= columns
        and not (image.dtype == np.float32 and bool(np.isnan(image).any()))
    )


def _inside(shape: tuple[int, int], footprint: Footprint) -> tuple[slice, slice]:
    (height, width), (row, column) = footprint.shape, footprint.anchor
    return slice(row, shape[0] - (height - 1 - row)), slice(column, shape[1] - (width - 1 - column))


def _positive_zeros(image: Image) -> Image:
    if image.dtype == np.float32:
        image += np.float32(0)
    return image


def run_windows(
    windows: Windows, function: Callable[[Windows], Image], *, minds_nan: bool = False
) -> Image:
    """Return a function of windows, NaN where a pixel that counts is NaN; applies the stride."""
    result = function(windows) if minds_nan else _without_nan(windows, function)
    rows, columns = windows.stride
    return result if (rows, columns) == (1, 1) else np.ascontiguousarray(result[::rows, ::columns])


def _without_nan(windows: Windows, function: Callable[[Windows], Image]) -> Image:
    missing = np.isnan(windows.pixels) if windows.pixels.dtype == np.float32 else None
    if missing is None or not missing.any():
        return _positive_zeros(function(windows))
    known = windows._replace(pixels=np.where(missing, np.float32(0), windows.pixels))
    result = _positive_zeros(function(known))
    touched = extreme(windows._replace(pixels=missing.astype(np.uint8)), greatest=True)
    result[touched != 0] = np.nan
    return result
