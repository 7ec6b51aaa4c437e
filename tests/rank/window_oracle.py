"""What a filter of windows yields, in plain loops; only positions are shared, with `oracle`."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import ceil

import numpy as np
from oracle import outside, positions, rounded


def windows(image, footprint, anchor, border, border_value=0, stride=(1, 1), dilation=(1, 1),
            size="same"):  # fmt: skip
    """For each output pixel of a 2-D image the values that count, as a list of lists."""
    shape = np.shape(footprint)
    ends = ("same",) * 2 if isinstance(size, str) else (size[:2], size[2:])
    ends = (size, size) if isinstance(size, str) else ends
    starts = [
        positions(image.shape[a], shape[a], anchor[a], stride[a], dilation[a], ends[a])
        for a in (0, 1)
    ]
    return [[list(_window(image, footprint, top, left, border, border_value, dilation))
             for left in starts[1]] for top in starts[0]]  # fmt: skip


def _window(image, footprint, top, left, border, border_value, dilation):
    for r, c in np.argwhere(np.asarray(footprint)):
        at = (top + int(r) * dilation[0], left + int(c) * dilation[1])
        inside = all(0 <= p < n for p, n in zip(at, image.shape, strict=True))
        if border == "ignore":
            if inside:
                yield image[at]
            continue
        found = [outside(p, n, border) for p, n in zip(at, image.shape, strict=True)]
        yield image.dtype.type(border_value) if None in found else image[tuple(found)]


def over(image, function, footprint, anchor, border, **options):
    """A function of each window of a 2-D image; NaN where the window has one."""
    return of_windows(image, windows(image, footprint, anchor, border, **options), function)


def of_windows(image, found, function):
    def value(window):
        if any(np.isnan(v) for v in window):
            return np.nan
        return function([v.item() for v in window], image.dtype)

    values = [[value(window) for window in row] for row in found]
    return np.array(values, np.float64).astype(image.dtype)


def rank(percentile):
    def of(values, dtype):
        if not values:
            low, high = ends(dtype)
            return {0: high, 1: low}.get(percentile, 0)
        return sorted(values)[max(ceil(Fraction(percentile) * len(values)), 1) - 1]

    return of


def ends(dtype):
    if dtype == np.float32:
        return -np.inf, np.inf
    return np.iinfo(dtype).min, np.iinfo(dtype).max


def spread(values, dtype):
    if not values:
        return 0
    difference = max(values) - min(values)
    return np.float32(difference) if dtype == np.float32 else min(difference, ends(dtype)[1])


def midpoint(values, dtype):
    if not values:
        return 0
    if dtype == np.float32:
        return np.float32((np.float64(max(values)) + min(values)) / 2)
    return rounded(Fraction(max(values) + min(values), 2), "half-even")


def mode(values, dtype):
    counted = Counter(values)
    return min(counted, key=lambda v: (-counted[v], v)) if counted else 0
