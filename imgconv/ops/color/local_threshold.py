"""Thresholds of each pixel's neighbourhood from whole sums, in the steps of scikit-image.

Sums of whole numbers are exact in float64, in whatever way they are added up; what follows is done
as scikit-image does it, so that no pixel near its threshold changes sides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.native import NativeEngine
from imgconv.engines.pointwise import LocalThresholds
from imgconv.engines.select import select_engine
from imgconv.model.border import Border
from imgconv.model.steps.methods import ThresholdMethod
from imgconv.model.steps.threshold import Binarization
from imgconv.ops.image import Image
from imgconv.system.cpus import usable_cpus
from imgconv.system.threads import run_each

_BAND_VALUES = 1 << 14  # doubles that are worked on while in the nearest caches
_BY_MOMENTS = (ThresholdMethod.NIBLACK, ThresholdMethod.SAUVOLA)
_EXACT = 1 << 53
_PIXELS_FOR_THREADS = 1 << 20


def is_served(pixels: Image, chosen: Binarization) -> bool:
    """Return whether `above_local` gives what scikit-image does for an image and a method."""
    if pixels.dtype not in (np.uint8, np.uint16) or chosen.window % 2 == 0:
        return False
    if chosen.method is ThresholdMethod.LOCAL_GAUSSIAN:
        return chosen.window > 1 and isinstance(select_engine(), NativeEngine)
    peak = int(np.iinfo(pixels.dtype).max)
    if chosen.method is ThresholdMethod.LOCAL_MEAN:
        return True
    # scikit-image has sums of squares over the whole image and its border.
    rows, columns = (length + chosen.window for length in pixels.shape)
    return chosen.method in _BY_MOMENTS and peak * peak * rows * columns < _EXACT


def above_local(pixels: Image, chosen: Binarization, white: int) -> Image:
    """Return white where a pixel is greater than its threshold, and 0 elsewhere.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns)
        uint8 or uint16.
    chosen : Binarization
        A local method that is served.
    white : int
    """
    engine = select_engine()
    if isinstance(engine, NativeEngine):
        threads = usable_cpus() if pixels.size > _PIXELS_FOR_THREADS else 1
        job = _job(pixels, chosen, white)
        return engine.pointwise.above_local(np.ascontiguousarray(pixels), job, threads)
    if chosen.method in _BY_MOMENTS:
        return _above_moments(pixels, chosen, white)
    return _above_mean(pixels, chosen, white)


def _job(pixels: Image, chosen: Binarization, white: int) -> LocalThresholds:
    window, offset = chosen.window, float(chosen.offset)
    if chosen.method is ThresholdMethod.LOCAL_MEAN:
        return LocalThresholds("MEAN", window, Border.REFLECT, white, offset=offset)
    if chosen.method is ThresholdMethod.LOCAL_GAUSSIAN:
        weights = _gaussian((window - 1) / 6.0)
        return LocalThresholds(
            "GAUSSIAN", len(weights), Border.REFLECT, white, offset=offset, weights=weights
        )
    half = 0.5 * int(np.iinfo(pixels.dtype).max)
    method = "NIBLACK" if chosen.method is ThresholdMethod.NIBLACK else "SAUVOLA"
    return LocalThresholds(
        method, window, Border.REFLECT101, white, k=float(chosen.k), half_range=half
    )


def _gaussian(sigma: float) -> list[float]:
    """Return the weights of `scipy.ndimage.gaussian_filter`."""
    reach = int(4.0 * sigma + 0.5)
    places = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * places**2)
    found: list[float] = (weights / weights.sum()).tolist()
    return found


def _in_bands(pixels: Image, fill: Any) -> None:
    rows, columns = pixels.shape
    height = max(_BAND_VALUES // columns, 1)
    bands = [slice(start, min(start + height, rows)) for start in range(0, rows, height)]
    run_each(fill, bands, usable_cpus() if pixels.size > _PIXELS_FOR_THREADS else 1)


def _above_mean(pixels: Image, chosen: Binarization, white: int) -> Image:
    """Compare with means: sums down the columns are whole, those along the rows move in float64."""
    from scipy import ndimage

    cv2 = load_cv2()
    window, offset = chosen.window, float(chosen.offset)
    kind = cv2.CV_32S if pixels.dtype == np.uint8 else cv2.CV_64F
    down = cv2.boxFilter(pixels, kind, (1, window), normalize=False, borderType=cv2.BORDER_REFLECT)
    out = np.empty_like(pixels)

    def fill(band: slice) -> None:
        means = down[band] / window
        ndimage.uniform_filter1d(means, window, axis=1, output=means, mode="reflect")
        means -= offset
        np.multiply(pixels[band] > means, white, out=out[band], casting="unsafe")

    _in_bands(pixels, fill)
    return out


def _above_moments(pixels: Image, chosen: Binarization, white: int) -> Image:
    """Compare with what mean and standard deviation of the window say."""
    cv2 = load_cv2()
    window = chosen.window
    sums, squares = (
        box(
            pixels,
            cv2.CV_32S if peak * window * window < 1 << 31 else cv2.CV_64F,
            (window, window),
            normalize=False,
            borderType=cv2.BORDER_REFLECT_101,
        )
        for box, peak in (
            (cv2.boxFilter, int(np.iinfo(pixels.dtype).max)),
            (cv2.sqrBoxFilter, int(np.iinfo(pixels.dtype).max) ** 2),
        )
    )
    out = np.empty_like(pixels)

    def fill(band: slice) -> None:
        means = sums[band] / (window * window)
        deviations = squares[band] / (window * window)
        deviations -= means * means
        np.maximum(deviations, 0, out=deviations)
        np.sqrt(deviations, out=deviations)
        above = pixels[band] > _threshold(means, deviations, chosen, pixels.dtype)
        np.multiply(above, white, out=out[band], casting="unsafe")

    _in_bands(pixels, fill)
    return out


def _threshold(
    means: NDArray[np.float64], deviations: NDArray[np.float64], chosen: Binarization, dtype: Any
) -> NDArray[np.float64]:
    """Return the thresholds, in the place of the deviations."""
    k = float(chosen.k)
    if chosen.method is ThresholdMethod.NIBLACK:
        deviations *= k
        return np.subtract(means, deviations, out=deviations)
    deviations /= 0.5 * int(np.iinfo(dtype).max)
    deviations -= 1
    deviations *= k
    deviations += 1
    deviations *= means
    return deviations
