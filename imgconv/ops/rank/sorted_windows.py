"""Windows sorted one by one, as 32-bit integers, which NumPy sorts by vector instructions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from imgconv.ops.rank.windows import Image, Windows, in_bands

Keys = NDArray[np.int32]
"""Integers that are in the order of the pixels' values."""

LAST = np.int32(2**31 - 1)
"""The key of a pixel that does not count: after all others, NaN's aside."""

_CHUNK_BYTES = 1 << 24


def to_keys(pixels: Image) -> Keys:
    """Return keys in the order of values; -0 and +0 have the same."""
    if pixels.dtype != np.float32:
        return pixels.astype(np.int32)
    bits = (pixels + np.float32(0)).view(np.int32)
    return bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))


def from_keys(keys: Keys, dtype: np.dtype[Any]) -> Image:
    """Return the values of keys."""
    if dtype != np.float32:
        return keys.astype(dtype)
    return (keys ^ ((keys >> 31) & np.int32(0x7FFFFFFF))).view(np.float32)


def nearest_rank(percentile: Fraction, count: int) -> int:
    """Return the place in the sorted window that a percentile means, counted from 0.

    The least value with at least that share of the window not above it: ``ceil(p n) - 1``, and 0
    for p = 0. Of an even number of values the median is the lower one in the middle.

    Examples
    --------
    >>> from fractions import Fraction
    >>> [nearest_rank(Fraction(1, 2), n) for n in (1, 2, 3, 4, 5)]
    [0, 0, 1, 1, 2]
    """
    return max(-(-percentile.numerator * count // percentile.denominator), 1) - 1


def by_sorting(windows: Windows, percentile: Fraction) -> Image:
    """Return an order statistic of each window; 0 where no pixel counts."""
    taps = len(windows.footprint.taps)

    def pick(keys: Keys, counts: NDArray[np.intp] | None) -> Keys:
        if counts is None:
            rank = nearest_rank(percentile, taps)
            keys.partition(rank, axis=-1)
            return keys[..., rank]
        keys.sort(axis=-1)
        table = [nearest_rank(percentile, count) for count in range(taps + 1)]
        places = np.array(table)[counts]
        return np.take_along_axis(keys, places[..., None], axis=-1)[..., 0]

    return each_window(windows, pick)


def each_window(
    windows: Windows, function: Callable[[Keys, NDArray[np.intp] | None], Keys]
) -> Image:
    """Return what a function finds in the keys of each window.

    Parameters
    ----------
    windows : Windows
    function : callable
        Gets keys of shape (rows, columns, channels, taps), which it may sort, and how many of
        them count (None: all), of shape (rows, columns, channels); the others are `LAST`. Returns
        a key for each window.
    """
    rows, columns, channels = windows.out_shape
    keys = to_keys(windows.pixels)
    counting = None
    if windows.ignores:
        counting = windows.counting()
        keys[~counting] = LAST
    result = np.empty(windows.out_shape, windows.pixels.dtype)
    taps = len(windows.footprint.taps)
    across = max(1, _CHUNK_BYTES // (4 * taps * channels))

    def fill(band: slice) -> None:
        for start in range(0, columns, across):
            part = slice(start, min(start + across, columns))
            window = _gathered(keys, windows, band, part)
            counts = None
            if counting is not None:
                inside = _gathered(counting[..., None], windows, band, part).sum(axis=-1)
                counts = np.broadcast_to(inside, window.shape[:3])
            found = from_keys(function(window, counts), result.dtype)
            result[band, part] = found if counts is None else np.where(counts == 0, 0, found)

    in_bands(rows, max(1, across // columns), fill, windows.threads)
    return result


def _gathered(pixels: Image, windows: Windows, rows: slice, columns: slice) -> Image:
    """Return a copy of the values under the footprint, shape (rows, columns, channels, taps)."""
    height, width = windows.footprint.shape
    read = pixels[rows.start : rows.stop + height - 1, columns.start : columns.stop + width - 1]
    view = sliding_window_view(read, (height, width), axis=(0, 1))
    if windows.footprint.is_box:
        return view.copy().reshape(*view.shape[:3], height * width)
    return np.ascontiguousarray(view[..., np.array(windows.footprint.rows)])
