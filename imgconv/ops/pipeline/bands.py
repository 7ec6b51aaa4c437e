"""Run a recipe on an image that does not fit in memory: bands of rows in, bands of rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from imgconv.engines.base import Engine
from imgconv.model.errors import LimitError
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Obstacle, Reach
from imgconv.model.steps.registry import function_of
from imgconv.model.steps.sums import stretches
from imgconv.ops.image import Image
from imgconv.ops.pipeline.lazy_rows import LazyRows, Source, SourceRows, StepRows, WindowRows
from imgconv.ops.pipeline.step import context_of
from imgconv.ops.regions.channels import Plane, planes_of
from imgconv.ops.regions.hole_rows import FlagRows, holed_chain, limit_rows
from imgconv.ops.regions.rows import PlaneRows, SelectedRows
from imgconv.ops.regions.weights import MaskRows

Facts = Mapping[int, Any]
"""What surveys found of the whole image, by the place of the step in the chain."""


def chain_of(
    source: Source,
    recipe: Recipe,
    facts: Facts | None = None,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    mask: MaskRows | None = None,
    valid: FlagRows | None = None,
) -> list[LazyRows]:
    """Return the rows of a source, and those after each step of a recipe, the output last.

    Where the recipe selects pixels, one more follows: what the steps made, mixed with the source.

    Parameters
    ----------
    source : Source
    recipe : Recipe
    facts : mapping of int to object, optional
        What the surveys of steps found; absent before they did.
    threads : int, optional
    engine : Engine, optional
    mask : callable, optional
        Gives the rows of the mask that the recipe names.
    valid : callable, optional
        Gives the rows of the mask of pixels that count.
    """
    source_rows = SourceRows(source, recipe.settings.depth)
    planes = planes_of(recipe.selection.channels, source_rows.form)
    limit = limit_rows(recipe, (source_rows.shape[0], source_rows.shape[1]), mask)
    holes = valid is not None or recipe.has_holes
    chain: list[LazyRows] = [source_rows]
    made = []
    places: list[Plane | None] = [*planes] or [None]
    for plane in places:
        if plane is not None:
            chain.append(PlaneRows(source_rows, plane))
        first = len(chain) + holes
        steps = [
            (planned, context_of(planned, recipe.alpha, threads=threads, engine=engine)._replace(
                facts=None if facts is None else facts.get(first + number)))
            for number, planned in enumerate(recipe.planned(chain[-1].form).steps)
        ]  # fmt: skip
        if holes:
            chain += holed_chain(chain[-1], recipe, steps, valid, limit)
        else:
            for planned, context in steps:
                kind = WindowRows if planned.step.reach is Reach.WINDOW else StepRows
                chain.append(kind(chain[-1], planned, context))
        made.append(chain[-1])
    if recipe.everywhere is not recipe:
        chain.append(SelectedRows(source_rows, made, planes, recipe, mask))
    return chain


class Stream:
    """A recipe on a source of rows; the bands that it yields are those of `run_recipe`.

    What a step must know of its whole input, such as the threshold that a method chooses or the
    extremes that a stretch needs, costs one more pass over the source.

    Parameters
    ----------
    opened : callable
        Gives the source from its beginning; called once for each pass.
    recipe : Recipe
    height : int
        Output rows in a band.
    threads : int, optional
    engine : Engine, optional
    mask : callable, optional
        Gives the rows of the mask that the recipe names.
    valid : callable, optional
        Gives the rows of the mask of pixels that count.

    Raises
    ------
    LimitError
        When the recipe has a step that needs the whole image.

    Attributes
    ----------
    height : int
    shape : tuple of int
        Of the output.
    dtype : dtype
    chain : list of LazyRows
        The source, and what each step makes, the output last.

    Examples
    --------
    >>> class Ramp:
    ...     shape, dtype = (9, 2), np.dtype(np.uint8)
    ...     def read(self, start, stop):
    ...         return np.arange(start, stop, dtype=np.uint8).repeat(2).reshape(-1, 2)
    >>> from imgconv.model.steps.color import Invert
    >>> stream = Stream(Ramp, Recipe(steps=(Invert(),)), height=4)
    >>> [band.shape for band in stream.bands()]
    [(4, 2), (4, 2), (1, 2)]
    """

    def __init__(
        self,
        opened: Callable[[], Source],
        recipe: Recipe,
        *,
        height: int,
        threads: int | None = None,
        engine: Engine | None = None,
        mask: MaskRows | None = None,
        valid: FlagRows | None = None,
    ) -> None:
        self._opened = opened
        self._recipe = recipe
        self.height = height
        self._running: dict[str, Any] = {
            "threads": threads,
            "engine": engine,
            "mask": mask,
            "valid": valid,
        }
        self._holes = valid is not None or recipe.has_holes
        self._facts: dict[int, Any] = {}
        self.chain = self._chained(opened())
        self._notes = recipe.planned(self.chain[0].form).notes
        self.depth = self.chain[-1].form.depth
        self.shape = self.chain[-1].shape
        self.dtype = np.dtype(self.depth.dtype)
        self._surveying = _surveying(self.chain)
        self._check()

    @property
    def passes(self) -> int:
        """How many times the source is read."""
        return 1 + len(self._surveying)

    @property
    def clipped_share(self) -> float:
        """Share of the values that were clamped in the step with the greatest; after all bands."""
        return max((rows.clipped / rows.values for rows in self.chain if rows.values), default=0)

    @property
    def threshold(self) -> float | None:
        """The one that the last step with a threshold used; known when the first band is there."""
        known = [rows.threshold for rows in self.chain if rows.threshold is not None]
        return known[-1] if known else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What fusing did, and what steps reported of the last band."""
        return (*self._notes, *(note for rows in self.chain for note in rows.notes))

    def bands(self) -> Iterator[Image]:
        """Yield the output from top to bottom."""
        for number in self._surveying:
            self._survey(number)
        self.chain = self._chained(self._opened())
        output = self.chain[-1]
        for start, stop in self._spans(output):
            yield output.read(start, stop)
            output.release(stop)

    def _chained(self, source: Source) -> list[LazyRows]:
        return chain_of(source, self._recipe, self._facts, **self._running)

    def _check(self) -> None:
        """Refuse now what the passes would find that they cannot do."""
        for planned in (rows.planned for rows in self.chain if isinstance(rows, StepRows)):
            found = planned.step.obstacle(planned.before, planned.settings, self._recipe.alpha)
            if found is None and self._holes and stretches(planned.settings):
                found = Obstacle("range rescale with pixels that do not count")
            if found is not None:
                raise _needs_all(found)

    def _survey(self, number: int) -> None:
        """Find what a step must know of its whole input, by one pass over the source."""
        chain = self._chained(self._opened())
        for each in chain:
            each.hold = None  # nothing is mixed in this pass
        rows = chain[number]
        assert isinstance(rows, StepRows)
        step = rows.planned.step
        survey = function_of(step, "survey")(step, rows.context)
        for start, stop in self._spans(rows):
            rows.survey(survey, start, stop)
        self._facts[number] = rows.found(survey)

    def _spans(self, rows: LazyRows) -> Iterator[tuple[int, int]]:
        for start in range(0, rows.shape[0], self.height):
            yield start, min(start + self.height, rows.shape[0])


def _surveying(chain: list[LazyRows]) -> list[int]:
    """Return the places in a chain of the steps that must survey their input."""
    return [
        place
        for place, rows in enumerate(chain)
        if isinstance(rows, StepRows)
        and rows.planned.step.surveys(rows.planned.before, rows.planned.settings)
    ]


def _needs_all(found: Obstacle) -> LimitError:
    return LimitError(
        f"{found.what} needs the whole image in memory",
        hint=f"{found.instead}raise --max-memory, if there is as much",
    )
