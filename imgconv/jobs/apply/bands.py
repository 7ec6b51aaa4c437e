"""How high the bands may be for the memory that there is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from imgconv.io.tiled.base import HugeReader
from imgconv.model.errors import LimitError
from imgconv.model.kernel_set import KernelSet
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.ops.pipeline.rows import Rows, StageRows
from imgconv.ops.pipeline.streaming import chain_of

_FEWEST_ROWS = 64  # of a band, where a tile does not say more
_BEST_BYTES = 8 << 20  # of a band: larger ones are no faster
_FIXED = 16 << 20  # libraries, threads, what the engine needs of its own
_IN_FLIGHT = 4  # bands read and bands written: waiting, worked on, and joined with their neighbours
_TONE_BYTES = 48  # of intermediate values, for a pixel made gray
_SET_BYTES = 16  # for a value of one member of a set: its sums, widened and combined


class Stage(NamedTuple):
    """What a row costs before and after a stage, and how many rows it needs."""

    rows: Rows
    before_bytes: int
    after_bytes: int
    scratch_bytes: int

    def needed(self, height: int) -> int:
        """Count the rows before it that make so many after it."""
        if not isinstance(self.rows, StageRows):
            return height
        ends = [axis.read_by(0, height) for axis in self.rows.axes]
        return max(last for _, last in ends) - min(first for first, _ in ends)


class _Blank:
    """A source with no pixels, to plan with."""

    def __init__(self, reader: HugeReader) -> None:
        self.shape = reader.shape
        self.dtype = np.dtype("float32") if reader.dtype == "float64" else reader.dtype

    def read(self, start: int, stop: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        raise AssertionError(f"rows {start} to {stop} of nothing")


def whole_bytes(reader: HugeReader, recipe: Recipe) -> int:
    """Estimate the memory that the whole picture takes at once."""
    return memory_for(reader, recipe, reader.shape[0])


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
            f"{limit >> 20} MiB of memory do not hold what one row of the output needs",
            hint=f"--max-memory {enough}M, or an input with lower tiles",
        )
    return height, _step(reader, height)


def memory_for(reader: HugeReader, recipe: Recipe, height: int) -> int:
    """Estimate the bytes that bands of so many output rows take."""
    stages = _stages(reader, recipe)
    total = _FIXED
    rows = height
    for stage in reversed(stages):
        needed = stage.needed(rows)
        reach = stage.rows.reach if isinstance(stage.rows, StageRows) else 0
        # The rows before a stage are kept, and once more while new ones are joined to them.
        total += min(2 * needed + reach, 2 * reader.shape[0]) * stage.before_bytes
        total += rows * (stage.after_bytes + stage.scratch_bytes)
        rows = needed
    source_row = math.prod(reader.shape[1:]) * reader.dtype.itemsize
    total += _IN_FLIGHT * min(_step(reader, rows), reader.shape[0]) * source_row
    tile = reader.layout.tile
    written = max(height, tile[0] if tile else 1)
    return total + _IN_FLIGHT * min(written, reader.shape[0]) * stages[-1].after_bytes


def _step(reader: HugeReader, rows: int) -> int:
    return -(-rows // reader.together) * reader.together


def _stages(reader: HugeReader, recipe: Recipe) -> list[Stage]:
    chain = chain_of(_Blank(reader), recipe)
    stages = []
    before = math.prod(reader.shape[1:]) * reader.dtype.itemsize
    for rows in chain:
        values = math.prod(rows.shape[1:])
        after = values * np.dtype(rows.depth.dtype).itemsize
        stages.append(Stage(rows, before, after, _scratch(rows, recipe, values, before)))
        before = after
    return stages


def _scratch(rows: Rows, recipe: Recipe, values: int, before: int) -> int:
    """Estimate the bytes of intermediate values for a row."""
    if not isinstance(rows, StageRows):
        return values * _TONE_BYTES if recipe.gray or recipe.binarize else before
    if isinstance(rows.kernel, KernelSet):
        return values * _SET_BYTES * (len(rows.kernel.kernels) + 1)
    floats = rows.depth is Depth.F32 or rows.source_depth is Depth.F32
    return values * 8 if floats or len(rows.shape) == 3 else 0
