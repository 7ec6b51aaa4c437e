"""Weighted means of integer images by the core: exact sums of bands, divided and rounded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Correlation, Filtered, Pixels
from imgconv.engines.means import Quotient
from imgconv.engines.native import NativeEngine
from imgconv.engines.pointwise import Affinity, Mean, MeanSums, Target
from imgconv.model.border import Border
from imgconv.model.geometry import Geometry
from imgconv.model.output import Depth
from imgconv.ops.linear.row_bands import Buffers, RowBands
from imgconv.ops.linear.weighed_values import WeighedValues, shares
from imgconv.ops.part import Extremes
from imgconv.system.threads import run_each

_DOUBT = 2.0**-42
"""Error of a quotient of sums in float64, of gains that are rounded to it; and a margin."""
_LEAST = Fraction(1, 1 << 200)  # of gains whose products stay within float64
_UNIT = 1 << 16

Definition = Callable[[Pixels, int, int], Filtered]
"""The result of some output rows by the definition, of the rows of the image that they read."""


class _Means(NamedTuple):
    """How the core makes means.

    Attributes
    ----------
    mean : Mean
    wide : bool
        Whether sums and quotients need float64.
    weight : int
        What the weights add up to.
    """

    mean: Mean
    wide: bool
    weight: int


def mean_in_bands(
    image: Pixels, job: Correlation, quotient: Quotient, engine: NativeEngine
) -> Filtered | None:
    """Return the weighted means of an image, its last channel being the weight.

    Parameters
    ----------
    image : ndarray, shape (rows, columns, 2 or 4)
    job : Correlation
        Of its colours.
    quotient : Quotient
    engine : NativeEngine

    Returns
    -------
    Filtered or None
        None where the core's floats cannot hold what exact means need: float32 pixels, weights of
        many bits.
    """
    plan = _planned(image, job, quotient)
    if plan is None:
        return None
    bands = _Bands(image, job, quotient, engine, plan)
    shape = (*job.geometry.out_shape, image.shape[2])
    out = np.empty(shape, job.depth.dtype)
    fill = bands.fill_floats if job.depth is Depth.F32 else bands.fill
    counts = run_each(lambda span: fill(out[slice(*span)], *span), bands.spans, job.threads)
    known = [count for count in counts if count is not None]
    return Filtered(out, sum(known)) if len(known) == len(counts) else None


def ends_in_bands(
    image: Pixels, job: Correlation, quotient: Quotient, engine: NativeEngine
) -> Extremes | None:
    """Return the least and the greatest quotient of the sums in float64, as `WeighedValues.ends`.

    None where `mean_in_bands` has no result.
    """
    plan = _planned(image, job._replace(depth=Depth.F32), quotient)
    if plan is None:
        return None
    bands = _Bands(image, job, quotient, engine, plan)
    found = run_each(lambda span: bands.ends(*span), bands.spans, job.threads)
    if None in found:
        return None
    all_ends = [end for ends in found if ends is not None for end in ends]
    return (min(all_ends), max(all_ends)) if all_ends else ()


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
    weights = [weight for row in job.weights for weight in row]
    total, size = sum(weights), sum(map(abs, weights))
    peak = int(np.iinfo(image.dtype).max)
    below = peak * size
    above = peak * below
    colour = _affinity(quotient.gain, quotient.bias)
    straight = _affinity(quotient.gain / total, quotient.bias)
    share = _affinity(quotient.share, Fraction(0))
    most_share = max(_most(share, below), share[2])
    bound = max(
        abs(colour[0]) * above + abs(colour[1]) * below,
        abs(colour[2]) * below,
        _most(straight, below),
        straight[2],
        most_share,
        above,
    )
    unit = 1 if image.dtype == np.uint8 else _UNIT
    doubt, floats = 0.0, job.depth is Depth.F32
    if bound < 1 << 52:
        numbers = _reals(colour), _reals(straight), _reals(share)
    else:
        # Sums are exact still, but gains and quotients of them are rounded.
        gain, bias = quotient.gain, quotient.bias
        if (above if unit == 1 else below) >= 1 << 53 or (most_share >= 1 << 52 and not floats):
            return None
        if not _LEAST < abs(gain) < 1 / _LEAST or abs(bias) > 1 << 30:
            return None
        numbers = _rounded(gain, bias), _rounded(gain / total, bias), _reals(share)
        doubt = _DOUBT * (1 + abs(float(bias)))
    mean = Mean(*numbers, 1 if total > 0 else -1, unit, doubt)
    return _Means(mean, floats or bound >= 1 << 23, total)


def _rounded(gain: Fraction, bias: Fraction) -> Affinity:
    return float(gain), float(bias), 1.0


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
    ) -> None:
        outside = np.full(image.shape[2], job.border_value, image.dtype)
        outside[-1] = quotient.opaque
        self._rows = RowBands(job, image, outside if outside.any() else None)
        self._job = job._replace(threads=1)
        self._outside, self._opaque = quotient.opaque, int(np.iinfo(image.dtype).max)
        self._engine = engine
        self._plan, self._quotient = plan, quotient
        self._target = Target(job.depth, job.rounding, job.absolute)
        self._spare: list[Buffers] = []
        self.spans = self._rows.spans()

    @contextmanager
    def _buffers(self) -> Iterator[Buffers]:
        buffers = self._spare.pop() if self._spare else Buffers()
        try:
            yield buffers
        finally:
            self._spare.append(buffers)

    def fill(self, target: Pixels, start: int, stop: int) -> int | None:
        """Write a band and return how many colours were clamped; None where sums fail."""
        with self._buffers() as buffers:
            band, job = self._read(start, stop)
            sums = self._sums(band, job, buffers)
            if sums is None:
                return None
            means = self._engine.pointwise.means
            found = means(self._plan.mean, sums, self._target, target)
            clipped = found.clipped + self._settle(target, found.open, sums)
            if found.last:
                straight = self._straight(band, job, (found.first, found.last), buffers)
                if straight is None:
                    return None
                sums = sums._replace(straight=straight)
                found = means(self._plan.mean, sums, self._target, target)
                clipped += found.clipped + self._settle(target, found.open, sums)
            return clipped

    def fill_floats(self, target: Pixels, start: int, stop: int) -> int | None:
        """Write a band of float32; the same, but nothing is clamped."""
        with self._buffers() as buffers:
            found = self._floats(start, stop, buffers)
            if found is None:
                return None
            (value, below), q, job = found, self._quotient, self._job
            target[..., :-1], clipped = value.rounded(
                q.gain, q.bias, job.absolute, job.rounding, job.depth
            )
            whole = below.astype(np.int64)
            target[..., -1:] = shares(whole, q.share, job.rounding, job.depth)
            return clipped

    def ends(self, start: int, stop: int) -> Extremes | None:
        """Return the ends of a band's quotients; None where sums fail."""
        with self._buffers() as buffers:
            found = self._floats(start, stop, buffers)
            return None if found is None else found[0].ends()

    def _read(self, start: int, stop: int) -> tuple[Pixels, Correlation]:
        geometry = self._rows.geometry(start, stop)
        return self._rows.read(start, stop), self._job._replace(geometry=geometry)

    def _floats(
        self, start: int, stop: int, buffers: Buffers
    ) -> tuple[WeighedValues, NDArray[np.float64]] | None:
        """Return a band's values, each sum rounded to float64 once, and its sums of weights."""
        band, job = self._read(start, stop)
        sums = self._sums(band, job, buffers)
        if sums is None:
            return None
        plain = sums.straight

        def straight() -> NDArray[np.float64]:
            columns = 0, job.geometry.columns.out
            known = self._straight(band, job, columns, buffers) if plain is None else plain
            assert known is not None  # sums of more bits were there
            return known[..., :-1]

        if sums.low is None:
            assert plain is not None
            below, above = plain[..., -1:], plain[..., :-1] * self._opaque
        else:
            below, above = sums.low[..., -1:], sums.low[..., :-1]
            if sums.high is not None:
                above = sums.high[..., :-1] * float(_UNIT) + above
        return WeighedValues.of(above, below, straight, self._plan.weight), below

    def _settle(self, target: Pixels, places: NDArray[np.int64], sums: MeanSums) -> int:
        """Round what floats left open, by exact integers; return how many were clamped."""
        if not places.size:
            return 0
        channels = target.shape[2]

        def whole(of: Pixels | None, at: NDArray[np.int64]) -> NDArray[Any]:
            assert of is not None
            with np.errstate(invalid="ignore"):  # sums that were not needed may be anything
                return of.reshape(-1)[at].astype(np.int64)

        if sums.low is None:
            above = whole(sums.straight, places)
            below = np.full_like(above, self._plan.weight)
        else:
            above = whole(sums.low, places)
            below = whole(sums.low, places // channels * channels + channels - 1)
        if sums.high is not None:
            above = whole(sums.high, places).astype(object) * _UNIT + above
        value = WeighedValues.of(
            above, below, lambda: whole(sums.straight, places), self._plan.weight
        )
        q, job = self._quotient, self._job
        pixels, clipped = value.rounded(q.gain, q.bias, job.absolute, job.rounding, job.depth)
        target.reshape(-1)[places] = pixels
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
