"""Weighted means of integer images by the core: exact sums of bands, divided and rounded."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from imgconv.engines.base import Correlation, Filtered, Pixels
from imgconv.engines.means import Quotient
from imgconv.engines.native import NativeEngine
from imgconv.engines.pointwise import Affinity, Mean, MeanSums, Target
from imgconv.model.border import Border
from imgconv.model.geometry import Geometry
from imgconv.model.output import Depth
from imgconv.ops.linear.row_bands import Buffers, RowBands
from imgconv.system.threads import run_each

_DOUBT = 2.0**-48
"""Roundings of a quotient whose numerator was rounded once, and a margin."""
_UNIT = 1 << 16

Definition = Callable[[Pixels, int, int], Filtered]
"""The result of some output rows by the definition, of the rows of the image that they read."""


class _Means(NamedTuple):
    """Numbers for the core, and whether sums and quotients need float64."""

    mean: Mean
    wide: bool


def mean_in_bands(
    image: Pixels,
    job: Correlation,
    quotient: Quotient,
    engine: NativeEngine,
    definition: Definition,
) -> Filtered | None:
    """Return the weighted means of an image, its last channel being the weight.

    Parameters
    ----------
    image : ndarray, shape (rows, columns, 2 or 4)
    job : Correlation
        Of its colours.
    quotient : Quotient
    engine : NativeEngine
    definition : callable
        For bands that float64 leaves undecided.

    Returns
    -------
    Filtered or None
        None where the core's floats cannot hold what exact means need: float32 pixels, weights of
        many bits.
    """
    plan = _planned(image, job, quotient)
    if plan is None:
        return None
    bands = _Bands(image, job, quotient, engine, plan, definition)
    shape = (*job.geometry.out_shape, image.shape[2])
    out = np.empty(shape, job.depth.dtype)
    counts = run_each(lambda span: bands.fill(out, *span), bands.spans, job.threads)
    if None in counts:
        return None
    return Filtered(out, sum(count for count in counts if count is not None))


def each_band(image: Pixels, job: Correlation, outside: Pixels, definition: Definition) -> Filtered:
    """Return what the definition makes of one band after the other: they fit in the cache."""
    rows = RowBands(job, image, outside)
    out = np.empty((*job.geometry.out_shape, image.shape[2]), job.depth.dtype)

    def fill(span: tuple[int, int]) -> int:
        found = definition(rows.read(*span, sides=False), *span)
        out[slice(*span)] = found.image
        return found.clipped

    return Filtered(out, sum(run_each(fill, rows.spans(), job.threads)))


def _planned(image: Pixels, job: Correlation, quotient: Quotient) -> _Means | None:
    """Return how the core does it, or None where a bound shows that it cannot."""
    if image.dtype not in (np.uint8, np.uint16) or image.shape[2] not in (2, 4):
        return None
    if job.depth is Depth.F32:
        return None
    weights = [weight for row in job.weights for weight in row]
    total, size = sum(weights), sum(map(abs, weights))
    peak = int(np.iinfo(image.dtype).max)
    below = peak * size
    above = peak * below
    colour = _affinity(quotient.gain, quotient.bias)
    straight = _affinity(quotient.gain / total, quotient.bias)
    share = _affinity(quotient.share, Fraction(0))
    plain = max(_most(straight, below), _most(share, below), straight[2], share[2])
    bound = max(
        abs(colour[0]) * above + abs(colour[1]) * below, abs(colour[2]) * below, plain, above
    )
    sign = 1 if total > 0 else -1
    unit = 1 if image.dtype == np.uint8 else _UNIT
    doubt = 0.0
    if bound >= 1 << 52:
        # High and low halves are exact still; what they add up to is rounded, and has no bias.
        if (
            unit == 1
            or quotient.bias
            or max(plain, *map(abs, colour), below * colour[2]) >= 1 << 52
        ):
            return None
        doubt = _DOUBT
    mean = Mean(_reals(colour), _reals(straight), _reals(share), sign, unit, doubt)
    return _Means(mean, bound >= 1 << 23)


def _affinity(gain: Fraction, bias: Fraction) -> tuple[int, int, int]:
    divisor = math.lcm(gain.denominator, bias.denominator)
    return int(gain * divisor), int(bias * divisor), divisor


def _most(affinity: tuple[int, int, int], bound: int) -> int:
    return abs(affinity[0]) * bound + abs(affinity[1])


def _reals(numbers: tuple[int, int, int]) -> Affinity:
    return float(numbers[0]), float(numbers[1]), float(numbers[2])


class _Bands:
    """Computes bands of weighted means."""

    def __init__(
        self,
        image: Pixels,
        job: Correlation,
        quotient: Quotient,
        engine: NativeEngine,
        plan: _Means,
        definition: Definition,
    ) -> None:
        outside = np.full(image.shape[2], job.border_value, image.dtype)
        outside[-1] = quotient.opaque
        self._rows = RowBands(job, image, outside if outside.any() else None)
        self._job = job._replace(threads=1)
        self._outside, self._opaque = quotient.opaque, int(np.iinfo(image.dtype).max)
        self._engine = engine
        self._plan = plan
        self._target = Target(job.depth, job.rounding, job.absolute)
        self._definition = definition
        self._spare: list[Buffers] = []
        self.spans = self._rows.spans()

    def fill(self, out: Pixels, start: int, stop: int) -> int | None:
        """Write a band and return how many colours were clamped; None where sums fail."""
        buffers = self._spare.pop() if self._spare else Buffers()
        try:
            return self._filled(out, start, stop, buffers)
        finally:
            self._spare.append(buffers)

    def _filled(self, out: Pixels, start: int, stop: int, buffers: Buffers) -> int | None:
        band = self._rows.read(start, stop)
        mean, _ = self._plan
        job = self._job._replace(geometry=self._rows.geometry(start, stop))
        sums = self._sums(band, job, buffers)
        if sums is None:
            return None
        points, target = self._engine.pointwise, out[start:stop]
        clipped, undecided, first, last = points.means(mean, sums, self._target, target)
        if last:
            straight = self._straight(band, job, (first, last), buffers)
            if straight is None:
                return None
            sums = sums._replace(straight=straight)
            more, more_undecided, _, _ = points.means(mean, sums, self._target, target)
            clipped, undecided = clipped + more, undecided + more_undecided
        if undecided:
            band = self._rows.read(start, stop, sides=False)
            out[start:stop], clipped = self._definition(band, start, stop)
        return clipped

    def _sums(self, band: Pixels, job: Correlation, buffers: Buffers) -> MeanSums | None:
        """Return the sums that a band needs: where all or nothing is seen, those of its pixels."""
        every, some = self._engine.pointwise.weight_bits(band)
        if job.border is Border.CONSTANT:
            every, some = every & self._outside, some | self._outside
        if every == self._opaque or some == 0:
            straight = self._exact(band, job, buffers, "straight")
            return None if straight is None else MeanSums(None, straight=straight)
        low = buffers.take("low", band.shape, np.uint16)
        high = None if band.dtype == np.uint8 else buffers.take("high", band.shape, np.uint16)
        self._engine.pointwise.weigh(band, low, high)
        low_sums = self._exact(low, job, buffers, "low sums")
        high_sums = None if high is None else self._exact(high, job, buffers, "high sums")
        if low_sums is None or (high is not None and high_sums is None):
            return None
        return MeanSums(low_sums, high_sums)

    def _straight(
        self, band: Pixels, job: Correlation, columns: tuple[int, int], buffers: Buffers
    ) -> Pixels | None:
        """Return sums of the pixels themselves, computed in some columns."""
        rows, across = job.geometry
        sums = self._taken(job, band, buffers, "straight")
        part = sums[:, slice(*columns)]
        before = across.before - columns[0] * across.stride
        across = across._replace(before=before, out=part.shape[1])
        job = job._replace(image=band, geometry=Geometry(rows, across))
        return sums if self._engine.exact_sums(job, part) else None

    def _exact(
        self, pixels: Pixels, job: Correlation, buffers: Buffers, name: str
    ) -> Pixels | None:
        out = self._taken(job, pixels, buffers, name)
        return out if self._engine.exact_sums(job._replace(image=pixels), out) else None

    def _taken(self, job: Correlation, pixels: Pixels, buffers: Buffers, name: str) -> Pixels:
        shape = (*job.geometry.out_shape, pixels.shape[2])
        return buffers.take(name, shape, np.float64 if self._plan.wide else np.float32)
