"""The least and the greatest value of every window."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.footprint import Footprint
from imgconv.ops.rank.windows import Direct, Image, Outside, Windows

_FAR = 1 << 29  # further out than any value plus any height
_MOST_OF_SCALAR = 4  # channels for which OpenCV's borders have a value
_BORDERS = {
    Border.REFLECT101: "BORDER_REFLECT_101",
    Border.REFLECT: "BORDER_REFLECT",
    Border.REPLICATE: "BORDER_REPLICATE",
    Border.CONSTANT: "BORDER_CONSTANT",
    Border.IGNORE: "BORDER_CONSTANT",
}
_LIMITS = {"uint8": (0, 255), "uint16": (0, 65535), "int16": (-32768, 32767)}


def ends_of(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return the least and the greatest value of a type: minus and plus infinity for floats."""
    return _LIMITS.get(dtype.name, (-np.inf, np.inf))


def extreme(windows: Windows, *, greatest: bool) -> Image:
    """Return the greatest or the least value under the footprint, raised by its heights.

    Heights are added for the greatest and subtracted for the least, and results clamped to the
    type. Where no pixel counts, the greatest is the type's least value and the least its greatest.
    """
    low, high = ends_of(windows.pixels.dtype)
    neutral = low if greatest else high
    if windows.footprint.is_raised:
        return _raised(windows, greatest)
    cv2 = load_cv2()
    function = cv2.dilate if greatest else cv2.erode
    rows, columns, _ = windows.out_shape
    top, left = windows.footprint.anchor
    element = np.array(windows.footprint.rows, np.uint8)
    pixels = np.ascontiguousarray(windows.filled(neutral))
    # What OpenCV puts around is never read: only windows that lie within are kept.
    result: Image = function(pixels, element, anchor=(left, top)).reshape(pixels.shape)
    return np.ascontiguousarray(result[top : top + rows, left : left + columns])


def direct_extreme(
    image: Image, footprint: Footprint, outside: Outside, *, greatest: bool
) -> Direct | None:
    """Return the extremes of a whole image by OpenCV, which has all borders but wrap."""
    if footprint.is_raised:
        return None
    cv2 = load_cv2()
    function = cv2.dilate if greatest else cv2.erode
    element = np.array(footprint.rows, np.uint8)
    name = _BORDERS.get(outside.border) if image.shape[2] <= _MOST_OF_SCALAR else None
    value = outside.value
    if outside.border is Border.IGNORE:
        value = ends_of(image.dtype)[0 if greatest else 1]
    found: Image = function(
        image,
        element,
        anchor=footprint.anchor[::-1],
        borderType=getattr(cv2, name or "BORDER_REPLICATE"),
        borderValue=(value,) * _MOST_OF_SCALAR,
    )
    return Direct(found.reshape(image.shape), name is not None)


def _raised(windows: Windows, greatest: bool) -> Image:
    """Return the extremes of sums or differences with the heights, in a type that holds them."""
    dtype = windows.pixels.dtype
    heights = windows.footprint.heights or ()
    wide: type[Any] = np.float32 if dtype == np.float32 else np.int32
    neutral = np.inf if wide is np.float32 else _FAR
    pixels = _widened(windows, wide, -neutral if greatest else neutral)
    rows, columns, _ = windows.out_shape
    result: Image | None = None
    for row, column in windows.footprint.taps:
        height = _as_height(heights[row][column], dtype)
        part = pixels[row : row + rows, column : column + columns]
        raised = part + wide(height) if greatest else part - wide(height)
        if result is None:
            result = raised
        else:
            (np.maximum if greatest else np.minimum)(result, raised, out=result)
    assert result is not None  # a footprint has a tap
    if wide is np.float32:
        return result
    low, high = ends_of(dtype)
    return np.clip(result, low, high).astype(dtype)


def _widened(windows: Windows, wide: type[Any], neutral: float) -> Image:
    pixels = windows._replace(pixels=windows.pixels.astype(wide))
    return pixels.filled(neutral)


def _as_height(height: Fraction, dtype: np.dtype[Any]) -> float:
    if dtype == np.float32 or height.denominator == 1:
        return float(height)
    raise ArgumentError(
        f"height {height} is not whole, and the image has whole values",
        hint="use whole heights, or a float image",
    )
