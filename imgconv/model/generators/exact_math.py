"""exp, sqrt, sin and cos with 50 digits, from the `decimal` module: the same on every machine."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import wraps
from typing import ParamSpec, TypeVar

from imgconv.model.numbers import Rational

_P = ParamSpec("_P")
_R = TypeVar("_R")
_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")


def fifty_digits(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a function's Decimals have 50 digits, whatever the caller's context is."""

    @wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with decimal.localcontext(decimal.Context(prec=50)):
            return function(*args, **kwargs)

    return call


def exact(value: Rational) -> Decimal:
    """Give a rational number as a Decimal of the current precision."""
    return Decimal(value.numerator) / value.denominator


def cos_sin_degrees(angle: Rational) -> tuple[Decimal, Decimal]:
    """Give cosine and sine of an angle in degrees; exact at multiples of 90."""
    quadrant, rest = divmod(Fraction(angle) % 360, 90)
    cosine, sine = _cos_sin(_PI * exact(rest) / 180)
    for _ in range(quadrant):
        cosine, sine = -sine, cosine
    return cosine, sine


def _cos_sin(radians: Decimal) -> tuple[Decimal, Decimal]:
    """Sum Taylor's series about 0, for an angle of less than pi / 2."""
    terms = [Decimal(1)]
    for k in range(1, 60):
        terms.append(terms[-1] * radians / k)
    cosine = sum((-t if k % 2 else t for k, t in enumerate(terms[0::2])), Decimal(0))
    sine = sum((-t if k % 2 else t for k, t in enumerate(terms[1::2])), Decimal(0))
    return cosine, sine


def quantised(values: Sequence[Decimal], bits: int, least_shift: int = 0) -> tuple[list[int], int]:
    """Round values to whole multiples of 2**-s, half to even.

    Parameters
    ----------
    values : sequence of Decimal
    bits : int
        s is the least number with which the largest magnitude is at least ``2**(bits - 1)``
        multiples, so that it has that many significant bits.
    least_shift : int
        And not less than this.

    Returns
    -------
    (list of int, int)
        The multiples and s.
    """
    largest = max(abs(value) for value in values)
    shift = least_shift
    while largest * 2**shift < 2 ** (bits - 1):
        shift += 1
    unit = Decimal(2**shift)
    return [int((value * unit).to_integral_value()) for value in values], shift
