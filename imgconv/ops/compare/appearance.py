"""How pictures look: alpha laid over black and over white, colours as a screen shows them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth

Image = NDArray[Any]


def has_alpha(image: Image) -> bool:
    """Return whether an image has alpha: gray and alpha, or RGBA."""
    return image.ndim == 3 and image.shape[2] in (2, 4)


def appearances(expected: Image, actual: Image) -> list[tuple[Image, Image]]:
    """Return a pair of images as they look: over black and over white where one is translucent.

    Parameters
    ----------
    expected, actual : ndarray
        Of the same shape and type.

    Returns
    -------
    list of (ndarray, ndarray)
        Of the same type, without alpha.

    Examples
    --------
    >>> hidden = np.array([[[9, 0]]], np.uint8), np.array([[[7, 0]]], np.uint8)
    >>> [bool((one == other).all()) for one, other in appearances(*hidden)]
    [True, True]
    """
    if not has_alpha(expected):
        return [(expected, actual)]
    high = Depth.of(expected.dtype).high
    if (expected[..., -1] == high).all() and (actual[..., -1] == high).all():
        return [(expected[..., :-1], actual[..., :-1])]
    return [(_over(expected, ground), _over(actual, ground)) for ground in (0, high)]


def _over(image: Image, ground: float) -> Image:
    high = Depth.of(image.dtype).high
    alpha = image[..., -1:].astype(np.float64) / high
    mixed = image[..., :-1] * alpha + ground * (1 - alpha)
    if image.dtype == np.float32:
        return np.asarray(mixed.astype(np.float32))
    return np.asarray(np.rint(mixed).astype(image.dtype))


def as_srgb(image: Image, metric: str) -> NDArray[np.float64]:
    """Return an image without alpha as sRGB values from 0 to 1, shape (rows, columns, 3).

    Raises
    ------
    ArgumentError
        For an image whose values are signed and so are no colours.
    """
    if image.dtype == np.int16:
        raise ArgumentError(f"{metric} compares colours; int16 values are none")
    values = np.nan_to_num(image.astype(np.float64)) / Depth.of(image.dtype).high
    values = values.clip(0, 1)
    if values.ndim == 2 or values.shape[2] == 1:
        return np.repeat(values.reshape(*values.shape[:2], 1), 3, axis=2)
    return values[..., :3]
