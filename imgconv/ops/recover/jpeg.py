"""What a filter was whose result was compressed: weights with intervals, and near names."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.geometry import OutputSize
from imgconv.ops.recover.blocks import central, find_steps
from imgconv.ops.recover.censored import Estimate, likeliest
from imgconv.ops.recover.coefficients import (
    LARGEST_REACH,
    LEAST_BLOCKS,
    CoefficientRows,
    coefficient_rows,
)
from imgconv.ops.recover.fit import Fit
from imgconv.ops.recover.generated import proposals
from imgconv.ops.recover.names import Match, nearest
from imgconv.ops.recover.result import Known, is_identity
from imgconv.ops.recover.snap import exact_kernels
from imgconv.ops.recover.tryout import Guess, Trial

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
_REACHES = (*range(2, 6), LARGEST_REACH)
_MOST_OUTSIDE = 0.01
_MOST_WRONG = 0.05
_RIM = 1.0
"""Deviations by which the outermost weights may exceed what chance makes of weights of 0."""
_SPREAD = 1.3
_INEXACT = 0.0008
"""What encoders' quick transforms add, in parts of the norm of the weights."""
_ALIKE = 0.005
_LIMIT = 4.0
_APART = 25.0
"""By how much squared distances must differ: the likelihoods do by a factor above 10**5."""
_HALF = 1.96


class About(NamedTuple):
    """What was found of a filter behind compression.

    Attributes
    ----------
    guess : Guess
        Without a name where more than one is near.
    intervals : tuple of tuple of (float, float)
        Of the weights, each with a confidence of 0.95.
    origin : (int, int)
        Row and column, relative to the output pixel, where intervals begin.
    nearest : tuple of (str, float)
        Names, and the likelihood of each relative to the best weights, as a natural logarithm.
    reach : int
    """

    guess: Guess
    intervals: tuple[tuple[tuple[float, float], ...], ...]
    origin: tuple[int, int]
    nearest: tuple[tuple[str, float], ...]
    reach: int


def about(trial: Trial, known: Sequence[Known], deadline: float) -> About | None:
    """Return the linear filter that explains a compressed picture, or None where none does."""
    placement = trial.placement
    if placement.size is not OutputSize.SAME or placement.stride != (1, 1):
        return None
    steps = find_steps(trial.after) if trial.before.dtype == np.uint8 else None
    if steps is None:
        return None
    rows = coefficient_rows(central(trial.before), central(trial.after), steps)
    found = None if rows is None else window_of(rows, deadline)
    return None if found is None else _told(trial, *found, known)


def window_of(rows: CoefficientRows, deadline: float) -> tuple[int, Estimate] | None:
    """Return the reach and the weights of the least window whose outermost weights are about 0.

    None where there is none, or what is left is more than rounding. The outermost weights stay,
    since without those of a kernel that are too small to be seen the others would be off.
    """
    for reach in _REACHES:
        found = estimate(rows, reach)
        if found is None:
            return None
        if found.outside <= _MOST_OUTSIDE and not _has_rim(found, reach):
            return reach, found
        if time.monotonic() > deadline:
            return None
        if reach == _REACHES[0] and found.outside > _MOST_WRONG:
            widest = estimate(rows, LARGEST_REACH)
            if widest is not None and widest.outside > _MOST_OUTSIDE:
                return None  # no window in between does better
    return None


def covariance_of(found: Estimate) -> Floats:
    """Return the covariance of the weights, what encoders do inexactly included."""
    weights = found.weights[:-1]
    inexact = (_INEXACT * float(np.linalg.norm(weights))) ** 2 * np.eye(len(weights))
    return np.asarray(_SPREAD**2 * found.covariance[:-1, :-1] + inexact)


def _has_rim(found: Estimate, reach: int) -> bool:
    """Return whether the outermost weights of a window are together not 0."""
    side = 2 * reach + 1
    rim = np.ones((side, side), bool)
    rim[1:-1, 1:-1] = False
    outer = np.flatnonzero(rim.ravel())
    covariance = covariance_of(found)[np.ix_(outer, outer)]
    weights = found.weights[outer]
    squared = float(weights @ np.linalg.solve(covariance, weights))
    return squared > len(outer) + _RIM * math.sqrt(2 * len(outer))


