"""What the function of a step is told beside image and step, and what it gives back."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from imgconv.engines.base import Engine
from imgconv.model.alpha import Alpha
from imgconv.model.settings import Settings
from imgconv.ops.image import Image
from imgconv.ops.part import Part


class StepContext(NamedTuple):
    """How a step is applied.

    Attributes
    ----------
    settings : Settings
        Those that apply to this step; the border's value is one of its input.
    alpha : Alpha
    threads : int, optional
        Default the CPUs that this process may use.
    engine : Engine, optional
        Of sums; default the fastest exact one.
    part : Part, optional
        Which output rows are made, where the image is a band of rows; the rows above and below
        that the border stands for are in it. Only steps with a window are given one.
    facts : object, optional
        What the survey of the whole input found, where the step has one and works on bands.
    """

    settings: Settings = Settings()
    alpha: Alpha = Alpha.AUTO
    threads: int | None = None
    engine: Engine | None = None
    part: Part | None = None
    facts: Any = None


class StepResult(NamedTuple):
    """What a step made of an image.

    Attributes
    ----------
    image : ndarray
    clipped, values : int
        How many values were clamped to the range of their type, and of how many; 0 and 0 where a
        step clamps none.
    threshold : float, optional
        The one that was chosen for the whole image, for the report.
    notes : tuple of str
        For the report, a line each.
    """

    image: Image
    clipped: int = 0
    values: int = 0
    threshold: float | None = None
    notes: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What a recipe made of an image.

    Attributes
    ----------
    image : ndarray
    clipped_share : float
        Share of the values that were clamped to the range of their type, 0 to 1; of several steps,
        that of the one with the greatest.
    threshold : float, optional
        The one that the last step that chose one found for the whole image.
    notes : tuple of str
        What fusing did, and what steps report.
    """

    image: Image
    clipped_share: float = 0
    threshold: float | None = None
    notes: tuple[str, ...] = ()


class Survey(Protocol):
    """What a step must know of its whole input, gathered band by band."""

    def add(self, image: Image, context: StepContext) -> None:
        """Take in rows of the input; for a step with a window, those that one part needs."""
        ...

    def result(self) -> Any:
        """Return the facts, for ``StepContext.facts``."""
        ...
