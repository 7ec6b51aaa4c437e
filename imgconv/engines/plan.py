"""Choose how a correlation is computed: facts in, plan out, nothing is run.

Every path gives the same bits; the planner returns the cheapest that its bounds allow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import Enum
from itertools import chain
from typing import NamedTuple

import numpy as np

from imgconv.engines import costs
from imgconv.engines.fourier_bounds import fourier_bounds
from imgconv.engines.kernel_facts import KernelFacts
from imgconv.engines.request import Request
from imgconv.model.output import Depth


class Algorithm(Enum):
    """How the sums are computed; the core's enumeration has the same names."""

    TAPS16 = "taps16"
    """8-bit weights, sums in int16."""
    DOT8 = "dot8"
    """8-bit weights, sums in int32, four rows per instruction."""
    DOT16 = "dot16"
    """16-bit weights, sums in int32, two rows per instruction."""
    F32 = "f32"
    F64 = "f64"
    BOX = "box"
    """Running sums in both directions; all weights are equal."""
    RUNNING = "running"
    """Running sums down the columns."""
    FFT = "fft"
    EXACT = "exact"
    """int64, int128 or wider, value by value."""


class SumKind(Enum):
    """What the sums are; the core's enumeration has the same names."""

    INTEGER = "integer"
    """``sum(weights * pixels)``, exactly."""
    FIXED = "fixed"
    """The value in units of ``2**-shift``, off by at most the bound."""
    REAL = "real"
    """The value, off by at most the bound."""


class Plan(NamedTuple):
    """How a correlation is computed.

    Attributes
    ----------
    path : str
        Name, one of `PATHS`.
    algorithm, horizontal : Algorithm
        Of the sums; of the vertical and of the horizontal pass where `separable`.
    sum_kind : SumKind
    separable : bool
    shift : int
        Of `SumKind.FIXED`.
    bound : float
        Largest error of a sum; per unit of the largest pixel where the image is float32.
    bound_fixed : float
        Added to `bound` for float32 images.
    scaled : bool
        Of `SumKind.REAL`: the sums are of the whole weights, and the gain comes after; for float32
        outputs.
    exact_span : float
        Sums are exact where pixels are less than this many units; the unit of a float32 image is
        the last bit of its least pixel that is not zero.
    tile : (int, int)
        Rows and columns of a tile that is Fourier transformed.
    whole : bool
        Of tiles: sums are off by less than a half, and so exact once they are rounded.
    cost : float
        Estimate in nanoseconds per output value.
    """

    path: str
    algorithm: Algorithm = Algorithm.EXACT
    sum_kind: SumKind = SumKind.INTEGER
    separable: bool = False
    horizontal: Algorithm = Algorithm.EXACT
    shift: int = 0
    bound: float = 0.0
    bound_fixed: float = 0.0
    scaled: bool = False
    exact_span: float = 0.0
    tile: tuple[int, int] = (0, 0)
    whole: bool = False
    cost: float = 0.0


PATHS = (
    *("taps16", "dot8", "dot16", "fixed16", "fma32", "fma64", "separable", "box", "running"),
    *("fft", "exact", "reference"),
)

_PEAKS = {Depth.U8: 255, Depth.U16: 65535, Depth.I16: 32768}
_ULPS = {Algorithm.F32: 2.0**-24, Algorithm.F64: 2.0**-53}
_NAMES = {Algorithm.F32: "fma32", Algorithm.F64: "fma64", Algorithm.DOT16: "dot16"}
_EXACT_BITS = {Algorithm.F32: 24, Algorithm.F64: 53}
_MOST_UNDECIDED = 0.1  # share of values that may be left to the exact fallback
_LARGEST_CHANGE = 32767
"""Of weights down a column: the core multiplies by it in 16 bits."""
_SIDES = (64, 128, 256, 512, 1024)


def make_plan(facts: KernelFacts, request: Request, *, proved: bool = True) -> Plan:
    """Return the cheapest plan for a kernel.

    Parameters
    ----------
    facts : KernelFacts
    request : Request
    proved : bool
        False where no fast way to round exact integer sums was proved right.
    """
    found = candidates(facts, request, proved=proved)
    if request.depth_out is None:
        found = chain(filter(is_exact, found), [Plan("reference", cost=1e9)])
    return min(found, key=lambda plan: plan.cost)