def estimate(rows: CoefficientRows, reach: int) -> Estimate | None:
    """Return the likeliest weights of a window, and last the offset."""
    found = _likeliest(rows, reach, None)
    if found is None:
        return None
    clear = rows.unclipped(found.weights, reach)
    if clear.sum() < LEAST_BLOCKS:
        return None
    if not clear.all():
        rows = rows.only(clear)
        found = _likeliest(rows, reach, found.weights)
    if found is None or not 0 < found.outside < _MOST_WRONG:
        return found
    made = (rows.matrix(reach) @ found.weights).reshape(rows.low.shape)
    beyond = (made < rows.low - 1) | (made > rows.high + 1)
    wrong = beyond.mean(axis=0) >= _MOST_WRONG  # the step of these was mistaken
    if not wrong.any() or wrong.mean() > 0.5:
        return found
    return _likeliest(rows.without(wrong), reach, found.weights)


def _likeliest(rows: CoefficientRows, reach: int, start: Floats | None) -> Estimate | None:
    """Return the likeliest weights of a window; without a start, from those of least squares."""
    matrix = rows.matrix(reach)
    if len(matrix) < 4 * matrix.shape[1]:
        return None
    low, high = rows.low.ravel(), rows.high.ravel()
    if start is None:
        scale = 1 / (1 + (high - low))
        middle = (low + high) / 2 * scale
        solved = np.linalg.lstsq(matrix * scale[:, None], middle, rcond=None)[0]
        start = np.asarray(solved, np.float64)
    return likeliest(matrix, low, high, start)


def _told(trial: Trial, reach: int, found: Estimate, known: Sequence[Known]) -> About | None:
    side = 2 * reach + 1
    weights = found.weights[:-1].reshape(side, side)
    covariance = covariance_of(found)
    error = np.sqrt(np.diag(covariance)).reshape(side, side)
    fit = Fit(
        weights,
        error,
        float(found.weights[-1]),
        (-reach, -reach),
        np.asarray(np.linalg.pinv(covariance), np.float64),
        rms=1.0,
        explained=1.0,
        exact=False,
        samples=0,
    )
    entries = chain(known, proposals(fit, trial.placement, 1.0))
    matches = [match for match in nearest(fit, entries, trial.placement, most=24)
               if not match.negative]  # fmt: skip
    guess = _guess(trial, fit, matches, known)
    if guess is None:
        return None
    intervals = tuple(
        tuple((float(w - _HALF * e), float(w + _HALF * e)) for w, e in zip(*both, strict=True))
        for both in zip(weights, error, strict=True)
    )
    near = tuple((match.known.name, -(match.excess**2) / 2) for match in matches[:5])
    return About(guess, intervals, fit.origin, near, reach)


def _guess(
    trial: Trial, fit: Fit, matches: Sequence[Match], known: Sequence[Known]
) -> Guess | None:
    """Return the nearest kernel where it is near and no other is, else the weights alone."""
    count = fit.weights.size
    if matches:
        first = next((m for m in matches if m.known in known and _alike(m, matches[0])), matches[0])
        others = [match for match in matches if not _alike(match, first)]
        near = first.excess**2 < count + _LIMIT * math.sqrt(2 * count)
        apart = not others or others[0].excess ** 2 - first.excess**2 > _APART
        if near and apart and abs(fit.offset - float(first.kernel.offset)) < 1:
            alone = () if is_identity(first.kernel) else (first.kernel,)
            return Guess(alone, first.known.name, convolve=first.flipped)
    kernels = list(exact_kernels(fit, trial.placement))
    return Guess((kernels[-1],)) if kernels else None


def _alike(one: Match, other: Match) -> bool:
    """Return whether two kernels are so near that "about" holds of both."""
    first, second = (
        match.known.floats[::-1, ::-1] if match.flipped else match.known.floats
        for match in (one, other)
    )
    pads = [max(a, b) for a, b in zip(first.shape, second.shape, strict=True)]
    first, second = (
        np.pad(
            own,
            [((n - m) // 2, n - m - (n - m) // 2) for n, m in zip(pads, own.shape, strict=True)],
        )
        for own in (first, second)
    )
    return bool(np.abs(first - second).max() <= _ALIKE * np.abs(first).max())
