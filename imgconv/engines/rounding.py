"""From an exact quotient of integers to an output value, rounded once."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Pixels
from imgconv.model.output import Depth, Rounding

Integers = NDArray[Any]
"""int32, int64, or Python integers in an object array."""


def integers_up_to(bound: int) -> Any:
    """Return the fastest number type in which twice this bound cannot overflow."""
    return np.int32 if bound < 1 << 29 else np.int64 if bound < 1 << 61 else object


class Quotients(NamedTuple):
    """Exact values ``numerators / denominator``; the denominator is positive.

    There may be a denominator for each value, but for a float32 result.
    """

    numerators: Integers
    denominator: Any

    @classmethod
    def of(cls, sums: Integers, gain: Fraction, bias: Fraction, absolute: bool) -> Quotients:
        """Return ``gain * sums + bias``, or its absolute value."""
        denominator = math.lcm(gain.denominator, bias.denominator)
        factor = gain.numerator * (denominator // gain.denominator)
        added = bias.numerator * (denominator // bias.denominator)
        largest = int(np.abs(sums).max(initial=0))
        bound = max(largest, abs(factor), abs(factor) * largest + abs(added), denominator)
        number = integers_up_to(bound)
        numerators = sums.astype(number)
        if factor != 1:
            numerators *= factor
        if added:
            numerators += added
        return cls(np.abs(numerators) if absolute else numerators, denominator)

    def rounded_to(self, depth: Depth, rounding: Rounding) -> tuple[Pixels, int]:
        """Round once to an output type, and count what had to be clamped."""
        if depth is Depth.F32:
            return self.to_float32(), 0
        return clamped(self.to_whole(rounding), depth)

    def to_whole(self, rounding: Rounding) -> Integers:
        """Round to whole numbers of any size."""
        n, d = self.numerators, self.denominator
        if isinstance(d, int) and d == 1:
            return n
        if rounding is Rounding.TRUNCATE:
            return np.asarray(np.where(n < 0, -(-n // d), n // d))
        if rounding is Rounding.HALF_UP:
            return np.asarray((2 * n + d) // (2 * d))
        if rounding is Rounding.HALF_DOWN:
            return np.asarray(-((d - 2 * n) // (2 * d)))
        below = n // d
        rest = 2 * (n - below * d)
        return np.asarray(below + ((rest > d) | ((rest == d) & (below % 2 == 1))))

    def to_float32(self) -> Pixels:
        """Round to float32, half to even; beyond its range to infinity, and zero is +0."""
        n, d = self.numerators, self.denominator
        if n.dtype == object or d >= 1 << 53:
            return _each_nearest_float32(n, d)
        # Division rounds to float64 once. Only a value next to the midpoint of two neighbouring
        # float32 can then be rounded to the wrong side; those are done again in integers.
        nearly = n.astype(np.float64) / d
        with np.errstate(over="ignore"):
            low = np.nextafter(nearly, -np.inf).astype(np.float32)
            high = np.nextafter(nearly, np.inf).astype(np.float32)
        doubtful = (low != high) | (np.abs(n) >= 1 << 53)
        high[doubtful] = _each_nearest_float32(n[doubtful], d)
        return np.asarray(high + np.float32(0))


def clamped(whole: Integers, depth: Depth) -> tuple[Pixels, int]:
    """Clamp whole numbers to a depth's range, and count those that lay outside."""
    clipped = int(np.count_nonzero((whole < depth.low) | (whole > depth.high)))
    if clipped:
        whole = np.clip(whole, depth.low, depth.high)
    return whole.astype(depth.dtype), clipped


def round_floats(values: NDArray[np.float64], depth: Depth, rounding: Rounding) -> NDArray[Any]:
    """Round to float32 (zero is +0), or to whole numbers no further out than the range plus 1."""
    if depth is Depth.F32:
        return values.astype(np.float32) + np.float32(0)
    near = np.clip(np.nan_to_num(values, nan=0), depth.low - 1, depth.high + 1)
    if rounding is Rounding.TRUNCATE:
        return np.trunc(near)
    if rounding is Rounding.HALF_UP:
        return np.floor(near + 0.5)
    return np.ceil(near - 0.5) if rounding is Rounding.HALF_DOWN else np.rint(near)


def _each_nearest_float32(numerators: Integers, denominator: int) -> Pixels:
    flat = [nearest_float32(int(n), denominator) for n in numerators.ravel()]
    return np.array(flat, np.float32).reshape(numerators.shape)


def nearest_float32(numerator: int, denominator: int) -> float:
    """Round a quotient to the nearest float32, half to even; a zero result is +0.

    Examples
    --------
    >>> nearest_float32(1, 3) == float(np.float32(1 / 3))
    True
    >>> nearest_float32(-(2**200), 1)
    -inf
    """
    magnitude = abs(numerator)
    # The exponent that gives a quotient of 24 bits, or the least exponent that float32 has.
    exponent = max(magnitude.bit_length() - denominator.bit_length() - 24, -149)
    whole, rest, divisor = _divided(magnitude, denominator, exponent)
    if whole >= 1 << 24:
        exponent += 1
        whole, rest, divisor = _divided(magnitude, denominator, exponent)
    if 2 * rest > divisor or (2 * rest == divisor and whole % 2):
        whole += 1
    if whole.bit_length() + exponent > 128:
        return math.inf if numerator > 0 else -math.inf
    rounded = math.ldexp(whole, exponent)
    return -rounded if numerator < 0 and whole else rounded


def _divided(numerator: int, denominator: int, exponent: int) -> tuple[int, int, int]:
    if exponent < 0:
        numerator <<= -exponent
    else:
        denominator <<= exponent
    return *divmod(numerator, denominator), denominator
