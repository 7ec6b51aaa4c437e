"""Gray and negative."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.rounding import Quotients
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth, Rounding, parse_choice
from imgconv.model.steps.color import not_linear_gray
from imgconv.model.steps.methods import Gray
from imgconv.ops.color import srgb
from imgconv.ops.image import Image, as_image

_WEIGHTS = {
    Gray.BT601: (299, 587, 114),  # ITU-R BT.601-7, section 2.5.1
    Gray.BT709: (2125, 7154, 721),  # as skimage.color.rgb2gray has them
    Gray.AVERAGE: (1, 1, 1),
}
_LINEAR_WEIGHTS = (2126, 7152, 722)  # ITU-R BT.709-6, item 3.2
_CHANNELS = {Gray.RED: 0, Gray.GREEN: 1, Gray.BLUE: 2}


def to_gray(image: ArrayLike, method: Gray | str = "bt601") -> Image:
    """Convert a colour image to gray: a weighted mean, rounded once.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32, RGB. One channel comes back as it is; a second or fourth
        channel is alpha and is left out.
    method : Gray or str, default "bt601"
        ``bt601`` as ``cv2.cvtColor`` rounds it, ``bt709`` (the weights of scikit-image),
        ``average``, ``lightness`` ((max + min) / 2), ``linear`` (Y of BT.709 in linear light,
        encoded as sRGB again), ``red``, ``green`` or ``blue``.

    Returns
    -------
    ndarray, shape (rows, columns)
        Of the image's dtype. Integers are exactly rounded; ``bt601`` in OpenCV's fixed point.

    Raises
    ------
    ArgumentError
        For an unknown method, a number of channels that is none of 1 to 4, or linear light
        asked of int16, which has no white.

    Examples
    --------
    >>> import numpy as np
    >>> to_gray(np.array([[[200, 100, 50]]], np.uint8))
    array([[124]], dtype=uint8)
    """
    array = as_image(image)
    chosen = parse_choice(Gray, method, "gray method")
    if array.ndim == 2:
        return array
    channels = array.shape[2]
    if channels > 4:
        raise ArgumentError(f"an image of {channels} channels cannot be made gray: 1 to 4 can")
    if channels < 3:
        return array[..., 0]
    return _gray_of_rgb(np.ascontiguousarray(array[..., :3]), chosen)


def _gray_of_rgb(rgb: Image, method: Gray) -> Image:
    depth = Depth.of(rgb.dtype)
    if method in _CHANNELS:
        return np.ascontiguousarray(rgb[..., _CHANNELS[method]])
    if method is Gray.LINEAR:
        return _linear_gray(rgb, depth)
    if method is Gray.LIGHTNESS:
        return _lightness(rgb, depth)
    if method is Gray.BT601 and depth is not Depth.I16:
        cv2 = load_cv2()
        gray: Image = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        return gray
    return _rounded(rgb, _WEIGHTS[method], depth)


def _lightness(rgb: Image, depth: Depth) -> Image:
    """Return the mean of the greatest and the least channel, half to even."""
    cv2 = load_cv2()
    red, green, blue = cv2.split(rgb)
    high, low = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    if depth is Depth.F32:
        return _rounded(np.stack([high, low], axis=2), (1, 1), depth)
    sums = np.add(high, low, dtype=np.int16 if depth is Depth.U8 else np.int32)
    sums += (sums >> 1) & 1
    sums >>= 1
    lightness: Image = sums.astype(depth.dtype)
    return lightness


def _rounded(channels: Image, weights: tuple[int, ...], depth: Depth) -> Image:
    """Return the weighted mean of the channels."""
    if depth is Depth.F32:
        mean: Image = channels.astype(np.float64) @ np.array(weights) / sum(weights)
        return mean.astype(np.float32)
    sums = sum(channels[..., i].astype(np.int64) * weight for i, weight in enumerate(weights))
    quotients = Quotients.of(np.asarray(sums), Fraction(1, sum(weights)), Fraction(0), False)
    return quotients.rounded_to(depth, Rounding.HALF_EVEN)[0]


def _linear_gray(rgb: Image, depth: Depth) -> Image:
    if depth is Depth.I16:
        raise not_linear_gray()
    if depth is Depth.F32:
        linear = srgb.decoded(rgb.astype(np.float64)) @ np.array(_LINEAR_WEIGHTS) / 10000
        return srgb.encoded(linear).astype(np.float32)
    levels: Image = srgb.nearest_level_of_mean(rgb, _LINEAR_WEIGHTS, depth)
    return levels


def invert(image: ArrayLike) -> Image:
    """Return the negative: white minus each value (for int16, ``-1 - value``).

    Examples
    --------
    >>> import numpy as np
    >>> invert(np.array([[0, 10, 255]], np.uint8))
    array([[255, 245,   0]], dtype=uint8)
    """
    array = as_image(image)
    if array.dtype == np.float32:
        return np.float32(1) - array
    return np.invert(array)
