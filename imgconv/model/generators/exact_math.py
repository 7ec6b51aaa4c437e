"""exp, sqrt, sin and cos with 50 digits, from the `decimal` module: the same on every machine."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import wraps
from typing import ParamSpec, TypeVar

from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import Rational

_P = ParamSpec("_P")
_R = TypeVar("_R")
_DIGITS_COMPARED = 40
_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")


def fifty_digits(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a function's Decimals have 50 digits, whatever the caller's context is."""

    @wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with decimal.localcontext(decimal.Context(prec=50)):
            return function(*args, **kwargs)

    return call


def exact(value: Rational) -> Decimal:
    """Return a rational number as a Decimal of the current precision."""
    return Decimal(value.numerator) / value.denominator


def cos_sin_degrees(angle: Rational) -> tuple[Decimal, Decimal]:
    """Return cosine and sine of an angle in degrees; exact at multiples of 90."""
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


def rounded_to_bits(
    values: Sequence[Decimal], bits: int, least_shift: int = 0
) -> tuple[list[int], int]:
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

    Raises
    ------
    ArgumentError
        When every value is 0.
    """
    largest = max(abs(value) for value in values)
    if largest == 0:
        raise ArgumentError("every weight of this kernel would be 0")
    shift = least_shift
    while largest * 2**shift < 2 ** (bits - 1):
        shift += 1
    unit = Decimal(2**shift)
    return [int((value * unit).to_integral_value()) for value in values], shift


def quantised(
    values: Sequence[Decimal], total: int, bits: int, least_shift: int = 0
) -> tuple[list[int], int]:
    """Round values to whole multiples of 2**-s that add up to a total exactly.

    Parameters
    ----------
    values : sequence of Decimal
        In order of rows; equal values stay equal, but for the central one.
    total : int
        0 or 1.
    bits, least_shift : int
        As for `rounded_to_bits`.

    Returns
    -------
    (list of int, int)
        The multiples and s. Each is rounded half to even; what is then missing to the total is
        given out one by one where rounding took most, to equal values together, and the rest to
        the centre. So all but the centre are off by less than one multiple.
    """
    whole, shift = rounded_to_bits(values, bits, least_shift)
    unit = Decimal(2**shift)
    missing = total * 2**shift - sum(whole)
    step = 1 if missing > 0 else -1
    groups: dict[Decimal, list[int]] = {}
    for i, value in enumerate(values):
        # Values that are equal by symmetry may differ in their last digits.
        groups.setdefault(round(value, _DIGITS_COMPARED), []).append(i)
    centre = len(values) // 2

    def gained(value: Decimal) -> tuple[Decimal, Decimal]:
        rounding = step * (whole[groups[value][0]] - value * unit)
        return round(rounding, _DIGITS_COMPARED // 2), value

    for value in sorted(groups, key=gained):
        members = groups[value]
        took = gained(value)[0] <= 0
        if took and centre not in members and len(members) <= abs(missing):
            for i in members:
                whole[i] += step
            missing -= step * len(members)
    whole[centre] += missing
    return whole, shift
