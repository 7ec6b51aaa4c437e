"""Weighted means as quotients of exact sums, rounded once."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.rounding import Quotients, clamped, integers_up_to, round_floats
from imgconv.model.output import Depth, Rounding
from imgconv.ops.image import Image
from imgconv.ops.part import Extremes

_LEAST = Fraction(1, 1 << 200)  # of gains whose products stay within float64
_MARGIN = 2.0**-48  # error of two quotients, a product and a sum: 5 roundings, and as much again


class WeighedValues:
    """Exact values ``above / below``: the weighted means of the colours at every pixel."""

    def __init__(self, above: NDArray[Any], below: NDArray[Any]) -> None:
        self.above, self.below = above, below

    @classmethod
    def of(
        cls,
        above: NDArray[Any],
        below: NDArray[Any],
        straight: Callable[[], NDArray[Any]],
        weight: int,
    ) -> WeighedValues:
        """Take the straight sum where nothing can be seen; keep what is below positive."""
        sign = 1 if weight > 0 else -1
        visible = below * sign > 0
        if visible.all():
            return cls(above * sign, below * sign)
        return cls(
            np.where(visible, above * sign, straight() * sign),
            np.where(visible, below * sign, abs(weight)),
        )

    def in_floats(self) -> NDArray[np.float64]:
        """Return the quotients of the sums in float64."""
        with np.errstate(all="ignore"):
            return np.asarray(self.above.astype(np.float64) / self.below.astype(np.float64))

    def ends(self) -> Extremes:
        """Return the least and the greatest finite quotient in float64; nothing without one."""
        quotients = self.in_floats()
        known = quotients[np.isfinite(quotients)]
        return (known.min(), known.max()) if known.size else ()

    def rounded(
        self, gain: Fraction, bias: Fraction, absolute: bool, rounding: Rounding, depth: Depth
    ) -> tuple[Image, int]:
        """Round ``gain * value + bias`` once; floats, and to floats, in float64."""
        if depth is Depth.F32 or self.above.dtype == np.float64:
            with np.errstate(all="ignore"):
                values = self.in_floats() * float(gain) + float(bias)
                values = np.abs(values) if absolute else values
                rounded = round_floats(values, depth, rounding)
            return (rounded, 0) if depth is Depth.F32 else clamped(rounded, depth)
        numerator, denominator = gain.numerator * bias.denominator, gain.denominator
        added = bias.numerator * denominator
        denominator *= bias.denominator
        largest_above = int(np.abs(self.above).max(initial=0))
        largest_below = int(self.below.max(initial=0))
        bound = largest_above * abs(numerator) + largest_below * (abs(added) + denominator)
        number = integers_up_to(bound)

        def exact(sums: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
            below = weights.astype(number)
            above = sums.astype(number) * numerator + below * added
            quotients = Quotients(np.abs(above) if absolute else above, below * denominator)
            return quotients.to_whole(rounding)

        if number is not object:
            return clamped(exact(self.above, self.below), depth)
        # Integers of more than 64 bits are Python's own: for what float64 leaves open.
        low, whole = self._between(gain, bias, absolute, rounding, depth)
        doubtful = np.nonzero(low != whole)
        weights = np.broadcast_to(self.below, self.above.shape)[doubtful]
        decided = exact(self.above[doubtful], weights)
        whole[doubtful] = np.clip(decided, depth.low - 1, depth.high + 1)
        return clamped(whole, depth)

    def _between(
        self, gain: Fraction, bias: Fraction, absolute: bool, rounding: Rounding, depth: Depth
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return whole numbers between which the rounded values are."""
        if not _LEAST < abs(gain) < 1 / _LEAST or abs(bias) > 1 / _LEAST:
            shape = self.above.shape
            return np.full(shape, depth.low - 1.0), np.full(shape, depth.high + 1.0)
        above, below = (sums.astype(np.float64) for sums in (self.above, self.below))
        scaled = above / below * float(gain)
        values, error = scaled + float(bias), _MARGIN * (np.abs(scaled) + abs(float(bias)) + 1)
        if absolute:
            values = np.abs(values)
        return round_floats(values - error, depth, rounding), round_floats(
            values + error, depth, rounding
        )


def shares(below: NDArray[Any], share: Fraction, rounding: Rounding, depth: Depth) -> Image:
    """Round sums of weights times a factor once; floats in float64."""
    if below.dtype == np.float64:
        rounded = round_floats(below * float(share), depth, rounding)
        return rounded if depth is Depth.F32 else clamped(rounded, depth)[0]
    alpha, _ = Quotients.of(below, share, Fraction(0), False).rounded_to(depth, rounding)
    return alpha


def stretched(
    ends: Extremes, gain: Fraction, bias: Fraction, depth: Depth
) -> tuple[Fraction, Fraction]:
    """Return gain and bias that make the least value black and the greatest white."""
    values = [gain * Fraction(float(end)) + bias for end in ends] or [Fraction(0)]
    low, high = min(values), max(values)
    if low == high:
        return Fraction(0), Fraction(depth.low)
    factor = (depth.high - depth.low) / (high - low)
    return gain * factor, (bias - low) * factor + depth.low