def is_exact(plan: Plan) -> bool:
    """Return whether a plan has the exact sums before it rounds them."""
    return plan.sum_kind is SumKind.INTEGER and plan.algorithm is not Algorithm.EXACT


def candidates(facts: KernelFacts, request: Request, *, proved: bool = True) -> Iterator[Plan]:
    """Yield every plan that is right, the reference alone where the core's integers are too narrow.

    Otherwise ``exact`` is always among them.
    """
    if not _fits_core(facts, request):
        yield Plan("reference", cost=1e9)
        return
    yield Plan("exact", cost=60 + 2.0 * facts.taps)
    if request.channels > 64 or request.stride[1] > 4 or not facts.taps:
        return
    integer = proved and _may_be_integer(facts, request)
    for found in _fast(facts, request, integer=integer):
        plan = _with_scale(facts, request, found)
        small = _ring_bytes(facts, request, plan) <= costs.MOST_BYTES
        if small or plan.algorithm in (Algorithm.BOX, Algorithm.FFT):
            yield plan._replace(cost=plan.cost * request.stride[1])


def _fits_core(facts: KernelFacts, request: Request) -> bool:
    """Return whether the core's integers hold every sum and its doubles every weight."""
    total = facts.positive + facts.negative
    limit = 1 << 124
    if facts.gain == 0 or max(facts.denominator, abs(facts.added), abs(facts.factor)) >= limit:
        return False
    if request.depth_in is Depth.F32:
        return total < 1 << 100 and 2**-800 < abs(facts.gain) < 2**800
    return total << 16 < limit


def _may_be_integer(facts: KernelFacts, request: Request) -> bool:
    """Return whether exact sums are possible and can be rounded; the core proves that they are."""
    if request.depth_in is Depth.F32 or (request.absolute and facts.added):
        return False
    return request.depth_out is not Depth.F32 or facts.denominator.bit_count() == 1


def _peak(facts: KernelFacts, request: Request) -> int:
    """Return a bound on the magnitude of every partial sum of an integer image, in any order."""
    if request.depth_in is Depth.I16:
        return 32768 * (facts.positive + facts.negative)
    return _PEAKS[request.depth_in] * max(facts.positive, facts.negative)


def _fast(facts: KernelFacts, request: Request, *, integer: bool) -> Iterator[Plan]:
    if request.depth_in is Depth.U8:
        if integer:
            yield from _byte_integer(facts, request)
        if request.depth_out is not Depth.F32:
            yield from _fixed(facts, request)
    yield from _box(facts, request, integer=integer)
    if integer:
        yield from _running(facts, request)
    yield from _direct_fma(facts, request, integer=integer)
    yield from _fourier(facts, request, integer=integer)
    if facts.factors and min(facts.shape) > 1:
        yield from _separable(facts, request, integer=integer)


def _with_scale(facts: KernelFacts, request: Request, plan: Plan) -> Plan:
    """Return the plan with sums of whole weights for float32 outputs: these are often exact."""
    if plan.sum_kind is not SumKind.REAL or request.depth_out is not Depth.F32:
        return plan
    total = facts.positive + facts.negative
    span = 2.0**53 / total if total < 1 << 53 else 0.0
    plan = plan._replace(scaled=True, exact_span=span)
    if plan.algorithm is Algorithm.FFT:
        return plan._replace(bound=0.0 if plan.whole else plan.bound)
    if request.depth_in is Depth.F32:
        return plan
    exact = _PEAKS[request.depth_in] * total < 1 << 53
    return plan._replace(bound=0.0 if exact else plan.bound)


def _byte_integer(facts: KernelFacts, request: Request) -> Iterator[Plan]:
    peak, low, high = _peak(facts, request), min(facts.flat), max(facts.flat)
    rows = facts.shape[0]
    if low >= -128 and high <= 127:
        if peak <= 32767 and request.capabilities.taps16:
            cost = costs.by_taps("taps16", request, facts.taps)
            yield Plan("taps16", Algorithm.TAPS16, cost=cost)
        if peak < 1 << 31 and request.capabilities.dot8:
            cost = costs.by_taps("dot8", request, facts.taps * (rows + 3) / rows)
            yield Plan("dot8", Algorithm.DOT8, cost=cost)
    if low >= -32768 and high <= 32767 and peak < 1 << 31:
        yield Plan("dot16", Algorithm.DOT16, cost=costs.words(facts, request, fixed=False))


