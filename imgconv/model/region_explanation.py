"""How pixels came about that are selected in part, or have too little that counts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from imgconv.model.explanation import Tap, number_data, tap_data, taps_table
from imgconv.model.explanation_text import numbers_text
from imgconv.model.settings import Settings


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


@dataclass(frozen=True, slots=True)
class HoleStage:
    """A pixel for which too little of the window counts (see `StepExplanation`).

    Attributes
    ----------
    name : str
        Of the kernel.
    at : (int, int)
        Row and column.
    taps : tuple of Tap
    share : Fraction
        Of the weights, by magnitude, that count.
    values : tuple of numbers
        What stands there: the value of no data, or the pixel of the image.
    under : (int, int), optional
        The pixel of the input under the anchor.
    settings : Settings
    """

    name: str
    at: tuple[int, int]
    taps: tuple[Tap, ...]
    share: Fraction
    values: tuple[int | float, ...]
    under: tuple[int, int] | None
    settings: Settings

    def as_dict(self) -> dict[str, Any]:
        """Return the taps and how much of them counts as plain data."""
        return {
            "kernel": self.name,
            "at": list(self.at),
            **number_data("share", (self.share,)),
            "taps": [tap_data(tap) for tap in self.taps],
            "counted": "no result",
            **number_data("value", self.values),
        }

    def lines(self) -> list[str]:
        """Return the table of taps, and that there is no result."""
        return [
            f"{self.name} at row {self.at[0]}, column {self.at[1]} of its output",
            *taps_table(self.taps, self.settings.border.value),
            f"  {float(self.share):.6g} of the weights count, so there is no result: "
            f"{numbers_text(self.values)}",
        ]
