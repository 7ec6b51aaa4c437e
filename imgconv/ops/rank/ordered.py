"""Order statistics of windows: which values stand at a place of the sorted window."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.native_ranks import Places
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.footprint import Footprint
from imgconv.model.numbers import parse_number
from imgconv.ops.rank.extremes import direct_extreme, extreme
from imgconv.ops.rank.histograms import by_histograms
from imgconv.ops.rank.moving import by_moving_histogram, has_moving_histogram
from imgconv.ops.rank.network import sorting_network
from imgconv.ops.rank.sorted_windows import by_sorting, nearest_rank
from imgconv.ops.rank.sorting import by_network
from imgconv.ops.rank.vectors import (
    medians,
    native_ranks,
    network_values,
    places_of_image,
    places_within,
)
from imgconv.ops.rank.windows import NARROW, Direct, Image, Outside, Windows, around

_MEDIAN = Fraction(1, 2)
_MOST_TAPS = 400
"""A network for more would take longer to make than to run; others are quicker there."""
_MOST_NODES = {"uint8": 2500, "uint16": 2500, "int16": 2500, "float32": 600}
"""How large a network may be until sorting each window is quicker, as measured."""
_MOST_TAPS_OF_CORE = 225
_MOST_NODES_OF_CORE = {"uint8": 2000, "uint16": 1200, "int16": 1200, "float32": 1100}
"""The same for networks in the core, and for the histogram that moves there."""
_MOST_NODES_BELOW_OPENCV = 1100
"""Networks of the core that are quicker than OpenCV's median of bytes."""


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
    for side in around((out_rows, out_columns), rows, columns):
        result[side] = edge(windows.part(*side))
    return result


def _of_whole(windows: Windows, percentile: Fraction) -> Image:
    footprint, dtype = windows.footprint, windows.pixels.dtype
    found = _by_vectors(
        windows.pixels, footprint, percentile, lambda: places_within(windows), windows.threads
    )
    if found is not None:
        return found
    count = len(footprint.taps)
    rank = nearest_rank(percentile, count)
    if percentile == _MEDIAN and _is_opencv_median(footprint, dtype):
        return _by_opencv(windows)
    if has_moving_histogram(footprint, dtype):
        return by_moving_histogram(windows, rank)
    if count <= _MOST_TAPS:
        network = sorting_network(footprint.taps, (rank,))
        if len(network.nodes) <= _MOST_NODES[dtype.name]:
            return by_network(windows, network)
    if dtype == np.uint8:
        return by_histograms(windows, "percentile", percentile)
    return by_sorting(windows, percentile)


def _by_vectors(
    image: Image,
    footprint: Footprint,
    percentile: Fraction,
    places: Callable[[], Places],
    threads: int | None,
) -> Image | None:
    """Return order statistics by the core's comparisons, or None where others are quicker."""
    ranks, taps = native_ranks(), footprint.taps
    if ranks is None or len(taps) > _MOST_TAPS_OF_CORE or image.dtype.name not in _MOST_NODES:
        return None
    rows, columns = footprint.shape
    is_square_median = percentile == _MEDIAN and footprint.is_box and rows == columns
    if is_square_median and ranks.has_medians(image, rows):
        return medians(ranks, image, places(), rows, threads)
    network = sorting_network(taps, (nearest_rank(percentile, len(taps)),))
    most = _MOST_NODES_OF_CORE[image.dtype.name]
    if percentile == _MEDIAN and _is_opencv_median(footprint, image.dtype):
        most = _MOST_NODES_BELOW_OPENCV
    if len(network.nodes) > most:
        return None
    return network_values(ranks, image, places(), network, footprint.shape, threads)


def _of_edge(windows: Windows, percentile: Fraction) -> Image:
    if windows.pixels.dtype == np.uint8 and len(windows.footprint.taps) > _MOST_TAPS:
        return by_histograms(windows, "percentile", percentile)
    return by_sorting(windows, percentile)


def direct_statistic(
    image: Image,
    footprint: Footprint,
    outside: Outside,
    threads: int | None,
    *,
    percentile: Fraction,
) -> Direct | None:
    """Return order statistics of a whole image by the core, or by OpenCV.

    OpenCV's medians replicate the border.
    """
    if percentile in (0, 1):
        return direct_extreme(image, footprint, outside, greatest=percentile == 1)
    found = _by_vectors(
        image,
        footprint,
        percentile,
        lambda: places_of_image(image.shape, footprint, outside),
        threads,
    )
    if found is not None:
        return Direct(found, outside.border is not Border.IGNORE)
    size = footprint.shape[0]
    if percentile != _MEDIAN or footprint.anchor != (size // 2, size // 2):
        return None
    if not _is_opencv_median(footprint, image.dtype):
        return None
    return Direct(_opencv_median(image, size), outside.border is Border.REPLICATE)


def _is_opencv_median(footprint: Footprint, dtype: np.dtype[Any]) -> bool:
    """Return whether ``cv2.medianBlur`` has this median."""
    rows, columns = footprint.shape
    if rows != columns or rows % 2 == 0 or rows == 1 or not footprint.is_box:
        return False
    return rows <= 5 or dtype == np.uint8


def _opencv_median(image: Image, size: int) -> Image:
    cv2 = load_cv2()
    channels = image.shape[2]
    if channels in (1, 3, 4):
        found: Image = cv2.medianBlur(image, size)
        return found.reshape(image.shape)
    pages = [cv2.medianBlur(np.ascontiguousarray(image[..., c]), size) for c in range(channels)]
    return np.stack(pages, axis=2)


def _by_opencv(windows: Windows) -> Image:
    rows, columns, _ = windows.out_shape
    size = windows.footprint.shape[0]
    half = size // 2
    pixels = windows.pixels
    if rows > NARROW * columns:  # OpenCV is quick along rows, and the window is square
        turned = np.ascontiguousarray(pixels.swapaxes(0, 1))
        found = _opencv_median(turned, size).swapaxes(0, 1)
    else:
        found = _opencv_median(np.ascontiguousarray(pixels), size)
    return np.ascontiguousarray(found[half : half + rows, half : half + columns])
