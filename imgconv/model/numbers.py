"""Exact numbers: what a person writes for a weight, and the rational number that it is."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from numbers import Rational as _AbstractRational

from imgconv.model.errors import ArgumentError

Rational = int | Fraction

Number = Rational | float
"""Exact where it is finite; NaN and infinity are floats."""

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_RATIO = re.compile(r"([+-]?\d+)/(\d+)")
_LONGEST = 400  # characters; bounds the work of a number such as 1e-300 written out
_LARGEST_EXPONENT = 400  # beyond every float64, and short of a number that fills the memory
LARGEST = 10**140
"""No number is greater: products of a few of them, and sums of millions, stay float64 numbers."""
_MOST_BITS = 4096  # of numerator and denominator; no float64 needs more than 1126


def parse_number(value: object) -> Rational:
    """Return the exact value of a number written as text, or of a Python number.

    Parameters
    ----------
    value : str, int, float or Fraction
        Text may be an integer (``"-3"``), a decimal (``"0.1"`` is exactly 1/10) or a fraction
        (``"1/49"``). A float is the dyadic rational that it holds (``0.1`` is not 1/10).

    Returns
    -------
    int or Fraction
        The exact value; an int where it is whole.

    Raises
    ------
    ArgumentError
        For anything else (other text, NaN, infinity, booleans), beyond 1e140, or a fraction of
        more than 4096 bits.

    Examples
    --------
    >>> parse_number("1/49"), parse_number("0.1"), parse_number(0.5), parse_number("-3")
    (Fraction(1, 49), Fraction(1, 10), Fraction(1, 2), -3)
    """
    number = _number(value)
    if not -LARGEST <= number <= LARGEST:
        raise ArgumentError("a number is beyond 1e140, the largest that is taken")
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > _MOST_BITS:
        raise ArgumentError(f"a number has more than {_MOST_BITS} bits")
    return number


def _number(value: object) -> Rational:
    if isinstance(value, bool):
        raise ArgumentError(f"{value} is not a number")
    if isinstance(value, int):
        return value
    if isinstance(value, _AbstractRational):
        # NumPy's integers are rational too, and would overflow in what follows.
        return simplest(Fraction(int(value.numerator), int(value.denominator)))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ArgumentError(f"{value} is not a finite number")
        return simplest(Fraction(value))
    if isinstance(value, str):
        return _parse_text(value.strip())
    raise ArgumentError(f"{value!r} is not a number")


def format_number(value: Rational) -> str:
    """Write a rational exactly: ``"3"``, ``"-1/49"``."""
    return str(value)


def _parse_text(text: str) -> Rational:
    wrong = ArgumentError(
        f"{text[:40]!r} is not a number",
        hint="write an integer (3), a decimal (0.25) or a fraction (1/49)",
    )
    if len(text) > _LONGEST:
        raise wrong
    if ratio := _RATIO.fullmatch(text):
        denominator = int(ratio[2])
        if denominator == 0:
            raise ArgumentError(f"{text!r} divides by zero")
        return simplest(Fraction(int(ratio[1]), denominator))
    decimal = _DECIMAL.fullmatch(text)
    if decimal is None:
        raise wrong
    if decimal[2] and abs(int(decimal[2][1:])) > _LARGEST_EXPONENT:
        raise ArgumentError(f"the exponent of {text[:40]!r} is beyond +-{_LARGEST_EXPONENT}")
    return simplest(Fraction(text))


def simplest(value: Rational) -> Rational:
    """Return a whole number as an int."""
    return value.numerator if value.denominator == 1 else value
