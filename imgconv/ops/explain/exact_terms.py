"""Products and sums in plain rational arithmetic, apart from the engines."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from imgconv.model.numbers import Number, Rational, simplest


def exact_number(value: int | float) -> Number:
    """Return a pixel exactly."""
    if isinstance(value, float) and math.isfinite(value):
        return simplest(Fraction(value))
    return value


def exact_product(weight: Rational, pixel: Number) -> Number:
    """Multiply; a weight of zero is no tap, so nothing comes of NaN or infinity under it."""
    if weight == 0:
        return 0
    if isinstance(pixel, float):
        return pixel * (1.0 if weight > 0 else -1.0)
    return simplest(Fraction(weight * pixel))


def exact_total(numbers: Iterable[Number]) -> Number:
    """Add up; where anything is not finite, that alone decides."""
    terms = list(numbers)
    odd = [number for number in terms if isinstance(number, float)]
    return sum(odd) if odd else simplest(Fraction(sum(terms)))
