"""Known steps tried one after the other on the middle of the picture."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth, OutputRange
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Step
from imgconv.model.steps.color import Invert
from imgconv.model.steps.methods import ThresholdMethod
from imgconv.model.steps.threshold import Binarization
from imgconv.ops.recover.result import Known
from imgconv.ops.recover.tryout import Guess, Trial, run_or_none

Floats = NDArray[np.float64]
REACH = 10
_LEAST_SHARE = 0.8
_LEAST_INFORMATIVE = 40
_MOST_FOUND = 6
_GLOBAL = (
    ThresholdMethod.OTSU,
    ThresholdMethod.TRIANGLE,
    ThresholdMethod.LI,
    ThresholdMethod.YEN,
    ThresholdMethod.ISODATA,
    ThresholdMethod.MEAN,
)


class Scored(NamedTuple):
    """A guess, and the share of telling pixels that it makes to less than one level."""

    share: float
    guess: Guess


def scan(
    trial: Trial, first: tuple[Step, ...], known: Iterable[Known], deadline: float
) -> list[Scored]:
    """Return what known steps explain, the best first.

    Parameters
    ----------
    trial : Trial
        Of the picture after the steps `first`.
    first : tuple of Step
        What comes before, for the guesses.
    known : iterable of Known
    deadline : float
        Of `time.monotonic`.
    """
    close = trial.with_reach(REACH)
    sample = close.middle
    target = sample.counted(sample.after).astype(np.float64)
    found: list[Scored] = []
    levels = np.unique(target) if target.size else target
    two = levels.size == 2 and set(levels) == _ends(close)
    for entry in sorted(known, key=lambda entry: entry.step.is_linear):
        if time.monotonic() > deadline:
            break
        values = _values(close, entry)
        if values is None or values.shape != target.shape:
            continue
        scores = (
            _thresholds(entry, values, target) if two else _ranges(close, entry, values, target)
        )
        found += [
            scored._replace(guess=replace(scored.guess, steps=(*first, *scored.guess.steps)))
            for scored in scores
            if scored.share >= _LEAST_SHARE
        ]
    found.sort(key=lambda scored: -scored.share)
    return found[:_MOST_FOUND]


def _ends(trial: Trial) -> set[float]:
    depth = Depth.of(trial.after.dtype)
    return {float(depth.low), float(depth.high)}


def _values(trial: Trial, entry: Known) -> Floats | None:
    """Return what a step makes of the middle, not rounded, or None where it does not fit."""
    step = entry.step
    if any(max(extent.rows, extent.columns) > 2 * REACH + 1 for extent in step.extents):
        return None
    steps = _steps(entry)
    settings = trial.settings._replace(depth=Depth.F32)
    if Depth.of(trial.before.dtype) is Depth.F32 or not step.makes_sums:
        settings = settings._replace(depth=None)
    sample = trial.middle
    made = run_or_none(sample.before, Recipe(steps=steps, settings=settings))
    if made is None:
        return None
    if trial.placement.size is OutputSize.FULL:
        made = made[: len(sample.after), : sample.after.shape[1]]
    if made.shape[:2] != sample.after.shape[:2]:
        return None
    return sample.counted(made).astype(np.float64)


def _ranges(trial: Trial, entry: Known, values: Floats, target: Floats) -> Iterator[Scored]:
    """Yield the ranges, and negatives, with which values give the target."""
    depth = Depth.of(trial.after.dtype)
    low, high = float(depth.low), float(depth.high)
    steps = _steps(entry)
    whole = depth is not Depth.F32
    slack = 1.0 if whole else 1e-6 * max(float(np.abs(target).max(initial=0)), 1.0)

    def share(made: Floats) -> float:
        shown = np.clip(made, low, high) if whole else made
        telling = ~((target == shown) & ((target == low) | (target == high))) | (not whole)
        count = int(telling.sum())
        if count < _LEAST_INFORMATIVE:
            return 0.0
        return float((np.abs(shown - target) < slack)[telling].mean())

    yield Scored(share(values), Guess(steps, entry.name))
    if entry.step.makes_sums:
        yield Scored(share(np.abs(values)), Guess(steps, entry.name, OutputRange.ABS))
        if depth.middle:
            shifted = values + float(depth.middle)
            yield Scored(share(shifted), Guess(steps, entry.name, OutputRange.OFFSET))
        if _is_stretched(values, target, low, high):
            yield Scored(1.0, Guess(steps, entry.name, OutputRange.RESCALE))
    if whole and low == 0:
        negative = share(high - np.clip(values, low, high))
        yield Scored(negative, Guess((*steps, Invert()), f"{entry.name}, invert"))


def _is_stretched(values: Floats, target: Floats, low: float, high: float) -> bool:
    """Return whether the target is the values on another scale; its ends are elsewhere."""
    inside = (target > low) & (target < high)
    if inside.sum() < _LEAST_INFORMATIVE or float(values[inside].std()) == 0:
        return False
    slope, level = np.polyfit(values[inside], target[inside], 1)
    off = np.abs(slope * values + level - target)[inside]
    return bool(slope > 0 and float(np.quantile(off, 0.98)) < 0.75 and abs(slope - 1) > 1e-4)


def _thresholds(entry: Known, values: Floats, target: Floats) -> Iterator[Scored]:
    """Yield thresholds that part the values as the target is parted."""
    shown = np.rint(np.clip(values, 0, None))
    for inverted in (False, True):
        white = (target == target.max()) != inverted
        if white.all() or not white.any():
            continue
        below, above = float(shown[~white].max()), float(shown[white].min())
        if below >= above:
            continue
        last = (Invert(),) if inverted else ()
        said = ", invert" if inverted else ""
        for number in _round_numbers(int(below), int(above) - 1):
            step = Binarization.parse(str(number))
            yield Scored(
                1.0,
                Guess((*_steps(entry), step, *last), f"{_before(entry)}binarize:{number}{said}"),
            )
        for method in _GLOBAL:
            step = Binarization(method)
            name = f"{_before(entry)}binarize:{method.value}{said}"
            yield Scored(1 - 1e-6, Guess((*_steps(entry), step, *last), name))


def _before(entry: Known) -> str:
    return f"{entry.name}, " if _steps(entry) else ""


def _round_numbers(low: int, high: int) -> list[int]:
    """Return the roundest of the whole numbers from `low` to `high`."""
    numbers = range(max(low, 0), high + 1)
    return sorted(numbers, key=lambda n: (n not in {127, 128}, n % 10 != 0, n % 5 != 0))[:2]


def _steps(entry: Known) -> tuple[Step, ...]:
    return () if entry.is_identity else (entry.step,)