def _box(facts: KernelFacts, request: Request, *, integer: bool) -> Iterator[Plan]:
    if not facts.equal or request.stride != (1, 1) or request.dilation != (1, 1):
        return
    plan = Plan("box", Algorithm.BOX, cost=costs.box(request))
    if integer and _peak(facts, request) < 1 << 31:
        yield plan
    if request.depth_in is request.depth_out is Depth.F32:  # where running sums would be rounded:
        apart = min(facts.shape) > 1
        roundings = (sum(facts.shape) if apart else facts.taps) + 8
        bound, fixed = _real_bounds(facts, request, Algorithm.F64, roundings)
        plan = plan._replace(sum_kind=SumKind.REAL, bound=bound, bound_fixed=fixed)
        yield plan._replace(separable=apart, horizontal=Algorithm.F64)


def _running(facts: KernelFacts, request: Request) -> Iterator[Plan]:
    """Yield the plan whose sums move down the columns by what changes from row to row."""
    dense = request.stride == (1, 1) and request.dilation[0] == 1
    if not dense or _peak(facts, request) >= 1 << 31 or facts.largest_change > _LARGEST_CHANGE:
        return
    yield Plan("running", Algorithm.RUNNING, cost=costs.running(facts, request))


def _fixed(facts: KernelFacts, request: Request) -> Iterator[Plan]:
    """Yield the plan with 16-bit weights, off by half a unit at most, and its bound."""
    largest = float(np.abs(facts.reals).max())
    span = 255 * max(facts.positive, facts.negative) * facts.scale
    span += abs(float(facts.bias)) + 2
    if not 2.0**-60 < largest < 2.0**14:
        return
    shift = min(
        22, math.floor(math.log2(32766 / largest)), math.floor(math.log2(2.0**31 * 0.99 / span))
    )
    if shift < 2:
        return
    units = facts.reals * 2.0**shift
    errors = units - np.rint(units)
    off = 255 * max(errors[errors > 0].sum(), -errors[errors < 0].sum())
    bound = math.ceil(1.001 * float(off) + 1.0)  # 1: the bias is rounded too
    share = 2 * bound / 2.0**shift
    if share > _MOST_UNDECIDED:
        return
    cost = costs.words(facts, request, fixed=True) + costs.undecided(facts, share)
    yield Plan(
        "fixed16", Algorithm.DOT16, SumKind.FIXED, shift=shift, bound=float(bound), cost=cost
    )


def _real_bounds(
    facts: KernelFacts, request: Request, algorithm: Algorithm, roundings: int
) -> tuple[float, float]:
    """Return bounds on the error of a number of roundings in a row (Higham, 2002, section 3.1).

    2 % covers the second order, the last term products that are too small to be normal.
    """
    ulp = 1.02 * _ULPS[algorithm]
    total = float(facts.positive + facts.negative) * facts.scale
    peak = 1 if request.depth_in is Depth.F32 else _PEAKS[request.depth_in]
    slack = 1e-300 if algorithm is Algorithm.F64 else 1e-25
    fixed = ulp * 4 * abs(float(facts.bias)) + slack
    scaled = ulp * roundings * total * peak
    return (scaled, fixed) if request.depth_in is Depth.F32 else (scaled + fixed, 0.0)


def _direct_fma(facts: KernelFacts, request: Request, *, integer: bool) -> Iterator[Plan]:
    for algorithm in (Algorithm.F32, Algorithm.F64):
        name = _NAMES[algorithm]
        cost = costs.by_taps(name, request, facts.taps)
        if integer and _peak(facts, request) < 1 << _EXACT_BITS[algorithm]:
            yield Plan(name, algorithm, cost=cost)
        elif algorithm is Algorithm.F64 or _f32_serves(request):
            bound, fixed = _real_bounds(facts, request, algorithm, facts.taps + 8)
            if undecided_cost := _undecided_cost(facts, request, bound):
                yield Plan(
                    name,
                    algorithm,
                    SumKind.REAL,
                    bound=bound,
                    bound_fixed=fixed,
                    cost=cost + undecided_cost,
                )


def _f32_serves(request: Request) -> bool:
    return request.depth_in is not Depth.F32 and request.depth_out is not Depth.F32


