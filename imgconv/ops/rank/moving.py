"""Order statistics by a histogram that moves along the rows, in the core: large windows.

It counts 16-bit values. Floats are numbered in their order first, tile by tile, so that a tile with
its surroundings has no more of them than 16 bits can say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.native import load_core
from imgconv.model.footprint import Footprint
from imgconv.ops.rank.windows import Image, Windows, in_bands
from imgconv.system.threads import run_each

_LEVELS = 1 << 16
_LEAST_TILE = 64

FindRanks = Callable[[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.int64], int], None]


def has_moving_histogram(footprint: Footprint, dtype: np.dtype[Any]) -> bool:
    """Return whether the core is there, and tiles of floats are large enough to pay."""
    if not hasattr(load_core(), "find_ranks"):
        return False
    return dtype != np.float32 or _tile_side(footprint.shape) >= _LEAST_TILE


def by_moving_histogram(windows: Windows, rank: int) -> Image:
    """Return the value at a place of every sorted window, all of whose pixels count.

    For windows that `has_moving_histogram` is true of.
    """
    core = load_core()
    assert core is not None, "has_moving_histogram was asked"
    ranked = partial(_ranked, core.find_ranks, runs=_runs_of(windows.footprint), rank=rank)
    result = np.empty(windows.out_shape, windows.pixels.dtype)
    if result.dtype != np.float32:
        for channel in range(result.shape[2]):
            _fill_plane(windows, channel, ranked, result)
        return result
    tiles = list(_tiles(result.shape, _tile_side(windows.footprint.shape)))
    run_each(lambda tile: _fill_tile(windows, tile, ranked, result), tiles, windows.threads)
    return result


def _ranked(
    find: FindRanks, keys: NDArray[np.uint16], *, runs: NDArray[np.int64], rank: int,
    shape: tuple[int, int],
) -> NDArray[np.uint16]:  # fmt: skip
    found = np.empty(shape, np.uint16)
    find(np.ascontiguousarray(keys), found, runs, rank)
    return found


def _runs_of(footprint: Footprint) -> NDArray[np.int64]:
    """Return row, first column and the one after the last of each stretch of a footprint."""
    runs = []
    for r, row in enumerate(footprint.rows):
        column = 0
        for on, places in groupby(row):
            length = len(list(places))
            if on:
                runs.append((r, column, column + length))
            column += length
    return np.array(runs, np.int64)


def _fill_plane(
    windows: Windows, channel: int, ranked: Callable[..., NDArray[np.uint16]], result: Image
) -> None:
    """Fill a channel of whole numbers, in bands of rows."""
    rows, columns, _ = result.shape
    height = windows.footprint.shape[0]
    keys = _to_keys(windows.pixels[..., channel])

    def fill(band: slice) -> None:
        shape = (band.stop - band.start, columns)
        found = ranked(keys[band.start : band.stop + height - 1], shape=shape)
        result[band, :, channel] = _from_keys(found, result.dtype)

    in_bands(rows, max(height, -(-rows // (2 * windows.threads))), fill, windows.threads)


def _to_keys(plane: Image) -> NDArray[np.uint16]:
    """Return 16-bit numbers in the order of whole values."""
    if plane.dtype != np.int16:
        return plane.astype(np.uint16)
    return (plane.astype(np.int32) + (1 << 15)).astype(np.uint16)


def _from_keys(keys: NDArray[np.uint16], dtype: np.dtype[Any]) -> Image:
    if dtype != np.int16:
        return keys.astype(dtype, copy=False)
    return (keys.astype(np.int32) - (1 << 15)).astype(np.int16)


def _tile_side(window: tuple[int, int]) -> int:
    """Return the largest side of a square whose windows read no more pixels than there are keys."""
    more = sum(window) - 2
    return (isqrt((window[0] - window[1]) ** 2 + 4 * _LEVELS) - more) // 2


def _tiles(shape: tuple[int, ...], side: int) -> Iterator[tuple[slice, slice, int]]:
    rows, columns, channels = shape
    for top in range(0, rows, side):
        for left in range(0, columns, side):
            for channel in range(channels):
                down = slice(top, min(top + side, rows))
                yield down, slice(left, min(left + side, columns)), channel


def _fill_tile(
    windows: Windows,
    tile: tuple[slice, slice, int],
    ranked: Callable[..., NDArray[np.uint16]],
    result: Image,
) -> None:
    """Fill a tile of floats by the numbers of its values in order."""
    rows, columns, channel = tile
    read = windows.part(rows, columns).pixels[..., channel]
    levels, numbers = np.unique(read, return_inverse=True)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    found = ranked(numbers.reshape(read.shape).astype(np.uint16), shape=shape)
    result[rows, columns, channel] = levels[found]
