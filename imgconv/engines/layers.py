"""Convolutions of a layer: every value is one exact sum over channels and taps, rounded once.

Blocks of windows are laid out as rows of a matrix and multiplied with the filters in float64. Most
sums are exact that way (see `imgconv.engines.filters`); the others come with a bound on their
error. Undecided values are summed again: with the magnitudes of their own window, and then in whole
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from imgconv.engines.base import Pixels
from imgconv.engines.filters import Filters, Floats, Weights, error_of_sums, lowest_bits, prepare
from imgconv.engines.float_sums import UNIT, in_units
from imgconv.engines.rounding import Integers, Quotients, clamped, round_floats
from imgconv.model.border import Border
from imgconv.model.geometry import Axis
from imgconv.model.output import Depth, Rounding

_BLOCK_VALUES = 1 << 18  # of the matrix of windows: 2 MiB
_LEAST_ROWS, _MOST_ROWS = 64, 4096
_SAMPLE = 1 << 12
_OF_ROUNDING = 2.0**-40  # floor(v + 1/2) is off by less, for every v near an integer output
_CHUNK = 1 << 12  # values that are summed again at a time


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
    filters, per_group = job.weights.shape[:2]
    shape = (len(job.images), *(axis.out for axis in job.axes), filters)
    out = np.empty(shape, job.depth.dtype)
    taps = math.prod(job.weights.shape[1:])
    blocks = list(_blocks(shape, taps))
    largest, finite = _largest(source)
    members = filters // job.groups
    for group in range(job.groups):
        chosen = slice(group * members, (group + 1) * members)
        channels = source[..., group * per_group : (group + 1) * per_group]
        prepared = _prepared(job, channels, chosen, largest)
        work = _Worker(job, channels, prepared, out[..., chosen], finite)
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


def _blocks(shape: tuple[int, ...], taps: int) -> Iterator[Block]:
    """Cut the output into blocks whose windows fit the cache."""
    images, planes, rows, columns, _ = shape
    most = min(max(_BLOCK_VALUES // max(taps, 1), _LEAST_ROWS), _MOST_ROWS)
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
    if threads == 1:
        work.run(blocks)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work.run, [blocks[t::threads] for t in range(threads)]))


@dataclass
class _Worker:
    """One group of channels and its filters, ready for blocks."""

    job: LayerJob
    source: Pixels
    filters: Filters
    out: Pixels
    finite: bool
    in_integers: dict[int, tuple[NDArray[np.intp], Integers, int]] = field(default_factory=dict)
    """Filters that are done in whole numbers: the weights that are not 0, over a denominator."""

    def run(self, blocks: list[Block]) -> None:
        """Compute some blocks of the output."""
        taps = self.filters.matrix.shape[1]
        most = max((_size(block) for block in blocks), default=0)
        windows, sums = np.empty((most, taps)), np.empty((most, len(self.filters.matrix)))
        matrix = np.ascontiguousarray(self.filters.matrix.T)
        with np.errstate(all="ignore"):
            for block in blocks:
                count = _size(block)
                view = self._view(block)
                np.copyto(windows[:count].reshape(view.shape), view)
                values = self._rounded(windows[:count], matrix, sums[:count])
                target = self.out[block.image, block.plane, block.rows, block.columns]
                target[...] = values.reshape(target.shape)

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
        values = self._finished(windows, sums)
        if raw is not None:
            self._follow_ieee(raw, values)
        if self.job.depth is Depth.F32:
            return values
        return clamped(values, self.job.depth)[0]

    def _finished(self, windows: Floats, sums: Floats) -> NDArray[Any]:
        """Round the values, and recompute those that their errors leave undecided."""
        depth, rounding, filters = self.job.depth, self.job.rounding, self.filters
        if filters.is_settled.all():
            return round_floats(sums + filters.biases, depth, rounding)
        value = sums * filters.gains
        error: Floats = filters.error
        if filters.is_exact.any():  # of those only the gain and the bias are rounded
            bound = error_of_sums(0, np.abs(value) + np.abs(filters.biases))
            error = np.where(filters.is_exact, bound, error)
        if depth is not Depth.F32:
            error = error + _OF_ROUNDING
        error = np.where(filters.is_settled, 0, error)
        value += filters.biases
        result = round_floats(value + error, depth, rounding)
        doubtful = round_floats(value - error, depth, rounding) != result
        for f in np.nonzero(doubtful.any(axis=0))[0]:
            at = np.nonzero(doubtful[:, f])[0]
            if filters.is_exact[f]:
                result[at, f] = self._from_sums(sums[at, f], int(f))
            else:
                result[at, f] = self._again(windows[at], value[at, f], int(f))
        return result

    def _from_sums(self, sums: Floats, f: int) -> NDArray[Any]:
        """Round values whose sums are exact: multiples of a power of two."""
        step = Fraction(float(lowest_bits(sums[None])[0]))
        whole = (sums / float(step)).astype(np.int64)
        return self._whole_or_float(
            Quotients.of(
                whole,
                self.filters.exact_gains[f] * step,
                self.filters.exact_biases[f],
                False,
            )
        )

    def _again(self, windows: Floats, value: Floats, f: int) -> NDArray[Any]:
        """Round values with a bound from their own windows, and the rest exactly."""
        filters, depth, rounding = self.filters, self.job.depth, self.job.rounding
        magnitude = np.abs(windows) @ np.abs(filters.matrix[f]) + abs(filters.biases[f])
        error = error_of_sums(filters.matrix.shape[1], magnitude)
        if np.isinf(filters.error[f]):
            error[:] = np.inf
        if depth is not Depth.F32:
            error += _OF_ROUNDING
        result = round_floats(value + error, depth, rounding)
        left = np.nonzero(round_floats(value - error, depth, rounding) != result)[0]
        for start in range(0, len(left), _CHUNK):
            at = left[start : start + _CHUNK]
            result[at] = self._exactly(windows[at], f)
        return result

    def _exactly(self, windows: Floats, f: int) -> NDArray[Any]:
        """Round values from sums in Python's integers."""
        if f not in self.in_integers:
            weights = [Fraction(weight) for weight in self.filters.exact[f].tolist()]
            common = math.lcm(*(weight.denominator for weight in weights))
            whole = np.array([int(weight * common) for weight in weights], object)
            self.in_integers[f] = np.nonzero(whole)[0], whole[whole != 0], common
        used, whole, common = self.in_integers[f]
        sums = in_units(windows[:, used].astype(np.float32)) @ whole
        gain = Fraction(1, common * UNIT)
        return self._whole_or_float(
            Quotients.of(np.asarray(sums, object), gain, self.filters.exact_biases[f], False)
        )

    def _whole_or_float(self, quotients: Quotients) -> NDArray[Any]:
        depth = self.job.depth
        if depth is Depth.F32:
            return quotients.to_float32()
        whole = quotients.to_whole(self.job.rounding)
        return np.clip(whole, depth.low - 1, depth.high + 1).astype(np.float64)

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
