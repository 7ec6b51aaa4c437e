"""The guided filter (He, Sun and Tang 2013), each channel its own guide."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from imgconv.model.errors import ArgumentError
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


def guided(
    image: ArrayLike, radius: int, sigma: object, **options: Unpack[SmoothingOptions]
) -> Image:
    """Smooth by local linear models: what varies by less than `sigma` is averaged.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32; channels are filtered apart.
    radius : int
        Windows are squares of ``2 radius + 1``.
    sigma : number
        In grey levels of this image; its square is the epsilon of the paper.
    **options
        See `SmoothingOptions`. Outside the image the models are those of the continued image; with
        ``"ignore"`` means are over what lies inside, as in the paper.

    Returns
    -------
    ndarray
        Of the image's shape and type, computed in float64 and rounded: not exact. NaN spreads over
        twice the radius.

    Raises
    ------
    ArgumentError
        For a radius outside 1 to 127 or a sigma that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> guided(np.array([[10, 12, 10, 90, 92, 90]] * 3, np.uint8), 1, 5)[1]
    array([11, 12, 11, 90, 91, 91], dtype=uint8)
    """
    radius = int(at_least(radius, 1, "radius"))
    if radius > 127:
        raise ArgumentError(f"radius {radius} is above 127")
    epsilon = at_least(sigma, 0, "sigma") ** 2
    array = as_image(image)
    windows = windows_of(array, 4 * radius + 1, options)
    return guided_of(windows, radius, epsilon).reshape(array.shape)


def guided_of(windows: Windows, radius: int, epsilon: float) -> Image:
    """Return the mean of the models for every window of ``4 radius + 1``."""
    return in_floats(windows, lambda part: _filtered(part, radius, epsilon), tall=4 * radius)


def _filtered(windows: Windows, radius: int, epsilon: float) -> Floats:
    side = 2 * radius + 1
    counting = windows.counting().astype(np.float64)
    within = counting[radius:-radius, radius:-radius]  # the models that count
    number, models = box_sums(counting, side), box_sums(within, side)
    number = np.maximum(number, 1)
    found = []
    for channel in range(windows.pixels.shape[2]):
        values = windows.pixels[..., channel].astype(np.float64)
        # Sums of whole numbers stay exact; of floats the middle is taken off for the variance.
        if windows.ignores:
            values *= counting
        mean = box_sums(values, side) / number
        square = box_sums(values * values, side) / number
        variance = np.maximum(square - mean * mean, 0)
        slope = variance / (variance + epsilon)
        height = (1 - slope) * mean
        if windows.ignores:
            slope, height = slope * within, height * within
        middle = values[2 * radius : -2 * radius, 2 * radius : -2 * radius]
        found.append((box_sums(slope, side) * middle + box_sums(height, side)) / models)
    return np.stack(found, axis=2)
