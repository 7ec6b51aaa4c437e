"""Rows of an image of which some values do not count: each with a flag for every value.

Image and flags travel as one array, the flags behind the channels, so that borders and bands treat
both alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from imgconv.model.recipe import Recipe
from imgconv.model.region import Sees
from imgconv.model.step_plan import PlannedStep
from imgconv.model.steps.base import Form, Reach
from imgconv.ops.context import StepContext, StepResult, Survey
from imgconv.ops.image import Image, shape_of
from imgconv.ops.pipeline.lazy_rows import LazyRows, StepRows, WindowRows
from imgconv.ops.regions.holes import (
    Flags,
    Holed,
    check_holes,
    filled,
    hole_notes,
    run_with_holes,
    valid_values,
    within,
)
from imgconv.ops.regions.weights import MaskRows, weights_of_rows

FlagRows = Callable[[int, int], Flags]
"""Returns rows `start` to `stop` of flags, shape (rows, columns)."""


def limit_rows(recipe: Recipe, size: tuple[int, int], mask: MaskRows | None) -> FlagRows | None:
    """Return the rows of the only pixels that take part; None where all do."""
    if recipe.selection.sees is not Sees.REGION:
        return None
    return lambda start, stop: weights_of_rows(recipe.selection, size, start, stop, mask=mask) > 0


def _packed(holed: Holed) -> Image:
    image, valid = (part if part.ndim == 3 else part[..., None] for part in holed)
    return np.concatenate([image, valid.astype(image.dtype)], axis=2)


def _unpacked(rows: Image, form: Form) -> Holed:
    values = form.values
    image, valid = rows[..., :values], rows[..., values:] != 0
    if form.channels is None:
        image, valid = image[..., 0], valid[..., 0]
    return Holed(np.ascontiguousarray(image), np.ascontiguousarray(valid))


class HoledRows(LazyRows):
    """The rows of an image, and which of their values count."""

    def __init__(
        self, before: LazyRows, recipe: Recipe, valid: FlagRows | None, limit: FlagRows | None
    ) -> None:
        check_holes(recipe.planned(before.form), recipe, before.form)
        rows, columns = before.shape[:2]
        super().__init__((rows, columns, 2 * before.form.values), before.form.depth)
        self.missing = 0
        self._before: LazyRows = before
        self._nodata, self._valid, self._limit = recipe.nodata, valid, limit

    def _make(self, start: int, stop: int) -> StepResult:
        image = self._before.read(start, stop)
        plane = None if self._valid is None else self._valid(start, stop)
        flags = valid_values(image, self._nodata, plane)
        if self._limit is not None:
            flags = within(flags, self._limit(start, stop))
        return StepResult(_packed(Holed.of(image, flags)))

    def _note(self, made: StepResult) -> None:
        flags = made.image[..., made.image.shape[2] // 2 :]
        self.missing += int(np.count_nonzero(flags == 0))

    def _passed(self, stop: int) -> None:
        self._before.release(stop)


class _HoledStep(StepRows):
    """What steps with and without a window have in common."""

    def __init__(
        self,
        before: LazyRows,
        planned: PlannedStep,
        context: StepContext,
        recipe: Recipe,
        limit: FlagRows | None,
    ) -> None:
        super().__init__(before, planned, context)
        self._nodata, self._limit = recipe.nodata, limit
        rows, columns = self.shape[:2]
        LazyRows.__init__(self, (rows, columns, 2 * planned.after.values), planned.after.depth)
        self._added = False

    def _done(self, band: Image, context: StepContext, start: int, stop: int) -> StepResult:
        holed = _unpacked(band, self.planned.before)
        result, valid = run_with_holes(holed, self.planned, context, self._nodata)
        if self._limit is not None:
            valid = within(valid, self._limit(start, stop))
        return result._replace(image=_packed(Holed.of(result.image, valid)))

    def survey(self, survey: Survey, start: int, stop: int) -> None:
        """Let a survey see the values that count."""
        holed = _unpacked(self._before.read(start, stop), self.planned.before)
        flags = holed.valid if holed.valid.ndim == 2 else holed.valid.all(axis=2)
        if flags.any():
            survey.add(holed.image[flags][None], self.context)
            self._added = True
        self._passed(stop)

    def found(self, survey: Survey) -> object:
        """Return what a survey found; 0 where nothing counts."""
        return survey.result() if self._added else 0


class HoledPixels(_HoledStep):
    """The rows that a step makes of the values at their place."""

    def _make(self, start: int, stop: int) -> StepResult:
        return self._done(self._before.read(start, stop), self.context, start, stop)


class HoledWindows(_HoledStep, WindowRows):
    """The rows that a step with a window makes of the values that count."""

    def _make(self, start: int, stop: int) -> StepResult:
        band, part = self._band(start, stop)
        return self._done(band, self.context._replace(part=part), start, stop)

    def _set_outside(self, band: Image, outside: Flags) -> None:
        band[outside] = self._outside
        band[outside, :, self.planned.before.values :] = 1  # a constant counts


class FilledRows(LazyRows):
    """The rows of the result, with the value of no data where nothing counts."""

    def __init__(self, source: LazyRows, before: LazyRows, recipe: Recipe, form: Form) -> None:
        rows, columns = before.shape[:2]
        super().__init__(shape_of(rows, columns, form), form.depth)
        self._source, self._before = source, before
        self._recipe, self._form = recipe, form
        self._shown = not recipe.nodata.value
        self._counts = [0, 0]
        self._latest = 0, 0
        if self._shown:
            source.hold = 0

    def sources(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the spans of rows of the source that some rows are made of, in order."""
        assert self._before is not None
        spans = self._before.sources(start, stop)
        if self._shown:
            spans = [*spans, *self._source.sources(start, stop)]
        return self.joined(spans)

    def _make(self, start: int, stop: int) -> StepResult:
        assert self._before is not None
        made, valid = _unpacked(self._before.read(start, stop), self._form)
        image = self._source.read(start, stop) if self._shown else made
        rows, alike = filled(made, valid, image, self._recipe.nodata)
        self._latest = int(np.count_nonzero(~valid)), alike
        return StepResult(rows)

    def _note(self, made: StepResult) -> None:
        del made
        self._counts = [sum(pair) for pair in zip(self._counts, self._latest, strict=True)]
        if self._recipe.nodata.given:
            self.notes = tuple(hole_notes(self._missing(), *self._counts))

    def _missing(self) -> int:
        return next((rows.missing for rows in self._chain() if isinstance(rows, HoledRows)), 0)

    def _chain(self) -> Iterator[LazyRows]:
        rows: LazyRows | None = self._before
        while rows is not None:
            yield rows
            rows = rows._before

    def _passed(self, stop: int) -> None:
        assert self._before is not None
        if self._shown:
            self._source.hold = stop
        self._before.release(stop)


def holed_chain(
    source: LazyRows,
    recipe: Recipe,
    steps: list[tuple[PlannedStep, StepContext]],
    valid: FlagRows | None,
    limit: FlagRows | None,
) -> list[LazyRows]:
    """Return the rows of an image with its flags, after each step, and without flags again."""
    chain: list[LazyRows] = [HoledRows(source, recipe, valid, limit)]
    for planned, context in steps:
        kind = HoledWindows if planned.step.reach is Reach.WINDOW else HoledPixels
        chain.append(kind(chain[-1], planned, context, recipe, limit))
    form = recipe.planned(source.form).output
    return [*chain, FilledRows(source, chain[-1], recipe, form)]
