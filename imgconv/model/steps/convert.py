"""The step that applies depth, range and rounding by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from imgconv.model.alpha import Alpha
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Extent, Form, Obstacle, Step
from imgconv.model.steps.sums import stretch_obstacle, stretches


@dataclass(frozen=True)
class Convert(Step):
    """Apply depth, range and rounding to the values as they are.

    It stands for a kernel of the one weight 1. A recipe without a step that makes sums, but with a
    depth, a range or a stride, has one at its end.
    """

    kind: ClassVar[str] = "convert"

    @property
    def extents(self) -> tuple[Extent, ...]:
        """One place, since stride and size apply."""
        return (Extent(1, 1, (0, 0)),)

    @property
    def makes_sums(self) -> bool:
        """Whether depth, range and rounding are applied by it."""
        return True

    def obstacle(self, before: Form, settings: Settings, alpha: Alpha) -> Obstacle | None:
        """Return why it cannot run on bands: a stretch of weighed colours."""
        return stretch_obstacle(before, settings, alpha)

    def surveys(self, before: Form, settings: Settings) -> bool:
        """Return whether the least and the greatest value must be known first."""
        return stretches(settings)
