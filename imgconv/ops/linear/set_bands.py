"""The value of a set of kernels by the core: exact sums, combined and rounded at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from imgconv.engines.base import Correlation, Filtered, largest_sum
from imgconv.engines.native import NativeEngine
from imgconv.engines.pointwise import Affinity, Target
from imgconv.engines.sets import SetPlan
from imgconv.model.kernel_set import Combine, KernelSet, SetOutput
from imgconv.model.output import Depth, Rounding
from imgconv.ops.linear.combined import combined, rounded

_LARGEST = 1 << 1000
"""Of weights, whose products with floats stay within float64."""
_LARGEST_CHECKED = 1 << 400
"""Of factors, whose squares times those of sums do too."""
_MOST_CHECKED = 16
"""Members of which float32 tells a sum of squares well enough."""
_Ratio = tuple[int, int, int]
"""Factor, what is added to the product, and the divisor of that."""
_HOW = {
    Combine.ROOT_SUM_SQUARES: "ROOT",
    Combine.SUM_ABS: "SUM_ABS",
    Combine.MAX: "MAX",
    Combine.MAX_ABS: "MAX_ABS",
}


def combine_in_bands(
    kernels: KernelSet, jobs: Sequence[Correlation], engine: NativeEngine
) -> Filtered | None:
    """Return the combined value of a set, or the index of the member that is greatest.

    Parameters
    ----------
    kernels : KernelSet
    jobs : sequence of Correlation
        Of its members, alike but for their weights and windows.
    engine : NativeEngine

    Returns
    -------
    Filtered or None
        None where a bound shows that the core's floats might round another way.
    """
    plan = _planned(kernels, jobs)
    sums = None if plan is None else sums_of(jobs, engine, wide=plan.wide)
    if plan is None or sums is None:
        return None
    first = jobs[0]
    target = Target(first.depth, first.rounding, first.absolute and plan.how != "WINNER")
    out, clipped, open_ones = engine.sets.combine(jobs, sums, plan, target)
    if open_ones is None:
        return None
    if open_ones.places.size:
        unit, factors = in_common_units(jobs)
        values = [
            np.array([factor * int(each) for each in row], object)
            for factor, row in zip(factors, open_ones.sums, strict=True)
        ]
        whole = combined(kernels.combine, values)
        pixels, more = rounded(kernels.combine, whole, unit, first.bias, first)
        out.reshape(-1)[open_ones.places] = pixels
        clipped += more
    return Filtered(out, clipped)


def sums_of(jobs: Sequence[Correlation], engine: NativeEngine, *, wide: bool) -> list[Any] | None:
    """Return the correlators of the members' sums; None where the core has none.

    Of float32 images each is None: those are summed in the order of the definition.
    """
    if jobs[0].image.dtype == np.float32:
        weights = [weight for job in jobs for row in job.weights for weight in row]
        dense = all(job.geometry.columns.stride == 1 for job in jobs)
        return [None] * len(jobs) if dense and max(map(abs, weights)) < _LARGEST else None
    found = [engine.sum_correlator(job, wide=wide) for job in jobs]
    return None if None in found else found


def in_common_units(jobs: Sequence[Correlation]) -> tuple[Fraction, list[int]]:
    """Return a unit, and the gain of each member in it."""
    denominator = math.lcm(*(job.gain.denominator for job in jobs))
    return Fraction(1, denominator), [int(job.gain * denominator) for job in jobs]


def _planned(kernels: KernelSet, jobs: Sequence[Correlation]) -> SetPlan | None:
    first = jobs[0]
    unit, factors = in_common_units(jobs)
    if first.image.dtype == np.float32:
        return _of_floats(kernels, first, factors, unit)
    return _of_integers(kernels, jobs, factors, unit)


def _of_floats(
    kernels: KernelSet, job: Correlation, factors: list[int], unit: Fraction
) -> SetPlan | None:
    """Return the steps of the definition, each in float64."""
    whole = kernels.output is SetOutput.INDEX
    halves = job.rounding in (Rounding.HALF_UP, Rounding.HALF_DOWN)
    if (halves and job.depth is not Depth.F32) or max(map(abs, factors)) >= 1 << 53:
        return None
    value = (1.0, 0.0, 1.0) if whole else (float(unit), float(job.bias), 1.0)
    return SetPlan(_how(kernels), tuple(map(float, factors)), value, True)


def _of_integers(
    kernels: KernelSet, jobs: Sequence[Correlation], factors: list[int], unit: Fraction
) -> SetPlan | None:
    """Return steps that are exact, or off by too little to be rounded another way."""
    job, how = jobs[0], _how(kernels)
    peaks = [abs(f) * largest_sum(job) for f, job in zip(factors, jobs, strict=True)]
    if kernels.output is SetOutput.INDEX:
        return SetPlan(how, tuple(map(float, factors)), (1.0, 0.0, 1.0), max(peaks) >= 1 << 24)
    root, floats = how == "ROOT", job.depth is Depth.F32
    most = sum(p * p for p in peaks) if root else sum(peaks) if how == "SUM_ABS" else max(peaks)
    if floats and root:  # as the definition: whole squares, and steps in float64
        value = (float(unit), float(job.bias), 1.0)
        return SetPlan(how, tuple(map(float, factors)), value, True) if most < 1 << 53 else None
    common = math.gcd(*factors) or 1
    factors = [factor // common for factor in factors]
    most //= common * common if root else common
    gain = unit * common
    divisor = math.lcm(gain.denominator, job.bias.denominator)
    factor, added = int(gain * divisor), int(job.bias * divisor)
    plan = _of_roots if root else _of_ratios
    return plan(how, jobs, factors, most, (factor, added, divisor))


def _of_ratios(
    how: str, jobs: Sequence[Correlation], factors: list[int], most: int, ratio: _Ratio
) -> SetPlan | None:
    """Return steps for ``(factor * x + added) / divisor`` of x that is `most` at most."""
    factor, added, divisor = ratio
    floats = jobs[0].depth is Depth.F32
    if not _ratios_hold(most, *ratio):
        return None if floats else _checked(how, jobs, factors, ratio)
    value = _floats(ratio)
    if floats:
        if divisor & (divisor - 1):
            return None
        value = (factor / divisor, added / divisor, 1.0)
    narrow = most < 1 << 21
    narrow &= most * abs(factor) + abs(added) < 1 << 23 and divisor < 1 << 23
    return SetPlan(how, tuple(map(float, factors)), value, not narrow)


def _of_roots(
    how: str, jobs: Sequence[Correlation], factors: list[int], most: int, ratio: _Ratio
) -> SetPlan | None:
    """Return steps for ``(factor * root + added) / divisor`` of squares that are `most` at most."""
    steps = how, tuple(map(float, factors))
    whole = most < 1 << 21 and ratio == (1, 0, 1)
    if whole or _roots_hold(most, *ratio, bits=24):
        return SetPlan(*steps, _floats(ratio), wide=False)
    proved = _roots_hold(most, *ratio, bits=53)
    narrow = jobs[0].depth is Depth.U8 and max(map(largest_sum, jobs)) < 1 << 24
    below_0 = jobs[0].absolute and ratio[1] < 0
    found = None if below_0 else _checked(how, jobs, factors, ratio)
    if found is None or (proved and not narrow):
        return SetPlan(*steps, _floats(ratio), wide=True) if proved else None
    return found._replace(wide=not narrow, proof="IN_DOUBLE" if proved else "NONE")


def _checked(
    how: str, jobs: Sequence[Correlation], factors: list[int], ratio: _Ratio
) -> SetPlan | None:
    """Return steps of which nothing is proved, where the core can tell values that are open."""
    fits = max(*map(abs, factors), *map(abs, ratio)) < _LARGEST_CHECKED
    if not fits or len(jobs) > _MOST_CHECKED or jobs[0].rounding is Rounding.TRUNCATE:
        return None
    steps = how, tuple(map(float, factors))
    return SetPlan(*steps, _floats(ratio), wide=True, proof="NONE")


def _floats(ratio: _Ratio) -> Affinity:
    factor, added, divisor = ratio
    return float(factor), float(added), float(divisor)


def _ratios_hold(most: int, factor: int, added: int, divisor: int) -> bool:
    """Return whether a quotient of whole numbers, rounded to float64, stays on its side of halves.

    It does where the numerator has fewer than 52 bits: from a half that it is not it is further
    than the last bit.
    """
    return max(most * abs(factor) + abs(added), divisor) < 1 << 52


def _roots_hold(squares: int, factor: int, added: int, divisor: int, bits: int) -> bool:
    """Return whether a root times a ratio stays on its side of halves in floats of so many bits.

    With n whole, ``factor * sqrt(n) + added`` is either a multiple of a half or, since the squares
    of both are whole multiples of a quarter, further from it than ``1 / (8 * factor * sqrt(n))``.
    Rounding puts it off by less than ``4 * 2**-bits`` of the sum of the magnitudes.
    """
    size = abs(factor) * (math.isqrt(squares) + 1)
    return 32 * size * (size + abs(added)) < 1 << bits and divisor < 1 << (bits - 1)


def _how(kernels: KernelSet) -> str:
    if kernels.output is SetOutput.INDEX:
        return "WINNER" if kernels.combine is Combine.MAX else "WINNER_ABS"
    return _HOW[kernels.combine]
