"""How a selection made one pixel of that of the image and that of the recipe."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from imgconv.model.explanation import number_data
from imgconv.model.explanation_text import numbers_text


@dataclass(frozen=True, slots=True)
class MixedStage:
    """What became of a pixel that is not selected in full (see `StepExplanation`).

    Attributes
    ----------
    at : (int, int)
        Row and column.
    weight : Fraction
        0 where the image's own value stays, 1 where the recipe's would.
    read, made, values : tuple of numbers
        Of the image, of the recipe, and what was written; one for each channel.
    channels : str
        Those that were filtered, where not all were.
    """

    at: tuple[int, int]
    weight: Fraction
    read: tuple[int | float, ...]
    made: tuple[int | float, ...]
    values: tuple[int | float, ...]
    channels: str = ""

    @property
    def name(self) -> str:
        """The word for it."""
        return "mixed"

    @property
    def under(self) -> tuple[int, int]:
        """The same pixel."""
        return self.at

    def as_dict(self) -> dict[str, Any]:
        """Return weight and pixels as plain data."""
        return {
            "step": self.name,
            "channels": self.channels,
            "at": list(self.at),
            **number_data("weight", (self.weight,)),
            **number_data("read", self.read),
            **number_data("made", self.made),
            **number_data("value", self.values),
        }

    def lines(self) -> list[str]:
        """Return what the weight did, in one line."""
        place = f"row {self.at[0]}, column {self.at[1]}"
        if not self.weight:
            return [f"not selected at {place}: {numbers_text(self.values)} stays"]
        if self.channels:
            changed = f"{numbers_text(self.read)} -> {numbers_text(self.made)}"
            put = [f"{self.channels} put back at {place}: {changed}"]
            if self.weight == 1:
                return put
        else:
            put = []
        share = f"{float(self.weight):.6g}"
        return [
            *put,
            f"mixed at {place}, weight {share}: {numbers_text(self.read)} and "
            f"{numbers_text(self.made)} -> {numbers_text(self.values)}",
        ]
