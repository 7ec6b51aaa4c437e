"""Thresholds from how often each level occurs, in the steps of scikit-image."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.model.steps.methods import ThresholdMethod
from imgconv.ops.image import Image

Counts = NDArray[np.int64]
Levels = tuple[Counts, NDArray[Any]]
_MOST = 1 << 24  # pixels that OpenCV counts at a time: its counts are float32
_MOST_SMOOTHINGS = 10_000
_SMOOTHINGS_AT_ONCE = 20  # whose maxima are looked for together
_SMOOTHED_LEVELS = 1 << 16  # in all of them


def counted(image: Image) -> Counts:
    """Return how often each level of an integer type occurs, the lowest first."""
    depth = Depth.of(image.dtype)
    levels = depth.high - depth.low + 1
    if depth is Depth.I16:
        return np.bincount(image.astype(np.int32).ravel() - depth.low, minlength=levels)
    cv2 = load_cv2()
    flat = np.ascontiguousarray(image).reshape(1, -1)  # a column would take twice as long
    total = np.zeros(levels, np.int64)
    for start in range(0, flat.size, _MOST):
        part = cv2.calcHist([flat[:, start : start + _MOST]], [0], None, [levels], [0, levels])
        total += part.ravel().astype(np.int64)
    return total


def mean_level(image: Image) -> float:
    """Return the mean of an integer image; its sum is exact."""
    cv2 = load_cv2()
    flat = np.ascontiguousarray(image).reshape(1, -1)
    parts = range(0, flat.size, _MOST)
    total = sum(int(cv2.sumElems(flat[:, start : start + _MOST])[0]) for start in parts)
    return float(np.float64(total) / flat.size)


def chosen_level(method: ThresholdMethod, counts: Counts, levels: NDArray[Any]) -> float:
    """Return the threshold that a method finds in a histogram.

    Parameters
    ----------
    method : ThresholdMethod
        One that needs no more than a histogram.
    counts, levels : ndarray
        From the lowest level that occurs to the highest; two or more.

    Raises
    ------
    ArgumentError
        When it finds none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return float(_CHOOSERS.get(method, _by_skimage("otsu"))((counts, levels)))
        except (RuntimeError, ValueError) as error:
            raise ArgumentError(
                f"threshold method {method.value} finds no threshold here: {error}",
                hint="choose another method, or a number",
            ) from None


def _mean(histogram: Levels) -> float:
    counts, levels = histogram
    total = sum(int(c) * int(v) for c, v in zip(counts, levels, strict=True))
    return float(np.float64(total) / int(counts.sum()))


def _triangle(histogram: Levels) -> float:
    """Return the level farthest below the line from the maximum to the end of the longer side."""
    counts, levels = histogram
    peak = int(np.argmax(counts))
    flipped = peak < len(counts) - 1 - peak
    if flipped:
        counts, levels = counts[::-1], levels[::-1]
        peak = len(counts) - 1 - peak
    height, width = counts[peak], np.int64(peak)
    length = np.sqrt(height**2 + width**2)
    distances = height / length * np.arange(peak) - width / length * counts[:peak]
    return float(levels[np.argmax(distances)])


def _li(histogram: Levels) -> float:
    """Return the threshold of least cross entropy, by the iteration of scikit-image."""
    counts, levels = histogram
    values = levels - levels[0]
    weights = counts.astype(np.float32)
    before, found = -1.0, np.float64(_mean((counts, values)))
    while abs(found - before) > 0.5:
        before = found
        above = values > before
        mean_above = np.average(values[above], weights=weights[above])
        mean_below = np.average(values[~above], weights=weights[~above])
        if mean_below == 0:
            break
        found = (mean_below - mean_above) / (np.log(mean_below) - np.log(mean_above))
    return float(found + levels[0])


def _minimum(histogram: Levels) -> float:
    """Return the lowest level between two maxima, once smoothing leaves no more than these."""
    from scipy import ndimage

    counts, levels = histogram
    at_once = max(min(_SMOOTHED_LEVELS // len(counts), _SMOOTHINGS_AT_ONCE), 1)
    lines = np.empty((at_once + 1, len(counts)), np.float32)
    lines[-1] = counts
    found, left = 0, _MOST_SMOOTHINGS
    while left and not found:
        lines[0] = lines[-1]
        steps = min(at_once, left)
        for i in range(steps):
            ndimage.uniform_filter1d(lines[i], 3, output=lines[i + 1])
        few = np.flatnonzero(_maxima_of_each(lines[1 : steps + 1]) < 3)
        found = int(few[0]) + 1 if len(few) else 0
        left -= found or steps
    smooth = lines[found]
    maxima = _maxima(smooth)
    if not found or len(maxima) != 2:
        raise RuntimeError("Unable to find two maxima in histogram")
    if not left:
        raise RuntimeError("Maximum iteration reached for histogramsmoothing")
    first, last = maxima
    return float(levels[first + int(np.argmin(smooth[first : last + 1]))])


def _maxima(values: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return where values begin to fall after they rose; of a plateau its last."""
    return _maxima_of_lines(values[np.newaxis])[1]


def _maxima_of_each(lines: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return how many maxima each line has."""
    return np.bincount(_maxima_of_lines(lines)[0], minlength=len(lines))


def _maxima_of_lines(lines: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return line and place of each maximum."""
    rises, falls = lines[:, 1:] > lines[:, :-1], lines[:, 1:] < lines[:, :-1]
    line, place = np.nonzero(rises | falls)
    falling = falls[line, place]
    after_rise = np.ones(len(line), bool)  # so is the first of a line
    after_rise[1:] = ~falling[:-1] | (line[1:] != line[:-1])
    found = falling & after_rise
    return line[found], place[found]


def _by_skimage(name: str) -> Callable[[Levels], float]:
    def choose(histogram: Levels) -> float:
        from skimage import filters

        threshold: float = getattr(filters, f"threshold_{name}")(hist=histogram)
        return threshold

    return choose


_CHOOSERS = {
    ThresholdMethod.MEAN: _mean,
    ThresholdMethod.TRIANGLE: _triangle,
    ThresholdMethod.LI: _li,
    ThresholdMethod.YEN: _by_skimage("yen"),
    ThresholdMethod.ISODATA: _by_skimage("isodata"),
    ThresholdMethod.MINIMUM: _minimum,
}
"""How to choose from counts and levels. Otsu of signed pixels is scikit-image's, too."""
