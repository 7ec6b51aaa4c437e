"""What kernels, sets of kernels and conversions have in common: they make sums."""

from __future__ import annotations

from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.output import Depth, OutputRange
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Form, Obstacle

_FLOAT_BYTES = 8  # for each value of a float image: its sum as float64
_ALPHA_BYTES = 16  # for each value beside alpha: the product with alpha, and both sums


def stretches(settings: Settings) -> bool:
    """Return whether the least and the greatest value must be known first."""
    return settings.output_range is OutputRange.RESCALE


def stretch_obstacle(before: Form, settings: Settings, alpha: Alpha) -> Obstacle | None:
    """Return why sums cannot be made on bands: the extremes of weighed colours are not known."""
    if stretches(settings) and before.has_alpha and alpha is Alpha.AUTO:
        return Obstacle("range rescale with alpha")
    if stretches(settings) and settings.border is Border.IGNORE:
        return Obstacle("range rescale with padding ignore")
    return None


def sums_scratch(before: Form, after: Form) -> int:
    """Return the bytes of intermediate values that sums take, for each output pixel."""
    each = _FLOAT_BYTES if Depth.F32 in (before.depth, after.depth) else 0
    return (each + (_ALPHA_BYTES if before.has_alpha else 0)) * after.values
