"""What filters in float64 share: windows of an image and the way back to its type."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.rounding import clamped
from imgconv.model.border import Border, parse_border_value
from imgconv.model.errors import ArgumentError
from imgconv.model.footprint import Footprint, FootprintShape
from imgconv.model.numbers import parse_number
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.ops.image import Image, as_image
from imgconv.ops.rank.windows import Windows, in_bands, place

Floats = NDArray[np.float64]

_BAND_VALUES = 1 << 18


class SmoothingOptions(TypedDict, total=False):
    """What these filters take by keyword.

    Attributes
    ----------
    border : Border or str
        As for `correlate`, default "reflect101"; or ``"ignore"``: pixels outside do not count.
    border_value : number
    threads : int
    """

    border: Border | str
    border_value: int | float
    threads: int | None


def at_least(value: object, low: int, what: str) -> float:
    """Return a number that is not below a bound.

    Raises
    ------
    ArgumentError
        For a smaller one.
    """
    number = Fraction(parse_number(value))
    if number < low or (low == 0 and number == 0):
        raise ArgumentError(f"{what} is {value}; {'more than 0' if low == 0 else low} is needed")
    return float(number)


def windows_of(image: ArrayLike, side: int, options: SmoothingOptions) -> Windows:
    """Return the square windows of an image."""
    array = as_image(image)
    return place(
        array if array.ndim == 3 else array[..., None],
        Footprint.shaped(FootprintShape.BOX, side),
        Settings(border_value=parse_border_value(options.get("border_value", 0))),
        Border.parse(options.get("border", Border.REFLECT101)),
        options.get("threads"),
    )


def in_floats(windows: Windows, function: Callable[[Windows], Floats], *, tall: int = 0) -> Image:
    """Compute a function of windows in bands of rows, and round it to the type.

    Parameters
    ----------
    function : callable
        Gets the windows of some output rows and returns a value for each.
    tall : int
        Least rows of a band.
    """
    rows, columns, channels = windows.out_shape
    depth = Depth.of(windows.pixels.dtype)
    result = np.empty(windows.out_shape, windows.pixels.dtype)

    def fill(band: slice) -> None:
        with np.errstate(all="ignore"):
            found = function(windows.part(band, slice(0, columns)))
            result[band] = to_depth(found, depth)

    in_bands(rows, max(tall, 1, _BAND_VALUES // (columns * channels)), fill, windows.threads)
    return result


def to_depth(values: Floats, depth: Depth) -> NDArray[Any]:
    """Round to the nearest value of a depth, half to even, and clamp; NaN becomes 0 in integers."""
    if depth is Depth.F32:
        return values.astype(np.float32)
    near = np.clip(np.nan_to_num(values), depth.low - 1, depth.high + 1)
    return clamped(np.rint(near), depth)[0]


def box_sums(values: Floats, side: int) -> Floats:
    """Return the sums of all square windows that lie within, each added up in the same order."""
    ones = np.ones(side)
    sums = load_cv2().sepFilter2D(
        values, -1, ones, ones, anchor=(side // 2, side // 2), borderType=1
    )
    half, (rows, columns) = side // 2, values.shape[:2]
    found: Floats = sums.reshape(values.shape)
    return found[half : rows - side + 1 + half, half : columns - side + 1 + half]
