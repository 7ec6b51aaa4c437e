"""Two steps one after the other: the first is a known one, the second is looked for anew."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import as_kernel
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Reach, Step
from imgconv.ops.recover.composed import compositions
from imgconv.ops.recover.fit import fit_window, take_windows
from imgconv.ops.recover.linear import grow, try_all
from imgconv.ops.recover.ordered import orders
from imgconv.ops.recover.placement import Placement
from imgconv.ops.recover.result import Known, is_identity
from imgconv.ops.recover.sample import Sample, middle_sample
from imgconv.ops.recover.scan import REACH, Scored, scan
from imgconv.ops.recover.tryout import Guess, Trial, run_or_none

_SIDE = 224
_PLACES = 3000
_REACHES = (1, 3, 7)
_LEAST_EXPLAINED = {1: 0.5, 3: 0.98, 7: 1.0}
"""Share of the variance by reach, below which a wider window is not tried."""
_RANK_REACH, _RANK_PLACES = 3, 1000
_FIRST = (
    *("median", "gaussian", "blur", "sharpen", "median:size=5", "gaussian:sigma=2"),
    *("box:size=5", "binomial_5", "sharpen_8", "gaussian:sigma=1.5", "sobel", "laplacian_4"),
    *("erode", "dilate", "open", "close", "unsharp", "median:size=7", "gaussian:sigma=0.5"),
)
"""Steps that stand before others most often."""


def chains(
    trial: Trial, first: tuple[Step, ...], known: Sequence[Known], deadline: float
) -> Iterator[Scored]:
    """Yield what two steps explain, one after the other, until the deadline.

    The picture between them has the type of the picture before, as if it were written to a file.
    """
    placement = trial.placement
    if placement.size is not OutputSize.SAME or placement.stride != (1, 1):
        return
    sample = middle_sample(trial.before, trial.after, placement, (_SIDE - 96) // 2)
    usual = [entry for name in _FIRST for entry in known if entry.name == name]
    others = [entry for entry in known if entry.name not in _FIRST]
    for way, starts in ((_second, (*usual, *others)), (_thorough, usual)):
        for start in starts:
            if time.monotonic() > deadline:
                return
            part = _part_after(start.step, sample, placement)
            for scored in () if part is None else way(part, known, deadline):
                if scored.guess.steps:
                    yield Scored(scored.share, _behind(first, start, scored.guess))


def _part_after(step: Step, sample: Sample, placement: Placement) -> Trial | None:
    """Return what is left to explain after a step on a part, or None where that tells nothing."""
    rim = _rim(step)
    if rim is None or min(sample.after.shape[:2]) < 4 * rim + 32:
        return None
    between = run_or_none(sample.before, Recipe(steps=(step,)))
    if between is None or between.ndim != sample.after.ndim:
        return None
    cut = slice(rim, -rim or None)
    between = between[cut, cut]
    if float(between.std()) == 0:
        return None
    return Trial(between, sample.after[cut, cut], placement, REACH)


def _rim(step: Step) -> int | None:
    """Return how far a step looks, or None where it is nothing to begin with."""
    if step.reach is not Reach.WINDOW or (step.is_linear and is_identity(as_kernel(step))):
        return None
    return max(max(extent.rows, extent.columns) for extent in step.extents)


def _behind(first: tuple[Step, ...], start: Known, guess: Guess) -> Guess:
    name = f"{start.name}, {guess.name}" if guess.name else None
    return replace(guess, steps=(*first, start.step, *guess.steps), name=name)


def _second(part: Trial, known: Sequence[Known], deadline: float) -> Iterator[Scored]:
    """Yield the tones, the linear filter or the order statistic that may follow."""
    alone = [entry for entry in known if entry.is_identity]
    yield from scan(part, (), alone[:1], deadline)
    if reach := _exact_reach(part):
        for grown in grow(part, deadline, [r for r in (1, 2, 3, 5, 7) if r <= reach]):
            if grown.fit.exact:
                for share, guess in try_all(part, grown, known, deadline)[:3]:
                    yield Scored(share / 2, guess)
    for guess in orders(part, _RANK_REACH, _RANK_PLACES):
        yield Scored(1.0, guess)


def _thorough(part: Trial, known: Sequence[Known], deadline: float) -> Iterator[Scored]:
    """Yield what else is known and may follow."""
    yield from (Scored(1.0, guess) for guess in compositions(part, deadline))
    others = [entry for entry in known if not entry.step.is_linear]
    yield from scan(part, (), others, deadline)


def _exact_reach(part: Trial) -> int:
    """Return the reach of a small linear filter that leaves no more than rounding; 0 for none."""
    for reach in _REACHES:
        reaches = (reach, reach)
        windows = take_windows(part.before, part.after, part.placement, reaches, most=_PLACES)
        fit = fit_window(windows, part.placement.offsets(reaches), Depth.of(part.after.dtype))
        if fit is None or fit.exact:
            return reach if fit else 0
        if fit.explained < _LEAST_EXPLAINED[reach]:
            return 0
    return 0
