"""Weighted means by the core in one pass: products, their sums, and the quotient of two of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from imgconv.engines import costs
from imgconv.engines.base import Correlation
from imgconv.engines.kernel_facts import KernelFacts
from imgconv.engines.plan import Algorithm, Plan, SumKind
from imgconv.engines.request import Request
from imgconv.model.output import Depth, Rounding

_ULPS = {True: 2.0**-53, False: 2.0**-24}
_WHOLE_BITS = {True: 52, False: 23}
_MOST_ERROR = 0.02
_MARGIN = 1.02  # of what is of second order
_CORE_LIMIT = 1 << 124
_SAFE = 2.0**60  # between its inverse and itself no gain takes bounds out of float64
_BITS_OF_BOXES = {Depth.U8: 31, Depth.U16: 53}
_PRODUCTS_OF_BOX = 0.2  # nanoseconds: those of the row that leaves are made again


class Quotient(NamedTuple):
    """What a weighted mean becomes.

    Attributes
    ----------
    gain, bias : Fraction
        Of the mean.
    share : Fraction
        What the sum of the weights is multiplied by, for the last channel.
    opaque : int
        The weight that stands outside under a constant border.
    """

    gain: Fraction
    bias: Fraction
    share: Fraction
    opaque: int


class MeanPlan(NamedTuple):
    """How the core computes weighted means.

    Attributes
    ----------
    plan : Plan
        Of the sums.
    column, row : list of float
        Whole factors of a separable plan.
    quotients : list of int
        Factor, what is added and denominator of a colour, of one that cannot be seen, of a weight.
    numbers : list of float
        Sign and weight outside; whether sums may be off; by how much a colour, one that cannot
        be seen and a weight; what is divided by the sum of weights and added to the first; by how
        much that sum may be off.
    """

    plan: Plan
    column: list[float]
    row: list[float]
    quotients: list[int]
    numbers: list[float]


class _Bounds(NamedTuple):
    """Numbers that the errors depend on.

    Attributes
    ----------
    size : int
        Sum of the weights' magnitudes.
    total : int
        Sum of the weights.
    peak : int
        Of the image.
    most : int
        Magnitude of the output that is furthest from 0.
    """

    size: int
    total: int
    peak: int
    most: int


def plan_means(job: Correlation, quotient: Quotient, request: Request) -> MeanPlan | None:
    """Return how the core computes means, the last channel of the image being the weight.

    Returns
    -------
    MeanPlan or None
        None where it cannot: pixels or values that are no integers, values cut off, where whole
        numbers are as common as the ends of what is cut, and numbers of too many bits.
    """
    if job.image.shape[2] not in (2, 4) or request.stride[1] > 4:
        return None
    facts = KernelFacts(job.weights, Fraction(1), Fraction(0))
    if job.image.dtype == np.float32:
        return _of_floats(facts, quotient, request) if job.depth is Depth.F32 else None
    if job.image.dtype == np.int16 or job.depth is Depth.F32 or job.rounding is Rounding.TRUNCATE:
        return None
    flat = facts.flat
    peak = int(np.iinfo(job.image.dtype).max)
    most = max(-job.depth.low, job.depth.high) + 1
    bounds = _Bounds(sum(map(abs, flat)), sum(flat), peak, most)
    affinities = [
        _affinity(quotient.gain, quotient.bias),
        _affinity(quotient.gain / bounds.total, quotient.bias),
        _affinity(quotient.share, Fraction(0)),
    ]
    if _largest(affinities, bounds) >= _CORE_LIMIT:
        return None
    whole = [number for numbers in affinities for number in numbers]
    found = [
        _mean(plan, facts, whole, [*numbers, 0, 0, 0, 0, float(_one_sign(facts)), 0, 0])
        for plan in _plans(facts, request, bounds)
        if (numbers := _numbers(plan, facts, quotient, bounds, affinities))
    ]
    return min(found, key=lambda mean: mean.plan.cost, default=None)


def _mean(plan: Plan, facts: KernelFacts, quotients: list[int], numbers: list[float]) -> MeanPlan:
    column, row = facts.factors if plan.separable and facts.factors else ((), ())
    return MeanPlan(plan, [float(w) for w in column], [float(w) for w in row], quotients, numbers)


def _of_floats(facts: KernelFacts, quotient: Quotient, request: Request) -> MeanPlan | None:
    """Return how the core computes means of floats."""
    flat = facts.flat
    bounds = _Bounds(sum(map(abs, flat)), sum(flat), 1, 1)
    reals = [float(number) for number in quotient[:3]]
    small = [0 < abs(number) < 1 / _SAFE for number in reals]
    if any(small) or max(map(abs, reals)) > _SAFE:
        return None
    ulp = _MARGIN * _ULPS[True]
    found = [
        _mean(
            plan,
            facts,
            [0, 0, 1] * 3,
            [
                *[1.0 if bounds.total > 0 else -1.0, quotient.opaque, 1, 0, 0, 0, 0, 0],
                *[reals[0], reals[1], reals[2]],
                ulp * (max(_roundings(plan, facts), facts.taps) + 4),
                *[float(_one_sign(facts)), float(abs(bounds.total)), float(bounds.size)],
            ],
        )
        for plan in _plans(facts, request, bounds)
    ]
    return min(found, key=lambda mean: mean.plan.cost, default=None)


def _affinity(gain: Fraction, bias: Fraction) -> tuple[int, int, int]:
    divisor = math.lcm(gain.denominator, bias.denominator)
    return int(gain * divisor), int(bias * divisor), divisor


def _largest(affinities: list[tuple[int, int, int]], bounds: _Bounds) -> int:
    """Return a bound on all whole numbers of the quotients."""
    colour, straight, share = affinities
    below = bounds.peak * bounds.size
    return max(
        abs(colour[0]) * bounds.peak * below + abs(colour[1]) * below,
        colour[2] * below,
        abs(straight[0]) * below + abs(straight[1]),
        straight[2],
        abs(share[0]) * below,
        share[2],
    )


def _plans(facts: KernelFacts, request: Request, bounds: _Bounds) -> Iterator[Plan]:
    """Yield the sums that the core can compute of products."""
    rows = facts.shape[0]
    factors = facts.factors if min(facts.shape) > 1 else None
    near = request.stride == request.dilation == (1, 1)
    if facts.equal and near and request.depth_in in _BITS_OF_BOXES:
        wide = request.depth_in is not Depth.U8
        if bounds.peak**2 * bounds.size < 1 << _BITS_OF_BOXES[request.depth_in]:
            cost = costs.box(request) * (2 if wide else 1) + _PRODUCTS_OF_BOX
            yield Plan("box", Algorithm.BOX, cost=cost)
    if request.depth_in is Depth.U8:
        if _fits_pairs(facts.flat):
            cost = costs.by_taps("dot16", request, facts.taps * (rows + 1) / rows)
            yield Plan("dot16", Algorithm.DOT16, cost=cost)
        if factors and _fits_pairs(factors[0]):
            cost = costs.by_taps("dot16", request, rows + 1)
            cost += costs.across("fma32", request, factors[1])
            yield Plan("separable", Algorithm.DOT16, SumKind.REAL, separable=True, cost=cost)
    if bounds.size >= 1 << 53:
        return
    cost = costs.by_taps("fma64", request, facts.taps)
    yield Plan("fma64", Algorithm.F64, SumKind.REAL, cost=cost)
    if factors:
        cost = costs.by_taps("fma64", request, rows) + costs.across("fma64", request, factors[1])
        yield Plan("separable", Algorithm.F64, SumKind.REAL, separable=True, cost=cost)


def _fits_pairs(weights: Sequence[int]) -> bool:
    """Return whether no sum of products less 2**15 leaves int32."""
    size = sum(map(abs, weights))
    largest = 255 * 255 if min(weights) >= 0 else 1 << 16
    return max(map(abs, weights)) <= 32767 and largest * size < 1 << 31


def _numbers(
    plan: Plan,
    facts: KernelFacts,
    quotient: Quotient,
    bounds: _Bounds,
    affinities: list[tuple[int, int, int]],
) -> list[float]:
    """Return what the core is told beside the quotients; nothing where errors are too large."""
    wide = plan.algorithm is Algorithm.F64 or bounds.peak > 255
    size, total, peak, most = bounds
    sign = 1.0 if total > 0 else -1.0
    ulp = _MARGIN * _ULPS[wide]
    bias = abs(float(quotient.bias))
    steps = 8 * ulp * (most + 2 * bias)  # from sums to values
    if max(_largest(affinities, bounds), peak * peak * size) < 1 << _WHOLE_BITS[wide]:
        # No sum is rounded, and a quotient that is rounded once stays on its side of every half,
        # from which it is further than that, or on it.
        return [sign, quotient.opaque, 0, steps, steps, steps, 0, 0] if steps < 0.25 else []
    roundings = _roundings(plan, facts)
    gain = abs(float(quotient.gain))
    share, straight = abs(float(quotient.share)), gain / abs(total)
    # Of weights of one sign a sum is off by a part of itself, and so are whole sums that are
    # rounded once; of others by a part of what the magnitudes add up to.
    relative = roundings == 1 or _one_sign(facts)
    largest = peak * size
    error_of_straight = steps + ulp * roundings * straight * (most if relative else largest)
    if relative:
        error, over, floor = steps + 2 * ulp * roundings * (most + bias), 0.0, 0.0
        error_of_share = steps + ulp * roundings * most
    else:
        floor = ulp * roundings * largest
        over = floor * (peak * gain + most + bias)
        error, error_of_share = steps, steps + floor * share
    if relative:
        error_of_straight = steps + ulp * roundings * (most + bias)
    errors = error, error_of_straight, error_of_share
    if max(errors) > _MOST_ERROR or (over and over > _MOST_ERROR * peak * abs(total)):
        return []
    return [sign, quotient.opaque, 1, *errors, over, floor]


def _one_sign(facts: KernelFacts) -> bool:
    return min(facts.flat) >= 0 or max(facts.flat) <= 0


def _roundings(plan: Plan, facts: KernelFacts) -> int:
    """Return how many times a sum is rounded, the weights included."""
    if plan.algorithm is Algorithm.BOX:
        return 1
    if plan.algorithm is Algorithm.DOT16:
        return facts.shape[1] + 2 if plan.separable else 1
    return (sum(facts.shape) if plan.separable else facts.taps) + 3
