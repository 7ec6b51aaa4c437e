"""Steps composed of minima and maxima, in their usual sizes and shapes: open, close, gradients."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.model.errors import ArgumentError
from imgconv.model.footprint import FootprintShape
from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Step
from imgconv.model.steps.morphology import (
    BlackHat,
    Close,
    InnerGradient,
    MorphGradient,
    Open,
    OuterGradient,
    TopHat,
)
from imgconv.model.steps.rank import Midpoint, Mode
from imgconv.ops.image import Image
from imgconv.ops.recover.tryout import Guess, Trial, run_or_none

_SIDE = 48
_MARGIN = 14
_LEAST_EQUAL = 0.97
_LEAST_TELLING = 60
_SIZES = (3, 5, 7, 9, 11, 2, 4, 6, 13, 15)


def compositions(trial: Trial, deadline: float) -> Iterator[Guess]:
    """Yield the steps composed of minima and maxima that make a patch of the middle."""
    placement = trial.placement
    if placement.size is not OutputSize.SAME:
        return
    sample = trial.with_reach(_MARGIN).middle
    down, across = placement.stride
    side = min(*sample.after.shape[:2], _SIDE + 2 * _MARGIN)
    before, after = sample.before[: side * down, : side * across], sample.after[:side, :side]
    if len(before) < 3 * _MARGIN or after.shape[0] != after.shape[1]:
        return
    inner = slice(_MARGIN, side - _MARGIN)
    target = after[inner, inner]
    source = before[:: down or 1, :: across or 1][inner, inner]
    for step in _candidates(source, target):
        if time.monotonic() > deadline:
            return
        made = run_or_none(before, Recipe(steps=(step,), settings=trial.settings))
        if made is not None and made.shape == after.shape and _agrees(made[inner, inner], target):
            yield Guess((step,), str(step.spec))


def _agrees(made: Image, target: Image) -> bool:
    """Return whether what is made is the target, which has detail of its own."""
    if int((target != np.median(target)).sum()) < _LEAST_TELLING:
        return False
    return float((made == target).mean()) >= _LEAST_EQUAL


def _candidates(source: Image, target: Image) -> Iterator[Step]:
    """Yield steps whose results may lie where the target does: below, above, near nothing."""
    kinds: list[Any] = [Midpoint, MorphGradient]
    if source.shape == target.shape:
        room = Depth.of(source.dtype).high - source.astype(np.float64)
        kinds += [Open, TopHat, InnerGradient] if _mostly(target <= source) else []
        kinds += [Close] if _mostly(target >= source) else []
        kinds += [BlackHat, OuterGradient] if _mostly(target <= room) else []
    for size, shape, kind in product(_SIZES, FootprintShape, kinds):
        if shape not in {FootprintShape.BOX, FootprintShape.CROSS} and size < 4:
            continue  # they are a cross or a box
        try:
            yield kind(size=str(size), shape=shape)
        except ArgumentError:
            continue
    yield from (Mode(size=str(size)) for size in _SIZES[:4])


def _mostly(flags: NDArray[np.bool_]) -> bool:
    return float(flags.mean()) >= _LEAST_EQUAL
