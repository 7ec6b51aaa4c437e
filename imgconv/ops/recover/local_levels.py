"""Thresholds of each pixel's own, read off a picture of black and white."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth
from imgconv.model.steps.methods import ThresholdMethod
from imgconv.model.steps.threshold import Binarization
from imgconv.ops.recover.tryout import Guess, Trial

Floats = NDArray[np.float64]
_LARGEST = 51
_DECIMALS = 4


def is_black_and_white(trial: Trial) -> bool:
    """Return whether the picture after holds the least and the greatest value alone."""
    depth = Depth.of(trial.after.dtype)
    ends = ((trial.after == 0) | (trial.after == depth.high)).all()
    return bool(ends and trial.after.ndim == 2)


def local_thresholds(trial: Trial, deadline: float) -> Iterator[Guess]:
    """Yield the local methods, windows and parameters that part the middle as it is parted."""
    plain = trial.placement.size is OutputSize.SAME and trial.placement.stride == (1, 1)
    if not plain or trial.before.ndim != 2 or not is_black_and_white(trial):
        return
    # The methods look half a window, or 4 sigma, to each side.
    sample = trial.with_reach(_LARGEST).middle
    pixels = sample.before
    white = sample.counted(sample.after) > 0
    if white.all() or not white.any():
        return
    for window in range(3, _LARGEST + 1, 2):
        if time.monotonic() > deadline or window > 2 * min(pixels.shape) + 1:
            return
        for method, measure in _measures(pixels, window):
            step = _parted(method, window, sample.counted(measure), white)
            if step is not None:
                yield Guess((step,), f"binarize:{step}")


def _measures(pixels: NDArray[Any], window: int) -> Iterator[tuple[ThresholdMethod, Floats]]:
    """Yield for each method what its parameter must exceed for a pixel to be white."""
    from skimage import filters

    value = pixels.astype(np.float64)
    half = float(Depth.of(pixels.dtype).high - Depth.of(pixels.dtype).low) / 2
    for method, name in (
        (ThresholdMethod.LOCAL_MEAN, "mean"),
        (ThresholdMethod.LOCAL_GAUSSIAN, "gaussian"),
    ):
        yield method, filters.threshold_local(pixels, window, method=name) - value
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        mean = filters.threshold_niblack(pixels, window, 0)
        spread = mean - filters.threshold_niblack(pixels, window, 1)
        yield ThresholdMethod.NIBLACK, (mean - value) / spread
        yield ThresholdMethod.SAUVOLA, (1 - value / mean) / (1 - spread / half)


def _parted(
    method: ThresholdMethod, window: int, measure: Floats, white: NDArray[np.bool_]
) -> Binarization | None:
    """Return the method with its parameter, where one parts white from black."""
    known = np.isfinite(measure)
    one, other = measure[known & white], measure[known & ~white]
    if not one.size or not other.size:
        return None
    low, high = float(np.quantile(one, 0.9995)), float(np.quantile(other, 0.0005))
    if low > high + 1e-9:
        return None
    value = plainest(low, high)
    if method in (ThresholdMethod.LOCAL_MEAN, ThresholdMethod.LOCAL_GAUSSIAN):
        return Binarization(method, window=window, offset=value)
    return Binarization(method, window=window, k=value)


def plainest(low: float, high: float) -> Fraction:
    """Return the number of fewest decimals above `low` and up to `high`, the middle at worst.

    Examples
    --------
    >>> plainest(0.197, 0.204), plainest(-3, 9)
    (Fraction(1, 5), Fraction(0, 1))
    """
    for digits in range(_DECIMALS + 1):
        tens = 10**digits
        first, last = math.floor(low * tens) + 1, math.floor(high * tens)
        if first <= last:
            return Fraction(min(max(0, first), last), tens)
    return Fraction(round((low + high) / 2 * 10**6), 10**6)
