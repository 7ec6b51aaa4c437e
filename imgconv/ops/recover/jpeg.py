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
from imgconv.ops.image import Image
from imgconv.ops.recover.blocks import (
    SIDE,
    QuantizationSteps,
    blocks_of,
    central,
    find_steps,
    luminance,
    transformed,
    unclipped_blocks,
)
from imgconv.ops.recover.censored import Estimate, likeliest
from imgconv.ops.recover.fit import Fit
from imgconv.ops.recover.generated import proposals
from imgconv.ops.recover.linear import is_identity
from imgconv.ops.recover.names import Match, nearest
from imgconv.ops.recover.result import Known
from imgconv.ops.recover.snap import exact_kernels
from imgconv.ops.recover.tryout import Guess, Trial

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
_REACHES = (2, 3, 5)
_MOST_BLOCKS = 600
_LEAST_BLOCKS = 24
_CLEAR = 6
"""Levels from black and white within which a block may have been clipped before."""
_MOST_OUTSIDE = 0.01
_MOST_WRONG = 0.05
_SURE = 4.5
_SPREAD = 1.3
_INEXACT, _GAIN = 0.0008, 0.0015
"""What encoders' quick transforms add, in parts of the norm of the weights, and multiply by."""
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


class _Rows(NamedTuple):
    """Places of blocks, and between what their coefficients lay."""

    before: Floats
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    chosen: NDArray[np.bool_]
    low: Floats
    high: Floats


def about(trial: Trial, known: Sequence[Known], deadline: float) -> About | None:
    """Return the linear filter that explains a compressed picture, or None where none does."""
    placement = trial.placement
    if placement.size is not OutputSize.SAME or placement.stride != (1, 1):
        return None
    steps = find_steps(trial.after) if trial.before.dtype == np.uint8 else None
    rows = None if steps is None else _rows(central(trial.before), central(trial.after), steps)
    if rows is None:
        return None
    best: tuple[int, Estimate] | None = None
    for reach in _REACHES:
        found = _estimate(rows, reach)
        if found is None:
            break
        best = reach, found
        if not _has_rim(found, reach) or time.monotonic() > deadline:
            break
    if best is not None and best[0] == _REACHES[0] and not _has_rim(best[1], best[0]):
        small = _estimate(rows, 1)
        best = best if small is None else (1, small)
    if best is None or best[1].outside > _MOST_OUTSIDE:
        return None
    return _told(trial, best[0], best[1], known)


def _covariance(found: Estimate) -> Floats:
    """Return the covariance of the weights, what encoders do inexactly included."""
    weights = found.weights[:-1]
    inexact = (_INEXACT * float(np.linalg.norm(weights))) ** 2 * np.eye(len(weights))
    gain = _GAIN**2 * np.outer(weights, weights)
    return np.asarray(_SPREAD**2 * found.covariance[:-1, :-1] + inexact + gain)


def _has_rim(found: Estimate, reach: int) -> bool:
    """Return whether the outermost weights of a window are not 0."""
    side = 2 * reach + 1
    certain = np.abs(found.weights[:-1]) / np.sqrt(np.diag(_covariance(found)))
    rim = _rim(certain.reshape(side, side))
    return bool(rim.max() > _SURE or float(np.mean(rim**2)) > _SURE / 2)


def _rim(square: Floats) -> Floats:
    return np.concatenate([square[0], square[-1], square[:, 0], square[:, -1]])


def _rows(before: Image, after: Image, steps: QuantizationSteps) -> _Rows | None:
    """Return the blocks to look at, those of most detail; None where there are too few."""
    plane, shown = luminance(before), luminance(after)
    margin = -(-max(_REACHES) // SIDE)
    count = shown.shape[0] // SIDE, shown.shape[1] // SIDE
    blocks = blocks_of(shown)
    low, high = blocks.min(axis=(1, 2)), blocks.max(axis=(1, 2))
    where = np.arange(len(blocks))
    row, column = where // count[1], where % count[1]
    inside = (row >= margin) & (row < (shown.shape[0] // SIDE) - margin)
    inside &= (column >= margin) & (column < count[1] - margin)
    inside &= unclipped_blocks(after)
    good = np.flatnonzero(inside & (low > _CLEAR) & (high < 255 - _CLEAR) & (high > low))
    if len(good) < _LEAST_BLOCKS:
        return None
    detail = blocks[good].std(axis=(1, 2))
    good = good[np.argsort(-detail)[:_MOST_BLOCKS]]
    chosen = steps.size > 0
    turned = transformed(blocks[good])[:, chosen]
    step = np.broadcast_to(steps.size[chosen], turned.shape)
    shift = np.zeros((SIDE, SIDE))
    shift[0, 0] = 128 * SIDE  # JPEG codes values less 128
    centre = np.rint((turned - shift[chosen]) / step) * step + shift[chosen]
    return _Rows(
        plane,
        row[good] * SIDE,
        column[good] * SIDE,
        chosen,
        (centre - step / 2).ravel(),
        (centre + step / 2).ravel(),
    )


def _estimate(rows: _Rows, reach: int) -> Estimate | None:
    """Return the likeliest weights of a window, and last the offset."""
    away = np.arange(SIDE)
    columns = []
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            at = (rows.rows[:, None, None] + dy + away[:, None],
                  rows.columns[:, None, None] + dx + away[None])  # fmt: skip
            columns.append(transformed(rows.before[at])[:, rows.chosen].ravel())
    offset = np.zeros((SIDE, SIDE))
    offset[0, 0] = SIDE
    columns.append(np.tile(offset[rows.chosen], len(rows.rows)))
    matrix = np.stack(columns, axis=1)
    if len(matrix) < 4 * matrix.shape[1]:
        return None
    middle = (rows.low + rows.high) / 2
    scale = 1 / (1 + (rows.high - rows.low))
    solved = np.linalg.lstsq(matrix * scale[:, None], middle * scale, rcond=None)[0]
    start = np.asarray(solved, np.float64)
    count = int(rows.chosen.sum())
    found = likeliest(matrix, rows.low, rows.high, start, count)
    if found is None or not 0 < found.outside < _MOST_WRONG:
        return found
    made = matrix @ found.weights
    beyond = (made < rows.low - 1) | (made > rows.high + 1)
    kinds = beyond.reshape(len(rows.rows), -1)
    right = kinds.mean(axis=0) < _MOST_WRONG  # the step of the others was mistaken
    if right.all() or right.mean() < 0.5:
        return found
    good, count = np.tile(right, len(kinds)), int(right.sum())
    return likeliest(matrix[good], rows.low[good], rows.high[good], found.weights, count)


def _told(trial: Trial, reach: int, found: Estimate, known: Sequence[Known]) -> About | None:
    side = 2 * reach + 1
    weights = found.weights[:-1].reshape(side, side)
    covariance = _covariance(found)
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
