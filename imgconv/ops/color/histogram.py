"""Thresholds of an image that is never there as a whole: what its levels say, counted by rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imgconv.model.output import Depth
from imgconv.model.steps.methods import ThresholdMethod
from imgconv.model.steps.threshold import Binarization
from imgconv.ops.color.levels import chosen_level, counted
from imgconv.ops.color.threshold import binarize_reporting
from imgconv.ops.image import Image

_ALMOST_0 = float(np.finfo(np.float32).eps)


class Histogram:
    """How often each level of an integer depth occurs.

    Parameters
    ----------
    depth : Depth
    method : ThresholdMethod
        The one that will choose a threshold from it, of those that need no more
        (see `Binarization.obstacle`).
    """

    def __init__(self, depth: Depth, method: ThresholdMethod) -> None:
        self._depth = depth
        self._method = method
        self._counts = np.zeros(depth.high - depth.low + 1, np.int64)

    def add(self, image: Image) -> None:
        """Count the pixels of some rows."""
        self._counts += counted(image)

    def threshold(self) -> float:
        """Return the threshold that the method finds in the whole image.

        Raises
        ------
        ArgumentError
            When it finds none.
        """
        if self._method is ThresholdMethod.OTSU and self._depth is not Depth.I16:
            return float(otsu(self._counts))
        present = np.flatnonzero(self._counts)
        first, last = int(present[0]), int(present[-1])
        if first == last and self._method is not ThresholdMethod.MEAN:
            return self._of_flat(first + self._depth.low)
        levels = np.arange(first, last + 1) + self._depth.low
        return chosen_level(self._method, self._counts[first : last + 1], levels)

    def _of_flat(self, level: int) -> float:
        """Return the threshold of an image of one level, by the method itself on one pixel."""
        pixel = np.full((2, 2), level, self._depth.dtype)
        threshold = binarize_reporting(pixel, Binarization(self._method))[1]
        return float(level if threshold is None else threshold)


def otsu(counts: NDArray[np.int64]) -> int:
    """Choose Otsu's threshold in the steps of ``cv2.threshold``, so that no last bit differs.

    Parameters
    ----------
    counts : ndarray of int64
        How often each level from 0 occurs.

    Examples
    --------
    >>> otsu(np.array([9, 1, 0, 0, 2, 8]))
    1
    """
    scale = 1.0 / int(counts.sum())
    shares = (counts * scale).tolist()
    mean = float(sum(level * float(count) for level, count in enumerate(counts.tolist()))) * scale
    below = weight = best = 0.0
    chosen = 0
    for level, share in enumerate(shares):
        below *= weight
        weight += share
        rest = 1.0 - weight
        if min(weight, rest) < _ALMOST_0 or max(weight, rest) > 1.0 - _ALMOST_0:
            continue
        below = (below + level * share) / weight
        above = (mean - weight * below) / rest
        between = weight * rest * (below - above) * (below - above)
        if between > best:
            best, chosen = between, level
    return chosen
