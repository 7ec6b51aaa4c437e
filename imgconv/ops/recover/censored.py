"""Weights of a filter whose results are known only to lie in intervals, as rounding leaves them.

A coefficient of a JPEG tells between which two values the filter's own result lay. The likelihood
of that, with a little logistic noise for the rounding of pixels, has one maximum, and no part of
what compression took away is mistaken for a part of the filter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_NOISE = 0.2
"""Scale of the logistic noise: a standard deviation of 0.36, that of two roundings."""
_NOISES = (0.03, 0.06, 0.1, 0.14, 0.17, 0.2, 0.25, 0.35)
_GAIN = 0.002
"""Deviation of what encoders' quick transforms multiply coefficients by."""
_ROUNDS = 60
_ENOUGH = 1e-3


class Estimate(NamedTuple):
    """The likeliest weights.

    Attributes
    ----------
    weights : ndarray
    covariance : ndarray
        That holds even where the noise is not as supposed, and where every kind of result is
        wrong by a factor of its own.
    likelihood : float
        Its logarithm.
    outside : float
        Share of the results that lie clearly beyond their intervals.
    """

    weights: Floats
    covariance: Floats
    likelihood: float
    outside: float


def likeliest(
    matrix: Floats, low: Floats, high: Floats, start: Floats, kinds: int
) -> Estimate | None:
    """Return the weights with which `matrix` gives values most likely from `low` to `high`.

    None where they are not determined. Every so many rows there is one of the same of `kinds`.
    """
    weights = start.copy()
    # From much noise to little: the path of the maximum is short.
    noise = _NOISE
    for factor in (8, 1, 0):
        noise = factor * _NOISE or _likeliest_noise(matrix @ weights, low, high)
        found = _maximum(matrix, low, high, weights, noise)
        if found is None:
            return None
        weights = found
    slope, bend = _derivatives(matrix @ weights, low, high, noise)
    hessian = (matrix * bend[:, None]).T @ matrix
    scores = (matrix * (slope**2)[:, None]).T @ matrix
    try:
        inverse = np.linalg.inv(hessian + _ridge(hessian))
    except np.linalg.LinAlgError:
        return None
    made = matrix @ weights
    for kind in range(kinds):
        rows = slice(kind, None, kinds)
        pull = matrix[rows].T @ (bend[rows] * made[rows])
        scores += _GAIN**2 * np.outer(pull, pull)
    beyond = np.maximum(low - made, made - high) > 10 * _NOISE
    covariance = inverse @ scores @ inverse
    likelihood = float(_logarithms(made, low, high, noise).sum())
    return Estimate(weights, covariance, likelihood, float(beyond.mean()))


def _likeliest_noise(made: Floats, low: Floats, high: Floats) -> float:
    return max(_NOISES, key=lambda noise: float(_logarithms(made, low, high, noise).sum()))


def _maximum(
    matrix: Floats, low: Floats, high: Floats, weights: Floats, noise: float
) -> Floats | None:
    """Return where the likelihood is greatest, by Newton's method with steps cut in half."""
    value = float(_logarithms(matrix @ weights, low, high, noise).sum())
    for _ in range(_ROUNDS):
        slope, bend = _derivatives(matrix @ weights, low, high, noise)
        hessian = (matrix * bend[:, None]).T @ matrix
        try:
            step = np.linalg.solve(hessian + _ridge(hessian), matrix.T @ slope)
        except np.linalg.LinAlgError:
            return None
        gained, factor = -1.0, 2.0
        while gained < 0 and factor > 1e-6:
            factor /= 2
            again = float(_logarithms(matrix @ (weights + factor * step), low, high, noise).sum())
            gained = again - value
        if gained < 0:
            return weights
        weights, value = weights + factor * step, value + gained
        if gained < _ENOUGH:
            return weights
    return weights


def _ridge(hessian: Floats) -> Floats:
    """Return what keeps a matrix regular where a column tells nothing."""
    return np.asarray(1e-9 * float(np.trace(hessian)) / len(hessian) * np.eye(len(hessian)))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)))


def _derivatives(made: Floats, low: Floats, high: Floats, noise: float) -> tuple[Floats, Floats]:
    """Return the slope of the logarithm of the likelihood, and how much it bends down."""
    one, other = _sigmoid((low - made) / noise), _sigmoid((high - made) / noise)
    bend = (one * (1 - one) + other * (1 - other)) / noise**2
    return (one + other - 1) / noise, bend


def _logarithms(made: Floats, low: Floats, high: Floats, noise: float) -> Floats:
    """Return the logarithm of the likelihood of each interval, also far outside of it."""
    one, other = (low - made) / noise, (high - made) / noise
    width = other - one
    # log(s(b) - s(a)) = log(1 - e^(a-b)) - log(1 + e^(-b)) - log(1 + e^a)
    return np.asarray(np.log(-np.expm1(-width)) - np.logaddexp(0, -other) - np.logaddexp(0, one))
