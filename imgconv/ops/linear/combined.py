"""The members' values of a set, combined and rounded exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Correlation, Pixels
from imgconv.engines.rounding import Quotients, clamped
from imgconv.model.kernel_set import Combine
from imgconv.model.output import Rounding


def combined(combine: Combine, values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Combine the members' values, up to the root."""
    if combine is Combine.ROOT_SUM_SQUARES:
        return np.asarray(sum(value * value for value in values))
    if combine is Combine.SUM_ABS:
        return np.asarray(sum(np.abs(value) for value in values))
    whole: NDArray[Any] = np.max(values if combine is Combine.MAX else np.abs(values), axis=0)
    return whole


def rounded(
    combine: Combine, whole: NDArray[Any], gain: Fraction, bias: Fraction, job: Correlation
) -> tuple[Pixels, int]:
    """Return pixels of combined whole values, and how many were clamped."""
    if combine is Combine.ROOT_SUM_SQUARES:
        return clamped(_rounded_roots(whole, gain, bias, job.rounding), job.depth)
    return Quotients.of(whole, gain, bias, job.absolute).rounded_to(job.depth, job.rounding)


def _rounded_roots(
    squares: NDArray[Any], gain: Fraction, bias: Fraction, rounding: Rounding
) -> NDArray[Any]:
    """Round ``gain * sqrt(squares) + bias``, exactly: what float64 leaves open, integers decide."""
    if squares.dtype == object or not 1e-100 < gain < 1e100:
        flat = [_rounded_root(int(square), gain, bias, rounding) for square in squares.ravel()]
        return np.array(flat, object).reshape(squares.shape)
    nearly = np.sqrt(squares.astype(np.float64)) * float(gain) + float(bias)
    nearly = np.minimum(nearly, 1e9)  # far beyond every range, and short of what int64 holds
    step = np.float64(0 if rounding is Rounding.TRUNCATE else 0.5)
    rounded = np.trunc(nearly) if step == 0 else np.floor(nearly + step)
    result = rounded.astype(np.int64)
    distance = np.abs(nearly + step - np.rint(nearly + step))
    doubtful = (distance < 1e-9 * (1 + np.abs(nearly))) & (squares != 0)
    for at in zip(*np.nonzero(doubtful), strict=True):
        result[at] = _rounded_root(int(squares[at]), gain, bias, rounding)
    return result


def _rounded_root(square: int, gain: Fraction, bias: Fraction, rounding: Rounding) -> int:
    """Round one root; the gain is not negative.

    ``floor((x + b) / c)`` is ``floor((floor(x) + b) / c)`` for whole b and c, so a whole square
    root is all that it takes.
    """
    half = Fraction(0 if rounding is Rounding.TRUNCATE else 1, 2)
    c = math.lcm(gain.denominator, (bias + half).denominator)
    a, b = int(gain * c), int((bias + half) * c)
    root = math.isqrt(a * a * square)
    k, rest = divmod(root + b, c)
    exact = rest == 0 and root * root == a * a * square
    if rounding is Rounding.TRUNCATE:
        return k + 1 if k < 0 and not exact else k
    down = rounding is Rounding.HALF_DOWN or (rounding is Rounding.HALF_EVEN and k % 2)
    return k - 1 if exact and down else k
