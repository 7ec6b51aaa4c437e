"""Convolutions of a layer: every value is one exact sum over channels and taps, rounded once.

Blocks of windows are multiplied with the filters in float64: by the core, or laid out as rows of a
matrix. Most sums are exact that way (see `imgconv.engines.filters`); the others come with a bound
on their error, and those that it leaves undecided are summed again
(`imgconv.engines.layer_rounding`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from imgconv.engines.base import Pixels
from imgconv.engines.filters import Filters, Floats, Weights, lowest_bits, prepare
from imgconv.engines.layer_rounding import LayerRounding, Windows
from imgconv.engines.native import NativeEngine
from imgconv.engines.pointwise import Pointwise
from imgconv.engines.rounding import clamped
from imgconv.engines.select import select_engine
from imgconv.model.border import Border
from imgconv.model.geometry import Axis
from imgconv.model.output import Depth, Rounding
from imgconv.system.threads import run_each

_BLOCK_VALUES = 1 << 18  # of the matrix of windows, or of the sums: 2 MiB
_LEAST_ROWS, _MOST_ROWS = 64, 4096
_SAMPLE = 1 << 12


class LayerJob(NamedTuple):
    """One convolution of a layer, fully specified: correlation in three axes, of every channel.

    Attributes
    ----------
    images : ndarray, shape (n, depth, rows, columns, channels)
        uint8, uint16, int16 or float32; never modified.
    weights : ndarray, shape (filters, channels / groups, depth, rows, columns)
        Exact: floats, integers, or `int` and `Fraction` objects.
    biases : list of Fraction
        One for each filter.
    groups : int
        Filter f reads the channels of group ``f // (filters / groups)``.
    axes : (Axis, Axis, Axis)
    border : Border
    border_value : int or float
        A value that the images' type holds.
    depth : Depth
        Of the output.
    rounding : Rounding
        For integer outputs.
    threads : int
        Largest number of threads.
    """

    images: Pixels
    weights: Weights
    biases: list[Fraction]
    groups: int
    axes: tuple[Axis, Axis, Axis]
    border: Border
    border_value: int | float
    depth: Depth
    rounding: Rounding
    threads: int


class Block(NamedTuple):
    """Some output values: an image, a plane of depth, a range of rows and one of columns."""

    image: int
    plane: int
    rows: slice
    columns: slice


def convolve(job: LayerJob) -> Pixels:
    """Compute a layer's convolution.

    Returns
    -------
    ndarray, shape (n, out depth, out rows, out columns, filters)
        ``clamp(round(sum(weights * taps) + bias))``, the sum exact. Taps that are not finite
        follow IEEE 754 where their weight is not zero.
    """
    source = padded(job.images, job.axes, job.border, job.border_value)
    source = np.ascontiguousarray(source)  # the core takes neighbouring channels
    filters, per_group = job.weights.shape[:2]
    shape = (len(job.images), *(axis.out for axis in job.axes), filters)
    out = np.empty(shape, job.depth.dtype)
    largest, finite = _largest(source)
    members = filters // job.groups
    core = _core() if finite else None
    blocks = list(_blocks(shape, members if core else math.prod(job.weights.shape[1:])))
    for group in range(job.groups):
        chosen = slice(group * members, (group + 1) * members)
        channels = source[..., group * per_group : (group + 1) * per_group]
        prepared = _prepared(job, channels, chosen, largest)
        work = _Worker(job, channels, prepared, out[..., chosen], finite, core)
        _share(work, blocks, job.threads)
    return out


def padded(images: Pixels, axes: Sequence[Axis], border: Border, value: float) -> Pixels:
    """Return images with everything around them that a tap reads."""
    array = images
    for number, axis in enumerate(axes, start=1):
        start, stop = axis.span
        if (start, stop) == (0, axis.length):
            continue
        found = [border.source_index(i, axis.length) for i in range(start, stop)]
        order = np.array([-1 if i is None else i for i in found], np.intp)
        array = np.take(array, order, axis=number, mode="wrap")
        outside = (slice(None),) * number + (order < 0,)
        array[outside] = value
    return array


def _core() -> Pointwise | None:
    """Return the core where it is the engine."""
    engine = select_engine()
    return engine.pointwise if isinstance(engine, NativeEngine) else None


def _blocks(shape: tuple[int, ...], wide: int) -> Iterator[Block]:
    """Cut the output into blocks of windows of so many values each, which fit the cache."""
    images, planes, rows, columns, _ = shape
    most = min(max(_BLOCK_VALUES // max(wide, 1), _LEAST_ROWS), _MOST_ROWS)
    across = min(columns, most)
    down = max(1, most // across)
    for image in range(images):
        for plane in range(planes):
            for top in range(0, rows, down):
                for left in range(0, columns, across):
                    yield Block(
                        image,
                        plane,
                        slice(top, min(top + down, rows)),
                        slice(left, min(left + across, columns)),
                    )


def _prepared(job: LayerJob, source: Pixels, chosen: slice, largest: float) -> Filters:
    """Return the matrix of some filters, for taps from `source`."""
    weights = np.moveaxis(job.weights[chosen], 1, -1)
    rows = weights.reshape(len(weights), -1)
    if source.dtype != np.float32:
        return prepare(rows, job.biases[chosen], largest, 1.0)
    # A few floats show at once where sums cannot be exact; only else is it worth to see them all.
    few = prepare(rows, job.biases[chosen], largest, _grid(source.reshape(-1)[:_SAMPLE]))
    if not few.is_exact.any():
        return few
    return prepare(rows, job.biases[chosen], largest, _grid(source))


def _grid(floats: Pixels) -> float:
    """Return a power of two of which all finite values are multiples."""
    sound = np.where(np.isfinite(floats), floats, 0).astype(np.float64)
    return float(lowest_bits(sound.reshape(1, -1))[0])


def _largest(source: Pixels) -> tuple[float, bool]:
    """Return the greatest finite magnitude, and whether all is finite."""
    low, high = float(source.min()), float(source.max())
    if math.isfinite(low) and math.isfinite(high):
        return max(abs(low), abs(high)), True
    return float(np.abs(source[np.isfinite(source)]).max(initial=0)), False


def _share(work: _Worker, blocks: list[Block], threads: int) -> None:
    """Compute the blocks, on several threads where there are several blocks."""
    threads = min(threads, len(blocks))
    run_each(work.run, [blocks[t::threads] for t in range(threads)], threads)


@dataclass
class _Worker:
    """One group of channels and its filters, ready for blocks."""

    job: LayerJob
    source: Pixels
    filters: Filters
    out: Pixels
    finite: bool
    core: Pointwise | None

    def __post_init__(self) -> None:
        self._rounding = LayerRounding(self.filters, self.job.depth, self.job.rounding)

    def run(self, blocks: list[Block]) -> None:
        """Compute some blocks of the output."""
        values_of = self._by_core(self.core) if self.core else self._by_numpy(blocks)
        with np.errstate(all="ignore"):
            for block in blocks:
                values = values_of(block)
                target = self.out[block.image, block.plane, block.rows, block.columns]
                target[...] = values.reshape(target.shape)

    def _by_core(self, core: Pointwise) -> Callable[[Block], Pixels]:
        """Return what computes the values of a block by the core's sums and its finish."""
        filters, across = self.filters, self.job.axes[2]
        count, taps = filters.matrix.shape
        matrix = np.zeros((taps, -(-count // 8) * 8))
        matrix[:, :count] = filters.matrix.T
        rounding, finish = self._rounding, self._rounding.float_finish()

        def values_of(block: Block) -> Pixels:
            view = self._view(block)
            sums = np.empty((_size(block), count))
            core.layer_sums(view, (across.stride, across.dilation), matrix, sums)
            if self.job.depth is not Depth.F32:
                return clamped(rounding.finished(_viewed(view), sums), self.job.depth)[0]
            values, doubts = core.settle(finish, sums)
            rounding.decide(_viewed(view), sums, values, doubts)
            return values

        return values_of

    def _by_numpy(self, blocks: list[Block]) -> Callable[[Block], Pixels]:
        """Return what computes the values of a block by a product of matrices."""
        taps = self.filters.matrix.shape[1]
        most = max((_size(block) for block in blocks), default=0)
        windows, sums = np.empty((most, taps)), np.empty((most, len(self.filters.matrix)))
        matrix = np.ascontiguousarray(self.filters.matrix.T)

        def values_of(block: Block) -> Pixels:
            count = _size(block)
            view = self._view(block)
            np.copyto(windows[:count].reshape(view.shape), view)
            return self._rounded(windows[:count], matrix, sums[:count])

        return values_of

    def _view(self, block: Block) -> Pixels:
        """Return the windows of a block without copying: rows, columns, then the axes of a tap."""
        depth, down, across = self.job.axes
        source = self.source[block.image]
        strides = source.strides
        start = source[
            block.plane * depth.stride :,
            block.rows.start * down.stride :,
            block.columns.start * across.stride :,
        ]
        return as_strided(
            start,
            (
                block.rows.stop - block.rows.start,
                block.columns.stop - block.columns.start,
                depth.taps,
                down.taps,
                across.taps,
                source.shape[-1],
            ),
            (
                down.stride * strides[1],
                across.stride * strides[2],
                depth.dilation * strides[0],
                down.dilation * strides[1],
                across.dilation * strides[2],
                strides[3],
            ),
            writeable=False,
        )

    def _rounded(self, windows: Floats, matrix: Floats, sums: Floats) -> Pixels:
        broken = None if self.finite else ~np.isfinite(windows)
        raw = None
        if broken is not None and broken.any():
            raw = windows.copy()
            windows[broken] = 0
        np.matmul(windows, matrix, out=sums)
        values = self._rounding.finished(windows.__getitem__, sums)
        if raw is not None:
            self._follow_ieee(raw, values)
        if self.job.depth is Depth.F32:
            return values
        return clamped(values, self.job.depth)[0]

    def _follow_ieee(self, windows: Floats, values: NDArray[Any]) -> None:
        """Put in what NaN and infinities make of the windows that hold them."""
        at = np.nonzero(~np.isfinite(windows).all(axis=1))[0]
        taps = windows[at]
        exact = self.filters.exact
        up, down = (exact > 0).T.astype(np.float64), (exact < 0).T.astype(np.float64)
        over = (taps == np.inf).astype(np.float64)
        under = (taps == -np.inf).astype(np.float64)
        plus = over @ up + under @ down > 0
        minus = over @ down + under @ up > 0
        nothing = np.isnan(taps).astype(np.float64) @ (up + down) > 0
        found = values[at]
        depth = self.job.depth
        floats = depth is Depth.F32
        found[plus] = np.inf if floats else depth.high + 1
        found[minus] = -np.inf if floats else depth.low - 1
        found[nothing | (plus & minus)] = np.nan if floats else 0
        values[at] = found


def _size(block: Block) -> int:
    down, across = block.rows, block.columns
    return int((down.stop - down.start) * (across.stop - across.start))


def _viewed(view: Pixels) -> Windows:
    """Return what looks up windows of a view, one after the other."""

    def windows(at: NDArray[np.intp]) -> Floats:
        chosen: Floats = view[np.divmod(at, view.shape[1])].reshape(len(at), -1).astype(np.float64)
        return chosen

    return windows
