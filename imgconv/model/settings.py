"""The settings that all steps of a recipe share."""

from __future__ import annotations

from typing import NamedTuple

from imgconv.model.border import Border
from imgconv.model.geometry import OutputSize, Size
from imgconv.model.output import Depth, OutputRange, Rounding


class Settings(NamedTuple):
    """How a step is applied: everything that `correlate` takes beside image and kernel."""

    border: Border = Border.REFLECT101
    border_value: int | float = 0
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    size: Size = OutputSize.SAME
    depth: Depth | None = None
    rounding: Rounding = Rounding.HALF_EVEN
    output_range: OutputRange = OutputRange.SATURATE
    white: int | None = None
    """What ``OutputRange.FULL`` takes for white; default that of the image's type."""
