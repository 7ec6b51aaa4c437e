"""Black and white: a threshold given, or chosen for the image or for each pixel."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.model.steps.methods import Gray, ThresholdMethod
from imgconv.model.steps.threshold import FROM_HISTOGRAM, Binarization
from imgconv.ops.color.gray import to_gray
from imgconv.ops.color.levels import chosen_level, counted, mean_level
from imgconv.ops.color.local_threshold import above_local, is_served
from imgconv.ops.image import Image

_MOST_AT_ONCE = (1 << 31) - 1  # pixels that OpenCV can number


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
    if chosen.method.is_local and is_served(pixels, chosen):
        _check_window(pixels, chosen.window)
        return above_local(pixels, chosen, Depth.of(pixels.dtype).high), None
    unsigned = pixels.dtype in (np.uint8, np.uint16) and pixels.size <= _MOST_AT_ONCE
    if chosen.method is ThresholdMethod.OTSU and unsigned:  # as scikit-image's, in one pass
        cv2 = load_cv2()
        how = cv2.THRESH_BINARY | cv2.THRESH_OTSU
        level, found = cv2.threshold(pixels, 0, int(_white(pixels)), how)
        return found, level
    threshold = np.asarray(_threshold(pixels, chosen), np.float64)  # float32 would round it
    if chosen.method.is_local:
        return (pixels > threshold) * _white(pixels), None
    return _above(pixels, float(threshold)), float(threshold)


def _above(pixels: Image, threshold: float) -> Image:
    """Return white where pixels are greater than a threshold."""
    depth = Depth.of(pixels.dtype)
    white = _white(pixels)
    found: Image
    if depth is Depth.F32 or not depth.low <= threshold < depth.high:
        found = (pixels > np.float64(threshold)) * white
    elif pixels.size > _MOST_AT_ONCE:
        found = (pixels > math.floor(threshold)) * white
    else:
        found = load_cv2().threshold(pixels, math.floor(threshold), int(white), 0)[1]
    return found


def _white(pixels: Image) -> Any:
    return pixels.dtype.type(Depth.of(pixels.dtype).high)


def _threshold(pixels: Image, chosen: Binarization) -> Any:
    method = chosen.method
    if method is ThresholdMethod.FIXED:
        high = Depth.of(pixels.dtype).high
        half = high / 2 if pixels.dtype == np.float32 else high // 2
        return half if chosen.threshold is None else float(chosen.threshold)
    if pixels.dtype == np.float32 and not np.isfinite(pixels).all():
        raise ArgumentError("a threshold cannot be chosen: the image holds NaN or infinity")
    if method is ThresholdMethod.MEAN:
        floats = pixels.dtype == np.float32
        return float(pixels.mean(dtype=np.float64)) if floats else mean_level(pixels)
    if method in FROM_HISTOGRAM and pixels.dtype != np.float32:
        return _of_levels(pixels, chosen)
    return _skimage_threshold(pixels, chosen)


def _of_levels(pixels: Image, chosen: Binarization) -> Any:
    counts = counted(pixels)
    present = np.flatnonzero(counts)
    first, last = int(present[0]), int(present[-1])
    if first == last:
        return _skimage_threshold(pixels, chosen)
    levels = np.arange(first, last + 1) + Depth.of(pixels.dtype).low
    return chosen_level(chosen.method, counts[first : last + 1], levels)


def _check_window(pixels: Image, window: int) -> None:
    if window > 2 * max(pixels.shape) + 1:
        raise ArgumentError(
            f"window is {window}; for an image of {pixels.shape[0]} x {pixels.shape[1]} it is at "
            f"most {2 * max(pixels.shape) + 1}"
        )


def _skimage_threshold(pixels: Image, chosen: Binarization) -> float | NDArray[np.float64]:
    from skimage import filters

    window, k, offset = chosen.window, float(chosen.k), float(chosen.offset)
    if chosen.method.is_local:
        _check_window(pixels, window)
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
