"""A correlation in bands of output rows, whose sums stay in the processor's cache."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Correlation, Pixels
from imgconv.model.border import Border
from imgconv.model.geometry import Axis, Geometry

_PIXELS = 1 << 15
"""Output pixels of a band, where the kernel is not high."""


class RowBands:
    """Bands of the output rows of a correlation, with the rows of the image that they read.

    Parameters
    ----------
    job : Correlation
        Its border and geometry count, and its image where no other is given.
    image : ndarray, optional
        Of the same rows and columns.
    outside : sequence of numbers, optional
        What stands outside under ``Border.CONSTANT``, for each channel, put there by `read`; else
        the job's value, and columns outside are left to the engine.
    """

    def __init__(
        self, job: Correlation, image: Pixels | None = None, outside: NDArray[Any] | None = None
    ) -> None:
        self._image = job.image if image is None else image
        self._border = job.border
        self._rows, self._columns = job.geometry
        self._outside = np.asarray(job.border_value if outside is None else outside)
        self._pads = outside is not None and job.border is Border.CONSTANT

    def spans(self, pixels: int = _PIXELS) -> list[tuple[int, int]]:
        """Return first rows of bands and the rows after their last ones."""
        rows = self._rows
        reach = -(-(rows.taps * rows.dilation) // rows.stride)
        height = max(pixels // self._columns.out, 2 * reach, 1)
        return [(start, min(start + height, rows.out)) for start in range(0, rows.out, height)]

    def geometry(self, start: int, stop: int) -> Geometry:
        """Return the geometry of a band over what `read` gives."""
        first, last = self._rows.read_by(start, stop)
        rows = self._rows._replace(length=last - first, before=0, out=stop - start)
        columns = self._columns
        if self._pads:
            left, right = columns.span
            columns = columns._replace(length=right - left, before=0)
        return Geometry(rows, columns)

    def read(self, start: int, stop: int, *, sides: bool = True) -> Pixels:
        """Return the rows that a band reads, without gaps.

        Rows outside are there, and with `sides` columns that have the `outside` of each channel.
        """
        first, last = self._rows.read_by(start, stop)
        rows = rows_between(self._image, self._rows, self._border, (first, last), self._outside)
        if self._pads and sides:
            rows = _with_sides(rows, self._columns, self._outside)
        return np.ascontiguousarray(rows)


def rows_between(
    image: Pixels, axis: Axis, border: Border, span: tuple[int, int], outside: NDArray[Any]
) -> Pixels:
    """Return rows at some positions of an axis, those outside the image from its border."""
    first, last = span
    if first >= 0 and last <= axis.length:
        return image[first:last]
    found = (border.source_index(i, axis.length) for i in range(first, last))
    order = np.array([-1 if i is None else i for i in found], np.intp)
    rows = image[order]
    rows[order < 0] = outside
    return rows


def _with_sides(rows: Pixels, columns: Axis, outside: NDArray[Any]) -> Pixels:
    left, right = columns.span
    padded = np.empty((rows.shape[0], right - left, rows.shape[2]), rows.dtype)
    padded[...] = outside
    inside = rows[:, max(left, 0) : min(right, columns.length)]
    at = max(-left, 0)
    padded[:, at : at + inside.shape[1]] = inside
    return padded


class Buffers:
    """Arrays that one band after the other is computed in."""

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[Any]] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        """Return the array of a name in a shape and type; what it holds is not defined."""
        values = math.prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < values or kept.dtype != dtype:
            kept = self._kept[name] = np.empty(values, dtype)
        return kept[:values].reshape(shape)
