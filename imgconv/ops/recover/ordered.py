"""Footprints and ranks read off the order of a window's values: median, rank, erode, dilate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.errors import ArgumentError
from imgconv.model.footprint import Footprint, FootprintShape
from imgconv.model.geometry import OutputSize
from imgconv.model.steps.base import Step
from imgconv.model.steps.morphology import Dilate, Erode
from imgconv.model.steps.rank import Maximum, Median, Minimum, Rank
from imgconv.model.steps.windowed import Windowed
from imgconv.ops.recover.fit import take_windows
from imgconv.ops.recover.tryout import Guess, Trial

Flags = NDArray[np.bool_]
REACH = 10
_PLACES = 4000
_MOST = 0.985
"""Share of places at which an order must hold: a few pixels may have been changed since."""
_LARGEST_RECTANGLE = 7


class _Ordered(NamedTuple):
    """How windows compare with what came out: one row a place, one column an offset."""

    less: Flags
    equal: Flags
    down: range
    across: range


class _Mask(NamedTuple):
    size: str
    shape: FootprintShape
    inside: Flags


def orders(trial: Trial, reach: int = REACH, places: int = _PLACES) -> Iterator[Guess]:
    """Yield the order statistics, erosions and dilations that the values under windows allow."""
    seen = _compared(trial, reach, places)
    if seen is None:
        return
    found = False
    for extreme in (_extreme(seen, least=True), _extreme(seen, least=False)):
        if extreme is not None:
            found = True
            yield Guess((extreme,), str(extreme.spec))
    if not found:
        yield from _ranks(seen)


def _compared(trial: Trial, reach: int, places: int) -> _Ordered | None:
    """Return the comparison of windows with their results, or None where there are too few."""
    placement = trial.placement
    side = min(*trial.before.shape[:2])
    reach = min(reach, (side - 1) // 4)
    if placement.size is not OutputSize.SAME or reach < 1:
        return None
    windows = take_windows(
        trial.before, trial.after, placement, (reach, reach), most=places, clipped=True
    )
    if len(windows.values) < places // 20:
        return None
    down, across = placement.offsets((reach, reach))
    matrix = windows.matrix((down, across), slice(None))
    values = windows.values[:, None]
    return _Ordered(matrix < values, matrix == values, down, across)


def _extreme(seen: _Ordered, *, least: bool) -> Step | None:
    """Return the erosion or dilation whose footprint is every offset that never lies beyond."""
    beyond = seen.less if least else ~(seen.less | seen.equal)
    inside = beyond.mean(axis=0) <= (1 - _MOST) / 4
    if not inside.any() or inside.all():
        return None
    if float(seen.equal[:, inside].any(axis=1).mean()) < _MOST:
        return None
    flags = inside.reshape(len(seen.down), len(seen.across))
    rows, columns = (np.flatnonzero(flags.any(axis=axis)) for axis in (1, 0))
    top, left = seen.down[rows[0]], seen.across[columns[0]]
    bottom, right = seen.down[rows[-1]], seen.across[columns[-1]]
    if (top, bottom, left, right) == (0, 0, 0, 0):
        return None
    return _named_extreme(flags, (top, bottom, left, right), seen, least)


def _named_extreme(
    flags: Flags, sides: tuple[int, int, int, int], seen: _Ordered, least: bool
) -> Step | None:
    """Return the step with a size and a shape where they describe the footprint."""
    rows, columns = sides[1] - sides[0] + 1, sides[3] - sides[2] + 1
    kinds: tuple[type[Windowed], ...] = (Erode, Minimum) if least else (Dilate, Maximum)
    wanted = _offsets(flags, seen)
    size = str(rows) if rows == columns else f"{rows}x{columns}"
    for kind, shape in product(kinds, FootprintShape):
        try:
            step: Windowed = kind(size=size, shape=shape)
        except ArgumentError:
            continue
        window = step.window.reflected() if kind is Dilate else step.window
        if {(r - window.anchor[0], c - window.anchor[1]) for r, c in window.taps} == wanted:
            return step
    # Rows and columns on all sides: the middle is the anchor, and one row alone has no marks.
    high, wide = (max(-sides[i], sides[i + 1], 1) for i in (0, 2))
    spread = [
        [(row, column) in wanted for column in range(-wide, wide + 1)]
        for row in range(-high, high + 1)
    ]
    return kinds[1](given=Footprint.of(spread, (high, wide)))


def _offsets(flags: Flags, seen: _Ordered) -> set[tuple[int, int]]:
    return {(seen.down[r], seen.across[c]) for r, c in np.argwhere(flags)}


def _ranks(seen: _Ordered) -> Iterator[Guess]:
    """Yield the windows in which every value has the same rank, the best first."""
    masks = _masks(len(seen.down), len(seen.across))
    stacked = np.stack([mask.inside.ravel() for mask in masks], axis=1).astype(np.float32)
    first = np.rint(seen.less.astype(np.float32) @ stacked).astype(np.intp)
    last = first + np.rint(seen.equal.astype(np.float32) @ stacked).astype(np.intp)
    found = []
    for i, mask in enumerate(masks):
        count = int(mask.inside.sum())
        opened = np.bincount(first[:, i], minlength=count + 1)
        closed = np.bincount(last[:, i], minlength=count + 1)
        within = np.cumsum(opened - closed)[:count]
        rank = int(np.argmax(within))
        share = float(within[rank]) / len(first)
        if share >= _MOST:
            found.append((share, -count, i, rank))
    found.sort(key=lambda item: (-item[0], -item[1]))
    for _, negative, i, rank in found[:6]:
        step = _ranked(masks[i], rank, -negative)
        yield Guess((step,), str(step.spec))


@cache
def _masks(rows: int, columns: int) -> tuple[_Mask, ...]:
    """Return the windows that are looked at, the middle of the offsets being the output pixel."""
    return tuple(_all_masks(rows, columns))


def _all_masks(rows: int, columns: int) -> Iterator[_Mask]:
    largest = min(rows, columns)
    sizes = [(n, n) for n in range(2, largest + 1)]
    small = range(1, min(_LARGEST_RECTANGLE, largest) + 1)
    sizes += [(r, c) for r, c in product(small, small) if r != c]
    for (r, c), shape in product(sizes, FootprintShape):
        try:
            footprint = Footprint.shaped(shape, r, c)
        except ArgumentError:
            continue
        if shape is not FootprintShape.BOX and (footprint.is_box or r != c):
            continue
        inside = np.zeros((rows, columns), bool)
        for row, column in footprint.taps:
            inside[
                rows // 2 + row - footprint.anchor[0], columns // 2 + column - footprint.anchor[1]
            ] = True
        yield _Mask(str(r) if r == c else f"{r}x{c}", shape, inside)


def _ranked(mask: _Mask, rank: int, count: int) -> Step:
    """Return the step that takes a rank, counted from 0."""
    if rank == -(-count // 2) - 1:
        return Median(size=mask.size, shape=mask.shape)
    if rank == 0:
        return Minimum(size=mask.size, shape=mask.shape)
    if rank == count - 1:
        return Maximum(size=mask.size, shape=mask.shape)
    return Rank(size=mask.size, shape=mask.shape, percentile=plain_share(rank, count))


def plain_share(rank: int, count: int) -> Fraction:
    """Return the plainest share of which the nearest rank is a given one, counted from 0.

    Examples
    --------
    >>> plain_share(6, 25), plain_share(22, 25)
    (Fraction(1, 4), Fraction(9, 10))
    """
    low, high = Fraction(rank, count), Fraction(rank + 1, count)
    quarters = Fraction(int(high * 4), 4)
    if low < quarters <= high:
        return quarters
    tens = 10
    while not low < Fraction(int(high * tens), tens) <= high:
        tens *= 10
    return Fraction(int(high * tens), tens)


def behind(first: tuple[Step, ...], guess: Guess) -> Guess:
    """Return a guess with steps before its own."""
    return replace(guess, steps=(*first, *guess.steps))