def _undecided_cost(facts: KernelFacts, request: Request, bound: float) -> float:
    """Return the cost of recomputing undecided values; 0 when there would be too many."""
    if request.depth_in is Depth.F32 or request.depth_out is Depth.F32:
        return 0.01
    return 0.01 + costs.undecided(facts, 2 * bound) if 2 * bound < _MOST_UNDECIDED else 0.0


def _fourier(facts: KernelFacts, request: Request, *, integer: bool) -> Iterator[Plan]:
    """Yield plans with Fourier transformed tiles, in the size that costs least."""
    if request.stride != (1, 1) or request.dilation != (1, 1) or facts.taps < 16:
        return
    tiles = [
        Plan("fft", Algorithm.FFT, tile=(rows, columns), cost=cost)
        for rows in _SIDES
        for columns in _SIDES
        if (cost := costs.tile(facts, request, rows, columns))
    ]
    if not tiles:
        return
    plan = min(tiles, key=lambda plan: plan.cost)
    peak = 1 if request.depth_in is Depth.F32 else _PEAKS[request.depth_in]
    whole, bound, fixed = fourier_bounds(facts, peak, plan.tile)
    if request.depth_in is not Depth.F32:
        bound, fixed = bound + fixed, 0.0
    if request.depth_in is not Depth.F32 and whole < 0.49:
        if integer:
            yield plan._replace(whole=True)
        if request.depth_out is Depth.F32:
            yield plan._replace(sum_kind=SumKind.REAL, whole=True)
    undecided_cost = _undecided_cost(facts, request, bound)
    if request.depth_out is Depth.F32:
        part = bound / (facts.scale * (facts.positive + facts.negative) * peak)
        serves = part * 2.0**26 < _MOST_UNDECIDED
        words = request.depth_in is not Depth.F32
        undecided_cost = costs.undecided_floats(facts, part, flat=words) if serves else 0.0
    if undecided_cost:
        real = plan._replace(sum_kind=SumKind.REAL, bound=bound, bound_fixed=fixed)
        yield real._replace(cost=plan.cost + undecided_cost)


def _separable(facts: KernelFacts, request: Request, *, integer: bool) -> Iterator[Plan]:
    column, row = facts.factors or ((), ())
    total = _PEAKS.get(request.depth_in, 1)
    total *= sum(map(abs, column)) * sum(map(abs, row))
    for horizontal in (Algorithm.F32, Algorithm.F64):
        vertical = _vertical(column, request, horizontal)
        plan = Plan("separable", vertical, separable=True, horizontal=horizontal)
        cost = costs.by_taps(_NAMES[vertical], request, len(column))
        cost += costs.across(_NAMES[horizontal], request, row)
        exact = integer and total < 1 << _EXACT_BITS[horizontal]
        if exact:
            yield plan._replace(cost=cost)
        short = vertical is Algorithm.DOT16 and horizontal is Algorithm.F32
        in_planes = costs.symmetric(facts, request) if short else 0.0
        if in_planes or (not exact and (horizontal is Algorithm.F64 or _f32_serves(request))):
            roundings = len(row) + (1 if vertical is Algorithm.DOT16 else len(column))
            roundings += 8 if horizontal is Algorithm.F64 else 4  # weights may be rounded there
            bound, fixed = _real_bounds(facts, request, horizontal, roundings)
            if undecided_cost := _undecided_cost(facts, request, bound):
                yield plan._replace(
                    sum_kind=SumKind.REAL,
                    bound=bound,
                    bound_fixed=fixed,
                    cost=(in_planes or cost) + undecided_cost,
                )


def _vertical(column: tuple[int, ...], request: Request, horizontal: Algorithm) -> Algorithm:
    """Return the algorithm of the vertical pass: integer where pixels and column allow."""
    short = request.depth_in is Depth.U8 and max(map(abs, column)) <= 32767
    if short and 255 * sum(map(abs, column)) < 1 << 31:
        return Algorithm.DOT16
    return horizontal


def _ring_bytes(facts: KernelFacts, request: Request, plan: Plan) -> int:
    """Return a bound on the memory of one thread's ring of source rows."""
    reach = (facts.shape[1] - 1) * request.dilation[1]
    rows = 4 * request.stride[0] + facts.shape[0] * request.dilation[0]
    width = (4 * max(4096 // request.channels + 1, 2 * reach) + reach) * request.channels
    size = {Algorithm.F64: 8, Algorithm.F32: 4}.get(plan.algorithm, 2)
    return (rows + 4) * width * size
