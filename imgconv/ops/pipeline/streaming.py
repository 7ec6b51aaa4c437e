"""Run a recipe on an image that does not fit in memory: bands of rows in, bands of rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from imgconv.engines.base import Engine
from imgconv.model.alpha import Alpha
from imgconv.model.errors import LimitError
from imgconv.model.output import OutputRange
from imgconv.model.recipe import Recipe
from imgconv.model.tone import Binarization, ThresholdMethod
from imgconv.ops.linear.correlate import Image
from imgconv.ops.linear.part import Extremes
from imgconv.ops.pipeline.histogram import Histogram
from imgconv.ops.pipeline.rows import FinishedRows, Rows, Source, StageRows, TonedRows
from imgconv.ops.pipeline.run import colour_values, stages_of


def chain_of(
    source: Source,
    recipe: Recipe,
    threshold: float = 0,
    extremes: Extremes = (),
    *,
    threads: int | None = None,
    engine: Engine | None = None,
) -> list[Rows]:
    """Return the rows after each step of a recipe, the output last.

    Parameters
    ----------
    source : Source
    recipe : Recipe
    threshold : float
        What the recipe's method chose, where it has one that chooses.
    extremes : sequence
        What ``OutputRange.RESCALE`` stretches.
    threads : int, optional
    engine : Engine, optional
    """
    if recipe.binarize is not None and recipe.binarize.method is not ThresholdMethod.FIXED:
        known = Binarization(ThresholdMethod.FIXED, threshold=Fraction(threshold))
        recipe = replace(recipe, binarize=known)
    chain: list[Rows] = [TonedRows(source, recipe)]
    running: dict[str, Any] = {"threads": threads, "engine": engine}
    for kernel, settings in stages_of(recipe, chain[0].depth):
        chain.append(StageRows(chain[-1], kernel, settings, recipe.alpha, **running))
    if isinstance(last := chain[-1], StageRows):
        last.extremes = extremes
    if recipe.binarize_after:
        chain.append(FinishedRows(chain[-1], recipe))
    return chain


class Stream:
    """A recipe on a source of rows; the bands that it yields are those of `run_recipe`.

    What a recipe must know of the whole image, the threshold that a method chooses or the extremes
    that a stretch needs, costs one more pass over the source each.

    Parameters
    ----------
    opened : callable
        Gives the source from its beginning; called once for each pass.
    recipe : Recipe
    height : int
        Output rows in a band.
    threads : int, optional
    engine : Engine, optional

    Raises
    ------
    LimitError
        When the recipe has a step that needs the whole image.

    Attributes
    ----------
    shape : tuple of int
        Of the output.
    dtype : dtype
    chain : list of Rows
        After each step, the output last.
    threshold : float, optional
        The one that binarizing chose; known when the first band is there.

    Examples
    --------
    >>> class Ramp:
    ...     shape, dtype = (9, 2), np.dtype(np.uint8)
    ...     def read(self, start, stop):
    ...         return np.arange(start, stop, dtype=np.uint8).repeat(2).reshape(-1, 2)
    >>> stream = Stream(Ramp, Recipe(invert=True), height=4)
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
    ) -> None:
        self._opened = opened
        self._recipe = recipe
        self._height = height
        self._running: dict[str, Any] = {"threads": threads, "engine": engine}
        self._extremes: Extremes = ()
        self.threshold: float | None = None
        source = opened()
        self.chain = self._chained(source)
        self.depth = self.chain[-1].depth
        self.shape = self.chain[-1].shape
        self.dtype = np.dtype(self.depth.dtype)
        self.notes = tuple(recipe.chain(self.chain[0].depth)[1])
        self._check()

    @property
    def passes(self) -> int:
        """How many times the source is read."""
        return 1 + self._finds_threshold + self._stretches

    @property
    def clipped_share(self) -> float:
        """Share of the values that were clamped in the stage with the greatest; after all bands."""
        return max((rows.clipped / colour_values(rows.shape) for rows in self.chain), default=0)

    def bands(self) -> Iterator[Image]:
        """Yield the output from top to bottom."""
        if self._finds_threshold and not self._recipe.binarize_after:
            self._choose_threshold()
        if self._stretches:
            self._find_extremes()
        if self._finds_threshold and self._recipe.binarize_after:
            self._choose_threshold()
        self.chain = self._chained(self._opened())
        for start, stop in self._spans(self.chain[-1]):
            yield self.chain[-1].read(start, stop)
            self.chain[-1].release(stop)

    def _chained(self, source: Source) -> list[Rows]:
        threshold = self.threshold or 0
        return chain_of(source, self._recipe, threshold, self._extremes, **self._running)

    @property
    def _finds_threshold(self) -> bool:
        asked = self._recipe.binarize
        return asked is not None and asked.method is not ThresholdMethod.FIXED

    @property
    def _stretches(self) -> bool:
        return self._recipe.settings.output_range is OutputRange.RESCALE

    def _check(self) -> None:
        """Refuse now what the passes would find that they cannot do."""
        if self._recipe.linear:
            raise self._needs_all("linear light")
        weighed = self._recipe.alpha is Alpha.AUTO and self.chain[0].shape[2:] in ((2,), (4,))
        if self._stretches and weighed:
            raise self._needs_all("range rescale with alpha")
        asked = self._recipe.binarize
        if asked is None:
            return
        if asked.method.is_local:
            raise self._needs_all(
                f"threshold method {asked.method.value}",
                "choose one for the whole image (otsu), or ",
            )
        if self._finds_threshold:
            self._histogram(asked.method)

    @staticmethod
    def _needs_all(what: str, instead: str = "") -> LimitError:
        return LimitError(
            f"{what} needs the whole image in memory",
            hint=f"{instead}raise --max-memory, if there is as much",
        )

    def _histogram(self, method: ThresholdMethod) -> Histogram:
        return Histogram(self.chain[-1 if self._recipe.binarize_after else 0].depth, method)

    def _spans(self, rows: Rows) -> Iterator[tuple[int, int]]:
        for start in range(0, rows.shape[0], self._height):
            yield start, min(start + self._height, rows.shape[0])

    def _choose_threshold(self) -> None:
        from imgconv.ops.color.tone import to_gray

        assert self._recipe.binarize is not None
        histogram = self._histogram(self._recipe.binarize.method)
        unbinarized = replace(self._recipe, binarize=None, invert=False)
        if not self._recipe.binarize_after:
            rows: Rows = TonedRows(self._opened(), unbinarized)
        else:
            rows = self._chained(self._opened())[-2]
        for start, stop in self._spans(rows):
            histogram.add(to_gray(rows.read(start, stop)))
            rows.release(stop)
        self.threshold = histogram.threshold()

    def _find_extremes(self) -> None:
        last = next(r for r in reversed(self._chained(self._opened())) if isinstance(r, StageRows))
        found = [last.extremes_between(start, stop) for start, stop in self._spans(last)]
        known = [end for ends in found for end in ends]
        self._extremes = (min(known), max(known)) if known else ()
