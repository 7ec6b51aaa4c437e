"""Order statistics of small windows by the core, which compares whole vectors of pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.native_ranks import Comparisons, NativeRanks, Places
from imgconv.engines.select import native_engine
from imgconv.model.border import Border
from imgconv.model.footprint import Footprint
from imgconv.ops.image import checked_threads
from imgconv.ops.rank.network import Network
from imgconv.ops.rank.sorting import compile_network
from imgconv.ops.rank.windows import Image, Outside, Windows, in_bands

_TILE_ROWS, _TILE_BYTES_ACROSS = 16, 128
"""Tiles in which the values that are alive together stay in the nearest cache, as measured."""
_LEAST_BAND, _MOST_BANDS = 64, 32


def native_ranks() -> NativeRanks | None:
    """Return what the core has, or None where the installation has none."""
    engine = native_engine()
    return None if engine is None else engine.ranks


def places_of_image(shape: tuple[int, ...], footprint: Footprint, outside: Outside) -> Places:
    """Return what windows read that have their anchors on each pixel of an image."""
    (rows, columns), (row, column) = footprint.shape, footprint.anchor
    down = _sources(shape[0], row, rows - 1 - row, outside.border)
    across = _sources(shape[1], column, columns - 1 - column, outside.border)
    return Places(down, across, column, outside.value)


def _sources(length: int, before: int, after: int, border: Border) -> NDArray[np.int64]:
    beside = [*range(-before, 0), *range(length, length + after)]
    found = [border.source_index(i, length) for i in beside]
    numbers = np.array([-1 if i is None else i for i in found], np.int64)
    return np.concatenate([numbers[:before], np.arange(length), numbers[before:]])


def places_within(windows: Windows) -> Places:
    """Return what windows read that lie within their pixels."""
    rows, columns = windows.pixels.shape[:2]
    return Places(np.arange(rows), np.arange(columns), 0, 0)


def medians(
    ranks: NativeRanks, image: Image, places: Places, side: int, threads: int | None
) -> Image:
    """Return the medians of square windows, which `NativeRanks.has_medians` is true of."""
    shape = _out_shape(image, places, (side, side))
    out = np.empty(shape, image.dtype)

    def fill(band: slice) -> None:
        near = places.of_rows(band.start, band.stop, side)
        ranks.medians(image, near, side, out[band])

    _in_threads(shape[0], fill, threads)
    return out


def network_values(
    ranks: NativeRanks,
    image: Image,
    places: Places,
    network: Network,
    window: tuple[int, int],
    threads: int | None,
) -> Image:
    """Return the first output of a network for each window."""
    rows, columns, channels = _out_shape(image, places, window)
    across = max(_TILE_BYTES_ACROSS // (image.itemsize * channels), 2 * window[1])
    tile = min(rows, _TILE_ROWS), min(columns, across)
    out = np.empty((rows, columns, channels), image.dtype)
    comparisons = _comparisons(network, window, tile, channels)

    def fill(band: slice) -> None:
        near = places.of_rows(band.start, band.stop, window[0])
        ranks.network(image, near, comparisons, out[band])

    _in_threads(rows, fill, threads)
    return out


def _in_threads(rows: int, fill: Callable[[slice], None], threads: int | None) -> None:
    """Call a function for bands that are all at least as high as a tile."""
    count = max(1, min(checked_threads(threads), rows // _LEAST_BAND, _MOST_BANDS))
    in_bands(rows, -(-rows // count), fill, count)


def _out_shape(image: Image, places: Places, window: tuple[int, int]) -> tuple[int, int, int]:
    rows, columns = len(places.rows) - window[0] + 1, len(places.columns) - window[1] + 1
    return rows, columns, image.shape[2]


def _comparisons(
    network: Network, window: tuple[int, int], tile: tuple[int, int], channels: int
) -> Comparisons:
    pitch = (tile[1] + window[1] - 1) * channels
    program = compile_network(network, pitch, channels, (tile[0] - 1) * pitch + tile[1] * channels)
    steps = [
        (step.function is np.maximum, *step.first, *step.second, step.buffer, step.length)
        for step in program.operations
    ]
    size = max(program.size, (tile[0] + window[0] - 1) * pitch)
    return Comparisons(
        window,
        tile,
        np.array(steps, np.int64).reshape(-1, 7),
        program.buffers,
        size,
        (program.output.buffer, program.output.start),
    )
