"""Order statistics of windows: which values stand at a place of the sorted window."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from imgconv.engines.opencv import load_cv2
from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import parse_number
from imgconv.ops.rank.extremes import extreme
from imgconv.ops.rank.histograms import by_histograms
from imgconv.ops.rank.network import sorting_network
from imgconv.ops.rank.sorted_windows import by_sorting, nearest_rank
from imgconv.ops.rank.sorting import by_network
from imgconv.ops.rank.windows import Image, Windows

_MEDIAN = Fraction(1, 2)
_MOST_TAPS = 400
"""A network for more would take longer to make than to run; others are quicker there."""
_MOST_NODES = {"uint8": 2500, "uint16": 2500, "int16": 2500, "float32": 600}
"""How large a network may be until sorting each window is quicker, as measured."""


def parse_percentile(value: object) -> Fraction:
    """Return the exact share of a percentile from 0 to 1.

    Raises
    ------
    ArgumentError
        For anything outside.

    Examples
    --------
    >>> parse_percentile("0.1")
    Fraction(1, 10)
    """
    share = Fraction(parse_number(value))
    if not 0 <= share <= 1:
        raise ArgumentError(
            f"percentile {value} is not from 0 to 1", hint="0 is the least value, 0.5 the median"
        )
    return share


def order_statistic(windows: Windows, percentile: Fraction) -> Image:
    """Return one value of each sorted window, by the quickest method that is exact for it.

    Where no pixel counts it is 0, but for the extremes, which are those of no values.
    """
    if percentile in (0, 1):
        return extreme(windows, greatest=percentile == 1)
    if not windows.ignores:
        return _of_whole(windows, percentile)
    return inside_and_edges(
        windows,
        lambda inside: _of_whole(inside, percentile),
        lambda edge: _of_edge(edge, percentile),
    )


def inside_and_edges(
    windows: Windows, whole: Callable[[Windows], Image], edge: Callable[[Windows], Image]
) -> Image:
    """Return a value for each window: by one function where all counts, by another elsewhere."""
    out_rows, out_columns, channels = windows.out_shape
    rows, columns = windows.within()
    if rows.start == rows.stop or columns.start == columns.stop:
        return edge(windows)
    result = np.empty((out_rows, out_columns, channels), windows.pixels.dtype)
    inside = windows.part(rows, columns)._replace(rows_count=None, columns_count=None)
    result[rows, columns] = whole(inside)
    sides = [
        (slice(0, rows.start), slice(0, out_columns)),
        (slice(rows.stop, out_rows), slice(0, out_columns)),
        (rows, slice(0, columns.start)),
        (rows, slice(columns.stop, out_columns)),
    ]
    for side in sides:
        if side[0].start < side[0].stop and side[1].start < side[1].stop:
            result[side] = edge(windows.part(*side))
    return result


def _of_whole(windows: Windows, percentile: Fraction) -> Image:
    footprint, dtype = windows.footprint, windows.pixels.dtype
    count = len(footprint.taps)
    rank = nearest_rank(percentile, count)
    if percentile == _MEDIAN and _is_opencv_median(windows):
        return _by_opencv(windows)
    if count <= _MOST_TAPS:
        network = sorting_network(footprint.taps, (rank,))
        if len(network.nodes) <= _MOST_NODES[dtype.name]:
            return by_network(windows, network)
    if dtype == np.uint8:
        return by_histograms(windows, "percentile", percentile)
    return by_sorting(windows, percentile)


def _of_edge(windows: Windows, percentile: Fraction) -> Image:
    if windows.pixels.dtype == np.uint8 and len(windows.footprint.taps) > _MOST_TAPS:
        return by_histograms(windows, "percentile", percentile)
    return by_sorting(windows, percentile)


def _is_opencv_median(windows: Windows) -> bool:
    """Return whether ``cv2.medianBlur`` has this median, and quickly."""
    rows, columns = windows.footprint.shape
    if rows != columns or rows % 2 == 0 or rows == 1 or not windows.footprint.is_box:
        return False
    return rows <= 5 or windows.pixels.dtype == np.uint8


def _by_opencv(windows: Windows) -> Image:
    size = windows.footprint.shape[0]
    rows, columns, channels = windows.out_shape
    half = size // 2
    result = np.empty(windows.out_shape, windows.pixels.dtype)
    cv2 = load_cv2()
    for channel in [slice(0, channels)] if channels in (1, 3, 4) else range(channels):
        pixels = np.ascontiguousarray(windows.pixels[..., channel])
        found = cv2.medianBlur(pixels, size)[half : half + rows, half : half + columns]
        result[..., channel] = found.reshape(result[..., channel].shape)
    return result
