"""Order statistics of small windows in the core, by comparing whole vectors of pixels."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Pixels
from imgconv.model.output import Depth


class Places(NamedTuple):
    """What windows read, as places in an image.

    Attributes
    ----------
    rows, columns : ndarray of int64
        The row or column of the image that each place has; -1 for outside.
    before : int
        Columns before the image's first one; from there on they are its own.
    outside : float
        What stands outside.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    before: int
    outside: float

    def of_rows(self, start: int, stop: int, height: int) -> Places:
        """Return what the windows of some output rows read, which have a height."""
        return self._replace(rows=self.rows[start : stop + height - 1])


class Comparisons(NamedTuple):
    """A sorting network over flat tiles.

    Attributes
    ----------
    window, tile : (int, int)
        Rows and columns of a window, and of the output of a tile.
    steps : ndarray of int64, shape (comparisons, 7)
        Whether the greater is taken, buffer and start of both sides, the buffer that is written,
        and the number of values.
    buffers, size : int
        How many there are, the tile included, and how many values each has.
    output : (int, int)
        Buffer and start of what is wanted.
    """

    window: tuple[int, int]
    tile: tuple[int, int]
    steps: NDArray[np.int64]
    buffers: int
    size: int
    output: tuple[int, int]


class NativeRanks:
    """What an instruction set of the core does.

    Parameters
    ----------
    core : module
    isa : str
    """

    def __init__(self, core: ModuleType, isa: str) -> None:
        self._core = core
        self._isa = isa
        self._vector_bytes = core.capabilities(isa).vector_bytes

    def has_medians(self, image: Pixels, side: int) -> bool:
        """Return whether `medians` takes an image: one that is wide enough for whole vectors."""
        least = self._vector_bytes // image.itemsize
        narrow = (image.shape[1] - side + 1) * image.shape[2] < least
        return side in (3, 5) and not narrow and _has_whole_rows(image)

    def medians(self, image: Pixels, places: Places, side: int, out: Pixels) -> None:
        """Fill `out` with medians of 3 x 3 or 5 x 5 pixels; all columns of the image are read."""
        self._core.run_medians(
            self._isa,
            self._type(image),
            image,
            places.rows,
            places.columns,
            places.before,
            places.outside,
            side,
            out,
        )

    def network(self, image: Pixels, places: Places, comparisons: Comparisons, out: Pixels) -> None:
        """Fill `out` with the output of a network for every window."""
        self._core.run_network(
            self._isa,
            self._type(image),
            image if _has_whole_rows(image) else np.ascontiguousarray(image),
            places.rows,
            places.columns,
            places.before,
            places.outside,
            comparisons.window,
            comparisons.tile,
            comparisons.steps,
            comparisons.buffers,
            comparisons.size,
            comparisons.output,
            out,
        )

    def _type(self, image: Pixels) -> Any:
        return getattr(self._core.Type, Depth.of(image.dtype).name)


def _has_whole_rows(image: Pixels) -> bool:
    """Return whether the pixels of a row lie beside one another."""
    (rows, columns, channels), item = image.shape, image.itemsize
    down, across, deep = image.strides
    beside = (channels == 1 or deep == item) and (columns == 1 or across == channels * item)
    return beside and (rows == 1 or down >= 0)
