"""Local mean and deviation made the same everywhere."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from imgconv.model.numbers import parse_number
from imgconv.model.output import Depth
from imgconv.model.steps.smoothing import odd_size
from imgconv.ops.image import Image, as_image
from imgconv.ops.rank.windows import Windows
from imgconv.ops.smoothing.floats import (
    Floats,
    SmoothingOptions,
    at_least,
    box_sums,
    in_floats,
    windows_of,
)


def local_normalize(
    image: ArrayLike,
    size: int,
    *,
    floor: object = 1,
    deviation: object | None = None,
    mean: object | None = None,
    **options: Unpack[SmoothingOptions],
) -> Image:
    """Return how many local standard deviations each pixel is above the local mean, scaled.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32; channels are done apart.
    size : int
        Side of the square window, odd.
    floor : number, default 1
        In grey levels: a smaller deviation counts as this, so that noise is not blown up.
    deviation, mean : number, optional
        What one deviation and no difference become. Default a sixth of the type's range and
        mid-grey; for float32, 1 and 0.
    **options
        See `SmoothingOptions`.

    Returns
    -------
    ndarray
        Of the image's shape and type: sums are exact for integers, the quotient is in float64.

    Raises
    ------
    ArgumentError
        For an even size, or a floor that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> local_normalize(np.array([[10, 10, 40, 10, 10]], np.uint8), 3)[0]
    array([128, 98, 188, 98, 128], dtype=uint8)
    """
    side = odd_size(size, "size")
    least = at_least(floor, 0, "floor")
    array = as_image(image)
    depth = Depth.of(array.dtype)
    unit, middle = usual_scale(depth)
    unit = unit if deviation is None else float(parse_number(deviation))
    middle = middle if mean is None else float(parse_number(mean))
    windows = windows_of(array, side, options)
    return normalized(windows, least, unit, middle).reshape(array.shape)


def normalized(windows: Windows, least: float, unit: float, middle: float) -> Image:
    """Return the deviation from the mean of every window, scaled."""
    side = windows.footprint.shape[0]
    return in_floats(
        windows, lambda part: middle + unit * _deviations(part, side, least), tall=2 * side
    )


def usual_scale(depth: Depth) -> tuple[float, float]:
    """Return what one deviation and no difference become by default."""
    if depth is Depth.F32:
        return 1.0, 0.0
    return (depth.high - depth.low) / 6, float(depth.middle)


def _deviations(windows: Windows, side: int, least: float) -> Floats:
    counting = windows.counting().astype(np.float64)
    number = box_sums(counting, side)
    rows, columns, channels = windows.out_shape
    half = side // 2
    found = np.empty((rows, columns, channels))
    for channel in range(channels):
        values = windows.pixels[..., channel].astype(np.float64)
        if windows.ignores:
            values *= counting
        mean = box_sums(values, side) / number
        variance = box_sums(values * values, side) / number - mean * mean
        spread = np.maximum(np.sqrt(np.maximum(variance, 0)), least)
        middle = values[half : half + rows, half : half + columns]
        found[..., channel] = (middle - mean) / spread
    return found
