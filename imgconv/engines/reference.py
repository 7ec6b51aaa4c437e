"""The definition of a result, in NumPy integers: slow, short, and meant to be checked by eye.

A sum of whole weights times whole pixels is a whole number; the value, ``gain * sum + bias``, is a
quotient of two, and rounding it is a question about integers. The narrowest integer type serves in
which a bound shows that nothing overflows; beyond int64 those are Python's own.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

import numpy as np

from imgconv.engines import float_sums
from imgconv.engines.base import Correlation, Filtered, Pixels, Tap, padded
from imgconv.engines.rounding import Integers, Quotients, integers_up_to
from imgconv.system.threads import run_each

_BAND_VALUES = 1 << 16  # output values worked on at a time: their sums stay in the L2 cache
_WORK_FOR_THREADS = 10_000_000  # products; less is done before threads have started
_Result = TypeVar("_Result")


class ReferenceEngine:
    """Exact sums in plain NumPy."""

    name = "reference"

    def correlate(self, job: Correlation) -> Filtered:
        """Compute one correlation (see `imgconv.engines.base.Engine`)."""
        out = np.empty((*job.geometry.out_shape, job.image.shape[2]), job.depth.dtype)

        def work(rows: slice, taps: list[Tap]) -> int:
            if job.image.dtype == np.float32:
                out[rows], clipped = float_sums.correlate(job, taps, out[rows].shape)
            else:
                sums = _sums(taps, out[rows].shape)
                value = Quotients.of(sums, job.gain, job.bias, job.absolute)
                out[rows], clipped = value.rounded_to(job.depth, job.rounding)
            return clipped

        return Filtered(out, sum(_each_band(job, work)))

    def extremes(self, job: Correlation) -> tuple[Fraction, Fraction]:
        """Return the least and the greatest sum (see `imgconv.engines.base.Engine`)."""
        floats = job.image.dtype == np.float32

        def work(rows: slice, taps: list[Tap]) -> list[Fraction]:
            shape = rows.stop - rows.start, job.geometry.columns.out, job.image.shape[2]
            if floats:
                return float_sums.extremes(taps, shape)
            sums = _sums(taps, shape)
            return [Fraction(int(sums.min())), Fraction(int(sums.max()))]

        found = [extreme for band in _each_band(job, work) for extreme in band]
        return min(found, default=Fraction(0)), max(found, default=Fraction(0))

    def sums(self, job: Correlation) -> Pixels:
        """Return the sums themselves (see `imgconv.engines.base.Engine`)."""
        floats = job.image.dtype == np.float32
        work = float_sums.nearly if floats else _sums

        def band(rows: slice, taps: list[Tap]) -> Pixels:
            shape = rows.stop - rows.start, job.geometry.columns.out, job.image.shape[2]
            return work(taps, shape)

        return np.concatenate(_each_band(job, band))


def _each_band(job: Correlation, work: Callable[[slice, list[Tap]], _Result]) -> list[_Result]:
    """Compute bands of output rows, on several threads where there are several bands."""
    source = padded(job)
    rows, columns = job.geometry.out_shape
    step = max(1, _BAND_VALUES // (columns * job.image.shape[2]))
    bands = [slice(row, min(row + step, rows)) for row in range(0, rows, step)]

    def band(rows: slice) -> _Result:
        return work(rows, _taps(job, source, rows))

    taps = sum(weight != 0 for weights in job.weights for weight in weights)
    return run_each(band, bands, job.threads if rows * columns * taps >= _WORK_FOR_THREADS else 1)


def _taps(job: Correlation, source: Pixels, rows: slice) -> list[Tap]:
    """Return each weight that is not zero with the pixels it meets, one for each output value."""
    down, across = job.geometry.rows, job.geometry.columns
    pairs = []
    for r, weights in enumerate(job.weights):
        top = rows.start * down.stride + r * down.dilation
        bottom = top + (rows.stop - rows.start - 1) * down.stride + 1
        for c, weight in enumerate(weights):
            left = c * across.dilation
            right = left + (across.out - 1) * across.stride + 1
            if weight:
                pixels = source[top : bottom : down.stride, left : right : across.stride]
                pairs.append((weight, pixels))
    return pairs


def _sums(taps: list[Tap], shape: tuple[int, ...]) -> Integers:
    """Sum weight times pixel, exactly, for an integer image."""
    largest = 1 << (8 * taps[0][1].dtype.itemsize) if taps else 1
    number = integers_up_to(largest * sum(abs(weight) for weight, _ in taps))
    total = np.zeros(shape, number)
    product = np.empty(shape, number)
    for weight, pixels in taps:
        if weight == 1:
            total += pixels
        else:
            np.multiply(pixels, weight, out=product, dtype=number, casting="unsafe")
            total += product
    return total
