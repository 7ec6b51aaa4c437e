"""Contrast limited adaptive histogram equalisation (Zuiderveld 1994)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.ops.image import Image, as_image
from imgconv.ops.smoothing.floats import at_least, to_depth

_WHITE_16 = 65535


def clahe(image: ArrayLike, clip: object = 2, tiles: tuple[int, int] = (8, 8)) -> Image:
    """Spread the grey levels of each part of an image, with a limit to the contrast.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, 3)
        Of RGB the lightness (CIE L*, in 16 bits) is spread and the colour kept.
    clip : number
        How much more frequent than the mean a level may be; what is above is spread over all.
    tiles : (int, int)
        In how many rows and columns of tiles the image is cut.

    Returns
    -------
    ndarray
        Of the image's shape and type. Gray integers are what ``cv2.createCLAHE`` makes of them,
        int16 by way of uint16; float32 is done as 65,536 levels from 0 to 1, to which it is
        clamped, and NaN stays. Not exact.

    Raises
    ------
    ArgumentError
        For a number of channels that is neither 1 nor 3, more tiles than pixels, or RGB of int16.
    """
    array = as_image(image)
    limit = at_least(clip, 0, "clip")
    rows, columns = tiles
    if not (1 <= rows <= array.shape[0] and 1 <= columns <= array.shape[1]):
        raise ArgumentError(
            f"{rows} x {columns} tiles cannot be cut from an image of "
            f"{array.shape[0]} x {array.shape[1]}"
        )
    if array.ndim == 2 or array.shape[2] == 1:
        return _of_gray(array.reshape(array.shape[:2]), limit, tiles).reshape(array.shape)
    if array.shape[2] != 3 or array.dtype == np.int16:
        raise ArgumentError(
            f"clahe takes gray images and RGB of u8, u16 or f32, not {array.shape[2]} channels of "
            f"{array.dtype}"
        )
    return _of_rgb(array, limit, tiles)


def _of_gray(gray: Image, clip: float, tiles: tuple[int, int]) -> Image:
    if gray.dtype == np.int16:
        levels = np.ascontiguousarray(gray).view(np.uint16) ^ np.uint16(0x8000)
        return (_spread(levels, clip, tiles) ^ np.uint16(0x8000)).view(np.int16)
    if gray.dtype == np.float32:
        shares = _spread(_levels(gray), clip, tiles) / np.float32(_WHITE_16)
        return np.where(np.isnan(gray), gray, shares.astype(np.float32))
    return _spread(gray, clip, tiles)


def _of_rgb(rgb: Image, clip: float, tiles: tuple[int, int]) -> Image:
    cv2 = load_cv2()
    depth = Depth.of(rgb.dtype)
    missing = np.isnan(rgb) if depth is Depth.F32 else None
    shares = np.nan_to_num(rgb.astype(np.float32) / np.float32(depth.high))
    lab = cv2.cvtColor(shares, cv2.COLOR_RGB2Lab)
    spread = _spread(_levels(lab[..., 0] / 100), clip, tiles)
    lab[..., 0] = spread * np.float32(100 / _WHITE_16)
    found = cv2.cvtColor(lab, cv2.COLOR_Lab2RGB).astype(np.float64) * depth.high
    result = to_depth(found, depth)
    if missing is not None:
        result[missing] = np.nan
    return result


def _levels(shares: Image) -> NDArray[np.uint16]:
    """Return 16-bit levels of values from 0 to 1."""
    levels = np.rint(np.clip(np.nan_to_num(shares, nan=0), 0, 1) * _WHITE_16)
    return np.asarray(levels.astype(np.uint16))


def _spread(levels: Image, clip: float, tiles: tuple[int, int]) -> Image:
    equaliser = load_cv2().createCLAHE(clipLimit=clip, tileGridSize=tiles[::-1])
    found: Image = equaliser.apply(np.ascontiguousarray(levels))
    return found
