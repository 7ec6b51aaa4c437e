"""Images of which only some rows are there: each step makes its rows as they are asked for."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.output import Depth
from imgconv.model.step_plan import PlannedStep
from imgconv.model.steps.base import Form
from imgconv.ops.context import StepContext, StepResult, Survey
from imgconv.ops.image import Image, as_image, has_alpha, outside_value, shape_of
from imgconv.ops.part import Part
from imgconv.ops.pipeline.step import run_step
from imgconv.ops.windows import geometries_of


class Source(Protocol):
    """An image whose rows can be read.

    Attributes
    ----------
    shape : tuple of int
        Rows, columns and, for colour, channels.
    dtype : dtype
    """

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dtype(self) -> np.dtype[Any]: ...  # noqa: D102

    def read(self, start: int, stop: int) -> Image:
        """Return rows `start` to `stop`."""
        ...


class LazyRows:
    """Rows that are made when they are asked for; whoever reads in order has none made twice.

    Attributes
    ----------
    shape : tuple of int
        Of the whole image.
    form : Form
    clipped, values : int
        How many values were clamped, and of how many; each counted once.
    threshold : float, optional
        The one that a step used for the rows that were made last.
    notes : tuple of str
        What a step reported of them.
    hold : int, optional
        The first row that is kept though those who read it in order let go of it.
    """

    _before: LazyRows | None = None
    hold: int | None = None

    def __init__(self, shape: tuple[int, ...], depth: Depth) -> None:
        self.shape = shape
        self.form = Form(depth, shape[2] if len(shape) == 3 else None)
        self.clipped = self.values = 0
        self.threshold: float | None = None
        self.notes: tuple[str, ...] = ()
        self._kept: Image = np.empty((0, *shape[1:]), depth.dtype)
        self._from = self._to = 0

    def read(self, start: int, stop: int) -> Image:
        """Return rows `start` to `stop`: kept, new in order, or any others out of turn."""
        if start <= self._to < stop:
            made = self._make(self._to, stop)
            self._note(made)
            self._kept = np.concatenate([self._kept, made.image]) if len(self._kept) else made.image
            self._to = stop
            self._passed(stop)
        if start > self._to:
            return self._make(start, stop).image
        if start >= self._from:
            return self._kept[start - self._from : stop - self._from]
        again = self._make(start, min(stop, self._from)).image
        if stop <= self._from:
            return again
        return np.concatenate([again, self._kept[: stop - self._from]])

    def _note(self, made: StepResult) -> None:
        """Take in what is reported of rows that are made in order."""
        self.clipped += made.clipped
        self.values += made.values
        self.threshold, self.notes = made.threshold, made.notes

    def release(self, before: int) -> None:
        """Forget the rows before this one."""
        before = before if self.hold is None else min(before, self.hold)
        drop = min(max(before - self._from, 0), len(self._kept))
        self._kept = self._kept[drop:].copy()  # a view would keep all of them in memory
        self._from += drop

    def skip(self, stop: int) -> None:
        """Go on with row `stop`: the rows before it will not be asked for."""
        if stop <= self._to or self._before is None:
            return
        self._kept = self._kept[:0]
        self._from = self._to = stop
        self._passed(stop)
        if stop < self.shape[0]:
            self._before.skip(max(self._spans(stop, stop + 1)[0][0], 0))

    @property
    def reach(self) -> int:
        """How many rows of what is before it one row needs."""
        return 1

    def needed(self, height: int) -> int:
        """Return how many rows of what is before it a number of its rows needs."""
        return height

    def sources(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the spans of rows of the source that some rows are made of, in order."""
        spans = self._spans(start, stop)
        if self._before is None:
            return spans
        found = sorted(span for each in spans for span in self._before.sources(*each))
        return self.joined(found)

    @staticmethod
    def joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Join spans that touch or overlap, and put them in order."""
        return _joined(sorted(spans))

    def _spans(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the spans of rows that rows are made of, in what is before them."""
        return [(start, stop)]

    def _make(self, start: int, stop: int) -> StepResult:
        raise NotImplementedError

    def _passed(self, stop: int) -> None:
        """Record that rows up to `stop` will not be made in order again."""


class SourceRows(LazyRows):
    """The rows of a source, of a type that steps take."""

    def __init__(self, source: Source, depth: Depth | None) -> None:
        self._source = source
        self._depth = depth
        pixel = as_image(np.zeros((1, 1, *source.shape[2:]), source.dtype), depth)
        super().__init__(tuple(source.shape), Depth.of(pixel.dtype))

    def _make(self, start: int, stop: int) -> StepResult:
        return StepResult(as_image(self._source.read(start, stop), self._depth))


