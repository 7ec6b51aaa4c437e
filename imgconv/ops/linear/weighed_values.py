"""Weighted means as quotients of exact sums, rounded once."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.rounding import Quotients, clamped, integers_up_to, round_floats
from imgconv.model.output import Depth, Rounding
from imgconv.model.settings import Settings
from imgconv.ops.image import Image

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

    def rounded(
        self, gain: Fraction, bias: Fraction, absolute: bool, settings: Settings, depth: Depth
    ) -> tuple[Image, int]:
        """Round ``gain * value + bias`` once."""
        if depth is Depth.F32 or self.above.dtype == np.float64:
            with np.errstate(all="ignore"):
                values = self.above / self.below * float(gain) + float(bias)
                values = np.abs(values) if absolute else values
                rounded = round_floats(values.astype(np.float64), depth, settings.rounding)
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
            return quotients.to_whole(settings.rounding)

        if number is not object:
            return clamped(exact(self.above, self.below), depth)
        # Integers of more than 64 bits are Python's own: for what float64 leaves open.
        low, whole = self._between(gain, bias, absolute, settings.rounding, depth)
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


def stretched(
    value: WeighedValues, gain: Fraction, bias: Fraction, depth: Depth
) -> tuple[Fraction, Fraction]:
    """Return gain and bias that make the least value black and the greatest white."""
    with np.errstate(all="ignore"):
        quotients = (value.above / value.below).astype(np.float64)
    known = quotients[np.isfinite(quotients)]
    ends = [gain * Fraction(float(end)) + bias for end in (known.min(), known.max())
            ] if known.size else [Fraction(0)]  # fmt: skip
    low, high = min(ends), max(ends)
    if low == high:
        return Fraction(0), Fraction(depth.low)
    factor = (depth.high - depth.low) / (high - low)
    return gain * factor, (bias - low) * factor + depth.low
