"""How Canny's detector decided one pixel: gradient, direction, neighbours, verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imgconv.model.explanation import number_data
from imgconv.model.explanation_text import numbers_text, place_text
from imgconv.model.numbers import Number


@dataclass(frozen=True, slots=True)
class GradientHere:
    """The gradient of one pixel, in the channel where it is the largest.

    Attributes
    ----------
    position : (int, int)
        Perhaps outside, where the size is 0.
    channel : int
    across, down : number
        Derivatives along columns and rows.
    size : number
        ``|across| + |down|``, or Euclid's norm.
    """

    position: tuple[int, int]
    channel: int
    across: Number
    down: Number
    size: Number


@dataclass(frozen=True, slots=True)
class CannyStage:
    """How Canny's detector decided one pixel.

    Attributes
    ----------
    name : str
    at : (int, int)
    gradient : GradientHere
    angle : float
        Of the gradient in degrees, 0 along the row to the right, 90 down the column.
    direction : str
        The one of four that it is taken for.
    neighbours : (GradientHere, GradientHere)
        Before and after the pixel in that direction.
    low, high : float
    is_greatest : bool
        Whether neither neighbour exceeds it.
    strong : GradientHere, optional
        Of an edge the nearest pixel above `high` that it hangs together with, perhaps itself.
    steps : int
        How many pixels that is away, along the edge.
    verdict : str
    scaled : str
        How gradients and thresholds were scaled; "" for not at all.
    values : tuple of int or float
    """

    name: str
    at: tuple[int, int]
    gradient: GradientHere
    angle: float
    direction: str
    neighbours: tuple[GradientHere, GradientHere]
    low: float
    high: float
    is_greatest: bool
    strong: GradientHere | None
    steps: int
    verdict: str
    scaled: str
    values: tuple[int | float, ...]

    @property
    def under(self) -> tuple[int, int]:
        """The pixel at the same place."""
        return self.at

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "step": self.name,
            "at": list(self.at),
            "gradient": _data(self.gradient),
            "angle": self.angle,
            "direction": self.direction,
            "neighbours": [_data(one) for one in self.neighbours],
            "thresholds": [self.low, self.high],
            "is_greatest": self.is_greatest,
            "strong": None if self.strong is None else _data(self.strong),
            "verdict": self.verdict,
            **number_data("value", self.values),
        }

    def lines(self) -> list[str]:
        """Return one fact a line, the verdict last."""
        here = self.gradient
        lines = [f"{self.name} at row {self.at[0]}, column {self.at[1]} of its output"]
        if self.scaled:
            lines.append(f"  {self.scaled}")
        lines.append(
            f"  gradient: {numbers_text((here.across,))} across, {numbers_text((here.down,))} down"
            f"{f', in channel {here.channel}' if here.channel else ''}; size {_size(here)}"
        )
        lines.append(f"  direction: {self.angle:.4g} degrees, taken as {self.direction}")
        for word, one in zip(("before", "after"), self.neighbours, strict=True):
            lines.append(f"  neighbour {word}, at {place_text(one.position)}: size {_size(one)}")
        lines.append(f"  thresholds: {self.low:.12g} and {self.high:.12g}")
        lines.append(f"  verdict: {self.verdict}")
        if self.strong is not None and self.steps:
            lines.append(
                f"  the nearest above {self.high:.12g}: size {_size(self.strong)} at "
                f"{place_text(self.strong.position)}, {self.steps} "
                f"pixel{'s' * (self.steps > 1)} along the edge"
            )
        lines.append(f"  written: {numbers_text(self.values)}")
        return lines


def _size(gradient: GradientHere) -> str:
    size = gradient.size
    return f"{size:.9g}" if isinstance(size, float) else numbers_text((size,))


def _data(gradient: GradientHere) -> dict[str, Any]:
    return {
        "position": list(gradient.position),
        "channel": gradient.channel,
        **number_data("across", (gradient.across,)),
        **number_data("down", (gradient.down,)),
        **number_data("size", (gradient.size,)),
    }
