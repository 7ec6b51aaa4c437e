"""How high the bands may be for the memory that there is."""

from __future__ import annotations

import itertools
import math

import numpy as np

from imgconv.io.tiled.base import HugeReader
from imgconv.jobs.memory import picture_bytes, pixel_bytes, step_scratch
from imgconv.model.errors import LimitError
from imgconv.model.recipe import Recipe
from imgconv.ops.pipeline.bands import chain_of
from imgconv.ops.pipeline.lazy_rows import LazyRows, SourceRows, StepRows
from imgconv.ops.regions.rows import SelectedRows

_FEWEST_ROWS = 64  # of a band, where a tile does not say more
_BEST_BYTES = 8 << 20  # of a band: larger ones are no faster
_FIXED = 16 << 20  # libraries, threads, what the engine needs of its own
_IN_FLIGHT = 4  # bands read and bands written: waiting, worked on, and joined with their neighbours


class _Blank:
    """A source with no pixels, to plan with."""

    def __init__(self, reader: HugeReader) -> None:
        self.shape = reader.shape
        self.dtype = np.dtype("float32") if reader.dtype == "float64" else reader.dtype

    def read(self, start: int, stop: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        raise AssertionError(f"rows {start} to {stop} of nothing")


def whole_bytes(reader: HugeReader, recipe: Recipe) -> int:
    """Estimate the memory that the whole picture takes at once."""
    form = SourceRows(_Blank(reader), recipe.settings.depth).form
    return _FIXED + picture_bytes((reader.shape[0], reader.shape[1]), form, recipe)


def bands_within(reader: HugeReader, recipe: Recipe, *, limit: int, used: int) -> tuple[int, int]:
    """Return the rows of a band of output, and the rows to decode at a time.

    Parameters
    ----------
    reader : HugeReader
    recipe : Recipe
    limit, used : int
        Bytes that the process may use, and that it uses already.

    Raises
    ------
    LimitError
        When not one row fits.
    """
    room = limit - used
    tile = reader.layout.tile
    fewest = tile[0] if tile else _FEWEST_ROWS
    row_bytes = math.prod(reader.shape[1:]) * reader.dtype.itemsize
    height = min(fewest * max(1, _BEST_BYTES // (fewest * row_bytes)), reader.shape[0])
    while height > 1 and memory_for(reader, recipe, height) > room:
        height = -(-height // 2)
    needed = memory_for(reader, recipe, height)
    if needed > room:
        enough = (needed + limit - room >> 20) + 1
        raise LimitError(
            f"{limit >> 20} MiB of memory is too little for one row of the output",
            hint=f"--max-memory {enough}M, or an input with smaller tiles",
        )
    return height, _step(reader, height)


def memory_for(reader: HugeReader, recipe: Recipe, height: int) -> int:
    """Estimate the bytes that bands of so many output rows take."""
    chain = chain_of(_Blank(reader), recipe)
    total = _FIXED
    made = height
    for before, rows in reversed(list(itertools.pairwise(chain))):
        needed = rows.needed(made)
        # The rows before a step are kept, and once more while new ones are joined to them.
        kept = min(2 * needed + rows.reach, 2 * before.shape[0])
        total += kept * _row_bytes(before) + made * (_row_bytes(rows) + _scratch(rows))
        made = needed
    total += made * _row_bytes(chain[0])
    source_row = math.prod(reader.shape[1:]) * reader.dtype.itemsize
    total += _IN_FLIGHT * min(_step(reader, made), reader.shape[0]) * source_row
    tile = reader.layout.tile
    written = max(height, tile[0] if tile else 1)
    return total + _IN_FLIGHT * min(written, reader.shape[0]) * _row_bytes(chain[-1])


def _step(reader: HugeReader, rows: int) -> int:
    return -(-rows // reader.together) * reader.together


def _row_bytes(rows: LazyRows) -> int:
    return rows.shape[1] * pixel_bytes(rows.form)


def _scratch(rows: LazyRows) -> int:
    """Return the bytes of intermediate values for a row."""
    if isinstance(rows, SelectedRows):
        return rows.shape[1] * rows.scratch
    return rows.shape[1] * step_scratch(rows.planned) if isinstance(rows, StepRows) else 0
