"""The weights of a layer, exact, and the float64 matrix that stands for them.

Products and sums of whole numbers are exact in float64 below 2**53, whatever the order. So each
filter is written as a gain times whole numbers (for floats the gain is a power of two, and the
weights themselves serve), and its sums are exact wherever their bound allows it.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[Any]
"""Exact weights: floats and integers, or an object array of `int` and `Fraction`."""

Floats = NDArray[np.float64]

_MOST = 2.0**53
_UNIT = 2.0**-53
_SAFE = 2.0**800  # between its inverse and itself no product of two floats is lost


class Filters(NamedTuple):
    """Filters ready for matrix products; F filters of n weights.

    The value is ``gains * (matrix @ taps) + biases``.

    Attributes
    ----------
    matrix : ndarray of float64, shape (F, n)
    gains, biases : ndarray of float64, shape (F,)
        The nearest to the exact ones.
    is_exact : ndarray of bool, shape (F,)
        Whether ``matrix @ taps`` has no error.
    is_settled : ndarray of bool, shape (F,)
        Whether the value has none either.
    error : ndarray of float64, shape (F,)
        A bound on the error of the value where the sum is not exact.
    exact : ndarray, shape (F, n)
        The weights themselves.
    exact_gains, exact_biases : list of Fraction
        Of the filters whose sum is exact.
    """

    matrix: Floats
    gains: Floats
    biases: Floats
    is_exact: NDArray[np.bool_]
    is_settled: NDArray[np.bool_]
    error: Floats
    exact: Weights
    exact_gains: list[Fraction]
    exact_biases: list[Fraction]


def prepare(weights: Weights, biases: list[Fraction], largest: float, grid: float) -> Filters:
    """Return the matrix of some filters.

    Parameters
    ----------
    weights : ndarray, shape (F, n)
    biases : list of Fraction
        One for each filter.
    largest : float
        The greatest absolute value of a tap.
    grid : float
        A power of two of which every tap is a multiple; 0 where that is not known.
    """
    whole = _of_floats(weights) if weights.dtype != object else _of_rationals(weights)
    matrix, steps, gains = whole
    with np.errstate(all="ignore"):
        most = np.abs(matrix).sum(axis=1) * largest
        # Twice as much would still be exact; this bound is itself rounded.
        is_exact = most * 2 <= _MOST * steps * grid
    nearest = matrix
    if weights.dtype == object:
        nearest = np.where(is_exact[:, None], matrix, _nearest(weights))
        gains = [gain if sure else Fraction(1) for gain, sure in zip(gains, is_exact, strict=True)]
    rounded = np.array([_as_float(bias) for bias in biases])
    return Filters(
        matrix=nearest,
        gains=np.array([_as_float(gain) for gain in gains]),
        biases=rounded,
        is_exact=is_exact,
        is_settled=is_exact & _adds_exactly(most, steps * grid, gains, biases),
        error=_error(nearest, rounded, largest),
        exact=weights,
        exact_gains=gains,
        exact_biases=biases,
    )


def error_of_sums(taps: int, magnitude: Floats) -> Floats:
    """Return a bound on the error of float64 sums, given the sum of the magnitudes of their terms.

    Each product, each sum and each weight is off by at most one part in 2**53, and so are the
    ends of the interval; 2 % cover what is of second order.
    """
    return 1.02 * _UNIT * (taps + 8) * magnitude


def _error(matrix: Floats, biases: Floats, largest: float) -> Floats:
    size = np.abs(matrix)
    with np.errstate(all="ignore"):
        error = error_of_sums(matrix.shape[1], size.sum(axis=1) * largest + np.abs(biases))
        extreme = ((size > 0) & ((size > _SAFE) | (size < 1 / _SAFE))).any(axis=1)
    small = (biases != 0) & (np.abs(biases) < 1 / _SAFE)
    return np.where(extreme | small | ~np.isfinite(error), np.inf, error)


def _of_floats(weights: Weights) -> tuple[Floats, Floats, list[Fraction]]:
    """Return the weights as they are, and the power of two of which each filter is a multiple."""
    matrix = weights.astype(np.float64)
    return matrix, lowest_bits(matrix), [Fraction(1)] * len(matrix)


def lowest_bits(values: Floats) -> Floats:
    """Give, for each row, the greatest power of two of which every value is a multiple.

    A row of zeros gives 1; one whose power is not a normal float64 gives 0.
    """
    mantissa, exponent = np.frexp(values)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    lowest = (whole & -whole).astype(np.float64)
    with np.errstate(under="ignore"):
        bits = np.where(whole == 0, np.inf, np.ldexp(lowest, exponent - 53))
    least = bits.min(axis=1, initial=np.inf)
    return np.where(np.isinf(least), 1.0, np.where(least < 2.0**-1000, 0.0, least))


def _of_rationals(weights: Weights) -> tuple[Floats, Floats, list[Fraction]]:
    """Return whole weights (infinite where float64 does not hold them), steps of 1, and gains."""
    matrix = np.empty(weights.shape)
    gains = []
    for row, exact in zip(matrix, weights, strict=True):
        common = math.lcm(*(Fraction(weight).denominator for weight in exact))
        numbers = [int(weight * common) for weight in exact]
        divisor = math.gcd(*numbers) or 1
        wholes = [number // divisor for number in numbers]
        row[:] = [w if abs(w) < 1 << 53 else math.inf for w in wholes]
        gains.append(Fraction(divisor, common))
    return matrix, np.ones(len(matrix)), gains


def _nearest(weights: Weights) -> Floats:
    return np.array([[_as_float(weight) for weight in row] for row in weights])


def _as_float(number: Fraction | int) -> float:
    """Return the nearest float64."""
    return number.numerator / number.denominator


def _adds_exactly(
    sums: Floats, steps: Floats, gains: list[Fraction], biases: list[Fraction]
) -> NDArray[np.bool_]:
    """Return where ``sum + bias`` is exact: no gain, and both multiples of a power of two."""
    exact = []
    for most, step, gain, bias in zip(sums, steps, gains, biases, strict=True):
        binary = bias.denominator & (bias.denominator - 1) == 0
        if gain != 1 or not binary or bias.denominator > 1 << 500 or abs(bias) > 1 << 500:
            exact.append(False)
            continue
        numerator = bias.numerator
        unit = (numerator & -numerator) / bias.denominator if bias else step
        exact.append(bool((most + abs(float(bias))) * 2 <= _MOST * min(step, unit)))
    return np.array(exact, bool)
