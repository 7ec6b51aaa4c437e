"""Gray, black and white, and negative."""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.opencv import load_cv2
from imgconv.engines.rounding import Quotients
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth, Rounding, parse_choice
from imgconv.model.tone import Binarization, Gray, ThresholdMethod
from imgconv.ops.color import srgb
from imgconv.ops.linear.correlate import Image, as_image

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
        return _rounded(np.stack([rgb.max(axis=2), rgb.min(axis=2)], axis=2), (1, 1), depth)
    if method is Gray.BT601 and depth is not Depth.I16:
        cv2 = load_cv2()
        gray: Image = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        return gray
    return _rounded(rgb, _WEIGHTS[method], depth)


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
        raise ArgumentError("gray in linear light needs a u8, u16 or f32 image, not i16")
    if depth is Depth.F32:
        linear = srgb.decoded(rgb.astype(np.float64)) @ np.array(_LINEAR_WEIGHTS) / 10000
        return srgb.encoded(linear).astype(np.float32)
    table = srgb.linear_table(depth)
    parts = [table[rgb[..., i]] * weight for i, weight in enumerate(_LINEAR_WEIGHTS)]
    return srgb.nearest_level(np.asarray(sum(parts)) / 10000, depth)


def binarize(
    image: ArrayLike, method: Binarization | str = "otsu", *, gray: Gray | str = "bt601"
) -> Image:
    """Make an image black and white: white where a pixel is greater than the threshold.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32; colour is made gray first.
    method : Binarization or str, default "otsu"
        A number is a fixed threshold in grey levels. ``otsu``, ``triangle``, ``li``, ``yen``,
        ``isodata``, ``minimum``, ``mean`` choose one for the image; ``local-mean``,
        ``local-gaussian``, ``niblack``, ``sauvola`` one for each pixel, with parameters as in
        ``"sauvola:window=25,k=0.2"``.
    gray : Gray or str, default "bt601"
        How colour becomes gray.

    Returns
    -------
    ndarray, shape (rows, columns)
        0 and white (255, 65535, 32767 or 1.0), of the image's dtype.

    Raises
    ------
    ArgumentError
        For an unknown method or parameter, or when the method finds no threshold.

    Examples
    --------
    >>> import numpy as np
    >>> binarize(np.array([[10, 127, 128, 200]], np.uint8), "127")
    array([[  0,   0, 255, 255]], dtype=uint8)
    """
    return binarize_reporting(image, method, gray=gray)[0]


def binarize_reporting(
    image: ArrayLike, method: Binarization | str = "otsu", *, gray: Gray | str = "bt601"
) -> tuple[Image, float | None]:
    """Do as `binarize` does and give the threshold too; None for the local methods."""
    chosen = method if isinstance(method, Binarization) else Binarization.parse(str(method))
    pixels = to_gray(image, gray)
    threshold = np.asarray(_threshold(pixels, chosen), np.float64)  # float32 would round it
    white = np.array(Depth.of(pixels.dtype).high, pixels.dtype)
    result = np.where(pixels > threshold, white, np.zeros_like(white))
    return result, None if chosen.method.is_local else float(threshold)


def _threshold(pixels: Image, chosen: Binarization) -> Any:
    method = chosen.method
    if method is ThresholdMethod.FIXED:
        high = Depth.of(pixels.dtype).high
        half = high / 2 if pixels.dtype == np.float32 else high // 2
        return half if chosen.threshold is None else float(chosen.threshold)
    if pixels.dtype == np.float32 and not np.isfinite(pixels).all():
        raise ArgumentError("a threshold cannot be chosen: the image holds NaN or infinity")
    if method is ThresholdMethod.MEAN:
        return float(pixels.mean(dtype=np.float64))
    if method is ThresholdMethod.OTSU and pixels.dtype in (np.uint8, np.uint16):
        cv2 = load_cv2()  # the same threshold as scikit-image's, without its import time
        return cv2.threshold(pixels, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]
    return _skimage_threshold(pixels, chosen)


def _skimage_threshold(pixels: Image, chosen: Binarization) -> float | NDArray[np.float64]:
    from skimage import filters

    window, k, offset = chosen.window, float(chosen.k), float(chosen.offset)
    if chosen.method.is_local and window > 2 * max(pixels.shape) + 1:
        raise ArgumentError(
            f"window is {window}; for an image of {pixels.shape[0]} x {pixels.shape[1]} it is at "
            f"most {2 * max(pixels.shape) + 1}"
        )
    methods: dict[ThresholdMethod, Any] = {
        ThresholdMethod.OTSU: lambda: filters.threshold_otsu(pixels),
        ThresholdMethod.TRIANGLE: lambda: filters.threshold_triangle(pixels),
        ThresholdMethod.LI: lambda: filters.threshold_li(pixels),
        ThresholdMethod.YEN: lambda: filters.threshold_yen(pixels),
        ThresholdMethod.ISODATA: lambda: filters.threshold_isodata(pixels),
        ThresholdMethod.MINIMUM: lambda: filters.threshold_minimum(pixels),
        ThresholdMethod.LOCAL_MEAN: lambda: filters.threshold_local(
            pixels, window, method="mean", offset=offset
        ),
        ThresholdMethod.LOCAL_GAUSSIAN: lambda: filters.threshold_local(
            pixels, window, method="gaussian", offset=offset
        ),
        ThresholdMethod.NIBLACK: lambda: filters.threshold_niblack(pixels, window, k),
        ThresholdMethod.SAUVOLA: lambda: filters.threshold_sauvola(pixels, window, k),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            threshold: float | NDArray[np.float64] = methods[chosen.method]()
        except (RuntimeError, ValueError) as error:
            raise ArgumentError(
                f"threshold method {chosen.method.value} finds no threshold here: {error}",
                hint="choose another method, or a number",
            ) from None
    return threshold


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
