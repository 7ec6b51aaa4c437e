"""Recipes tried out on parts of a picture, and measured on all of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from imgconv.model.border import Border
from imgconv.model.errors import ImgconvError
from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.recipe import Recipe
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Form, Reach, Step
from imgconv.ops.image import Image
from imgconv.ops.pipeline.run import run_recipe
from imgconv.ops.recover.placement import Placement
from imgconv.ops.recover.result import Equality
from imgconv.ops.recover.sample import Sample, frame_sample, middle_sample

BORDERS = (
    (Border.REFLECT101, 0),
    (Border.REPLICATE, 0),
    (Border.REFLECT, 0),
    (Border.WRAP, 0),
    (Border.CONSTANT, 0),
    (Border.CONSTANT, 255),
)
ROUNDINGS = (Rounding.HALF_EVEN, Rounding.HALF_UP, Rounding.TRUNCATE, Rounding.HALF_DOWN)
_BLOCK_ROWS = 512


_ANY = Form(Depth.U8)
"""Which steps survey their input does not depend on its depth."""


@dataclass(frozen=True)
class Guess:
    """Steps that may have been done, and what they are called."""

    steps: tuple[Step, ...]
    name: str | None = None
    output_range: OutputRange = OutputRange.SATURATE
    convolve: bool = False
    notes: tuple[str, ...] = ()

    @property
    def is_global(self) -> bool:
        """Whether a pixel depends on the whole picture, so that parts tell nothing."""
        chosen = any(
            step.reach is Reach.WHOLE or step.surveys(_ANY, Settings()) for step in self.steps
        )
        return chosen or self.output_range is OutputRange.RESCALE

    def recipe(self, settings: Settings) -> Recipe:
        """Return the recipe with these settings and the guess's range."""
        ranged = settings._replace(output_range=self.output_range)
        return Recipe(steps=self.steps, convolve=self.convolve, settings=ranged)


@dataclass(frozen=True)
class Trial:
    """Two pictures, and how the one lies in the other."""

    before: Image
    after: Image
    placement: Placement
    reach: int

    @property
    def settings(self) -> Settings:
        """Stride, size and depth; the rest is to be found."""
        depth = Depth.of(self.after.dtype)
        return Settings(
            stride=self.placement.stride,
            size=self.placement.size,
            depth=None if depth is Depth.of(self.before.dtype) else depth,
        )

    @cached_property
    def middle(self) -> Sample:
        """The part with the most texture."""
        return middle_sample(self.before, self.after, self.placement, self.reach)

    @cached_property
    def frame(self) -> Sample:
        """The corners."""
        return frame_sample(self.before, self.after, self.placement, 2 * self.reach)

    def with_reach(self, reach: int) -> Trial:
        """Return the same pictures with another margin."""
        return replace(self, reach=reach)

    def equality(self, guess: Guess, sample: Sample, settings: Settings) -> Equality | None:
        """Return how well a guess does on a part, or None where it cannot be done there."""
        made = run_or_none(sample.before, guess.recipe(settings))
        if made is not None and self.placement.size is OutputSize.FULL:
            made = made[: len(sample.after), : sample.after.shape[1]]
        if made is None or not _comparable(made, sample.after):
            return None
        return measured(sample.counted(made), sample.counted(sample.after))

    def settled(self, guess: Guess) -> tuple[Settings, Equality] | None:
        """Return the rounding and the border with which a guess does best, on parts."""
        if guess.is_global:
            height, width = self.after.shape[:2]
            everything = Sample(self.before, self.after, np.arange(height), np.arange(width))
            bordered = any(step.extents for step in guess.steps)
            choices = self._bordered(self.settings) if bordered else [self.settings]
            return self._best(guess, everything, choices)
        best = self._best(guess, self.middle, [self.settings._replace(rounding=r)
                                               for r in self._roundings])  # fmt: skip
        if best is None:
            return None
        settings, inner = best
        if settings.size is OutputSize.VALID or not any(step.extents for step in guess.steps):
            return settings, inner
        found = self._best(guess, self.frame, self._bordered(settings))
        return (found[0], inner) if found else None

    def _bordered(self, settings: Settings) -> list[Settings]:
        white = Depth.of(self.before.dtype).high
        return [
            settings._replace(border=border, border_value=white if value else 0)
            for border, value in BORDERS
        ]

    @property
    def _roundings(self) -> tuple[Rounding, ...]:
        whole = Depth.of(self.after.dtype) is not Depth.F32
        return ROUNDINGS if whole else ROUNDINGS[:1]

    def _best(
        self, guess: Guess, sample: Sample, choices: list[Settings]
    ) -> tuple[Settings, Equality] | None:
        best: tuple[Settings, Equality] | None = None
        for settings in choices:
            equality = self.equality(guess, sample, settings)
            if equality is None:
                return None
            if best is None or _rank(equality) > _rank(best[1]):
                best = settings, equality
            if equality.equal_share == 1:
                break
        return best

    def whole(self, recipe: Recipe) -> Equality | None:
        """Return how well a recipe does on the whole picture."""
        made = run_or_none(self.before, recipe)
        if made is None or not _comparable(made, self.after):
            return None
        return measured(made, self.after)


def run_or_none(image: Image, recipe: Recipe) -> Image | None:
    """Return what a recipe makes of an image, or None where it cannot be run."""
    try:
        return run_recipe(image, recipe).image
    except ImgconvError:
        return None


def _rank(equality: Equality) -> tuple[float, float]:
    return equality.equal_share, -equality.max_abs_diff


def _comparable(made: Image, after: Image) -> bool:
    return made.shape == after.shape and made.dtype == after.dtype


def measured(made: Image, after: Image) -> Equality:
    """Return how much two pictures of one shape and type agree; a block of rows at a time."""
    equal = near = 0
    greatest, where = 0.0, None
    level = 1e-5 if made.dtype == np.float32 else 1
    for top in range(0, len(made), _BLOCK_ROWS):
        one, other = (image[top : top + _BLOCK_ROWS].astype(np.float64) for image in (made, after))
        off = np.abs(one - other)
        off = np.where(np.isfinite(off), off, np.where(one == other, 0, np.inf))
        if off.ndim == 3:
            off = off.max(axis=2)
        equal += int((off == 0).sum())
        near += int((off <= level).sum())
        if off.size and off.max() > greatest:
            row, column = np.unravel_index(int(off.argmax()), off.shape)
            greatest, where = float(off.max()), (top + int(row), int(column))
    pixels = max(made.shape[0] * made.shape[1], 1)
    return Equality(equal / pixels, greatest, where, near / pixels)