class StepRows(LazyRows):
    """The rows that a step makes of others, each pixel of the one at its place.

    Parameters
    ----------
    before : LazyRows
    planned : PlannedStep
    context : StepContext
    """

    def __init__(self, before: LazyRows, planned: PlannedStep, context: StepContext) -> None:
        self._before: LazyRows = before
        self.planned = planned
        self.context = context
        rows, columns = self._size(before)
        super().__init__(shape_of(rows, columns, planned.after), planned.after.depth)

    def _size(self, before: LazyRows) -> tuple[int, int]:
        return before.shape[0], before.shape[1]

    def survey(self, survey: Survey, start: int, stop: int) -> None:
        """Let a survey see what some rows are made of; to be called in order."""
        survey.add(self._before.read(start, stop), self.context)
        self._passed(stop)

    def found(self, survey: Survey) -> object:
        """Return what a survey found, after all rows."""
        return survey.result()

    def _make(self, start: int, stop: int) -> StepResult:
        return run_step(self._before.read(start, stop), self.planned, self.context)

    def _passed(self, stop: int) -> None:
        self._before.release(stop)


class WindowRows(StepRows):
    """The rows that a step with a window makes of others.

    Each step puts the border around what is before it, so a chain asks its steps, and not the
    source, for the rows that stand in for those outside.
    """

    def _size(self, before: LazyRows) -> tuple[int, int]:
        settings = self.context.settings
        self._outside = outside_value(settings.border_value, before.form.depth)
        geometries = geometries_of(self.planned.step, settings, (before.shape[0], before.shape[1]))
        self._axes = [geometry.rows for geometry in geometries]
        return geometries[0].out_shape

    @property
    def reach(self) -> int:
        """How many rows of what is before it one row needs."""
        return self.needed(1)

    def needed(self, height: int) -> int:
        """Return how many rows of what is before it a number of its rows needs."""
        first, last = self._positions(0, height)
        return last - first

    def survey(self, survey: Survey, start: int, stop: int) -> None:
        """Let a survey see what some rows are made of; to be called in order."""
        band, part = self._band(start, stop)
        survey.add(band, self.context._replace(part=part))
        self._passed(stop)

    def _make(self, start: int, stop: int) -> StepResult:
        band, part = self._band(start, stop)
        return run_step(band, self.planned, self.context._replace(part=part))

    def _passed(self, stop: int) -> None:
        # What a mirror needs at the lower edge is at most a reach behind.
        self._before.release(self._positions(stop, stop + 1)[0] - self.reach)

    def _positions(self, start: int, stop: int) -> tuple[int, int]:
        ends = [axis.read_by(start, stop) for axis in self._axes]
        return min(first for first, _ in ends), max(last for _, last in ends)

    def _spans(self, start: int, stop: int) -> list[tuple[int, int]]:
        first, last = self._reading(start, stop)
        length = self._before.shape[0]
        if first >= 0 and last <= length:
            return [(first, last)]
        return _runs(row_places(self.context.settings.border, first, last, length))

    def _reading(self, start: int, stop: int) -> tuple[int, int]:
        """Return the positions that some output rows read; perhaps outside."""
        length = self._before.shape[0]
        first, last = self._positions(start, stop)
        # Rows that a stride leaves out are made too, since their clipped values count.
        following = length if stop == self.shape[0] else self._positions(stop, stop + 1)[0]
        return first, max(last, min(following, length))

    def _band(self, start: int, stop: int) -> tuple[Image, Part]:
        """Return the rows that some output rows need, the border included."""
        length = self._before.shape[0]
        first, last = self._reading(start, stop)
        part = Part(length, first, start, stop)
        if first >= 0 and last <= length:
            return self._before.read(first, last), part
        places = row_places(self.context.settings.border, first, last, length)
        wanted = np.unique(places[places >= 0])
        blocks = [self._before.read(*span) for span in _runs(places)]
        empty = np.empty((1, *self._before.shape[1:]), self._before.form.depth.dtype)
        band = np.concatenate(blocks or [empty])[np.searchsorted(wanted, np.maximum(places, 0))]
        self._set_outside(band, places < 0)
        return band, part

    def _set_outside(self, band: Image, outside: NDArray[np.bool_]) -> None:
        """Put the constant into rows outside the image."""
        band[outside] = self._outside
        if has_alpha(band) and self.context.alpha is not Alpha.FILTER:
            # Outside everything is opaque.
            band[outside, :, -1] = self._before.form.depth.high


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans that touch or overlap; they are in order.

    Examples
    --------
    >>> _joined([(0, 3), (2, 5), (5, 6), (9, 10)])
    [(0, 6), (9, 10)]
    """
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


def _runs(places: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return the spans of rows that stand somewhere, in order."""
    wanted = np.unique(places[places >= 0])
    if not len(wanted):
        return []
    runs = np.split(wanted, np.flatnonzero(np.diff(wanted) > 1) + 1)
    return [(int(run[0]), int(run[-1]) + 1) for run in runs]


def row_places(border: Border, first: int, last: int, length: int) -> NDArray[np.intp]:
    """Return which row stands at each position from `first` to `last`; -1 is the constant.

    Examples
    --------
    >>> row_places(Border.WRAP, -2, 5, 4).tolist()
    [2, 3, 0, 1, 2, 3, 0]
    """
    places = np.arange(first, last)
    for i in np.flatnonzero((places < 0) | (places >= length)):
        found = border.source_index(int(places[i]), length)
        places[i] = -1 if found is None else found
    return places
