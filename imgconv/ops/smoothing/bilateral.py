"""The bilateral filter (Tomasi and Manduchi 1998)."""

from __future__ import annotations

import math
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from imgconv.engines.cv2_library import cv2_version, load_cv2
from imgconv.model.border import Border
from imgconv.model.steps.smoothing import odd_size
from imgconv.ops.image import Image, as_image
from imgconv.ops.rank.windows import Windows
from imgconv.ops.smoothing.floats import (
    Floats,
    SmoothingOptions,
    at_least,
    in_floats,
    windows_of,
)


def bilateral(
    image: ArrayLike,
    size: int,
    sigma_color: object,
    sigma_space: object,
    **options: Unpack[SmoothingOptions],
) -> Image:
    """Return the mean of a round window, weighted by distance and by likeness of colour.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32.
    size : int
        Diameter of the window, odd.
    sigma_color : number
        In grey levels of this image: a pixel counts ``exp(-d**2 / (2 sigma_color**2))`` with d the
        sum of the absolute differences of all channels, as in OpenCV.
    sigma_space : number
        In pixels, likewise.
    **options
        See `SmoothingOptions`.

    Returns
    -------
    ndarray
        Of the image's shape and type; not exact. Bytes of one or three channels are done by
        ``cv2.bilateralFilter`` in float32, which may be off by one; all others in float64. NaN in
        the window makes NaN.

    Raises
    ------
    ArgumentError
        For an even size or a sigma that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> bilateral(np.array([[10, 12, 90, 92]] * 3, np.uint8), 3, 5, 1)[1]
    array([11, 12, 90, 91], dtype=uint8)
    """
    side = odd_size(size, "size")
    color, space = at_least(sigma_color, 0, "sigma_color"), at_least(sigma_space, 0, "sigma_space")
    array = as_image(image)
    windows = windows_of(array, side, options)
    return bilateral_of(windows, color, space).reshape(array.shape)


def bilateral_of(windows: Windows, color: float, space: float) -> Image:
    """Return the weighted mean of every window."""
    side = windows.footprint.shape[0]
    if not _is_opencvs(windows.pixels) or windows.ignores:
        return in_floats(windows, lambda part: _means(part, color, space))
    half, (rows, columns, _) = side // 2, windows.out_shape
    pixels = np.ascontiguousarray(windows.pixels)
    done = load_cv2().bilateralFilter(pixels, side, color, space).reshape(pixels.shape)
    return np.ascontiguousarray(done[half : half + rows, half : half + columns])


def _is_opencvs(image: Image) -> bool:
    return image.dtype == np.uint8 and (image.ndim == 2 or image.shape[2] in (1, 3))


def library_of(image: Image, border: Border) -> str:
    """Return what computes an image: a library and the precision."""
    if _is_opencvs(image) and border is not Border.IGNORE:
        return f"OpenCV {cv2_version()} in float32, which may be off by 1"
    return f"NumPy {np.__version__} in float64"


def _means(windows: Windows, color: float, space: float) -> Floats:
    pixels = windows.pixels.astype(np.float64)
    counting = windows.counting()
    rows, columns, _ = windows.out_shape
    half = windows.footprint.shape[0] // 2
    middle = pixels[half : half + rows, half : half + columns]
    total, weight = np.zeros(middle.shape), np.zeros((*middle.shape[:2], 1))
    for down in range(-half, half + 1):
        for across in range(-half, half + 1):
            far = down * down + across * across
            if far > half * half:
                continue
            at = (
                slice(half + down, half + down + rows),
                slice(half + across, half + across + columns),
            )
            apart = np.abs(pixels[at] - middle).sum(axis=2, keepdims=True)
            apart *= apart
            apart *= -1 / (2 * color * color)
            share = np.exp(apart, out=apart)
            share *= math.exp(-far / (2 * space * space))
            if windows.ignores:
                share *= counting[at][..., None]
            weight += share
            total += share * pixels[at]
    return np.asarray(total / weight)
