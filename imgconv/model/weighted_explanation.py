"""How a mean with weights made one pixel: what each pixel of the window counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imgconv.model.explanation import number_data
from imgconv.model.explanation_text import numbers_text, place_text, table
from imgconv.model.numbers import Number
from imgconv.model.rank_explanation import outside_words

_HEAD = ["reads", "pixel", "distance", "apart", "weight", "share", ""]
_MOST_SHOWN = 225


@dataclass(frozen=True, slots=True)
class WeightedPixel:
    """One pixel of the window.

    Attributes
    ----------
    position : (int, int)
        Perhaps outside.
    source : (int, int), optional
        The pixel that was read; None where the constant stands.
    values : tuple of numbers
        One for each channel.
    distance : float
        From the middle, in pixels.
    apart : float
        How far its colour is from the middle one, in grey levels.
    weight : float
    """

    position: tuple[int, int]
    source: tuple[int, int] | None
    values: tuple[Number, ...]
    distance: float
    apart: float
    weight: float


@dataclass(frozen=True, slots=True)
class WeightedStage:
    """How a mean with weights made one pixel.

    Attributes
    ----------
    name : str
    at, under : (int, int)
    formula : str
        Of the weights.
    pixels : tuple of WeightedPixel
        Those that count, row by row.
    means : tuple of float
        One for each channel, not yet rounded.
    library : str
        What computed the image.
    border : str
    values : tuple of numbers
    """

    name: str
    at: tuple[int, int]
    under: tuple[int, int] | None
    formula: str
    pixels: tuple[WeightedPixel, ...]
    means: tuple[float, ...]
    library: str
    border: str
    values: tuple[int | float, ...]

    @property
    def total(self) -> float:
        """The sum of the weights."""
        return sum(pixel.weight for pixel in self.pixels)

    def as_dict(self) -> dict[str, Any]:
        """Return the weights as plain data."""
        return {
            "step": self.name,
            "at": list(self.at),
            "border": self.border,
            "formula": self.formula,
            "pixels": [
                {"position": list(p.position), **number_data("pixel", p.values),
                 **number_data("distance", (p.distance,)), **number_data("apart", (p.apart,)),
                 **number_data("weight", (p.weight,))}
                for p in self.pixels
            ],
            **number_data("sum_of_weights", (self.total,)),
            **number_data("mean", self.means),
            "library": self.library,
            **number_data("value", self.values),
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return a table of weights, their sum, and what became of the mean."""
        lines = [f"{self.name} at row {self.at[0]}, column {self.at[1]} of its output"]
        lines.append(f"  weight = {self.formula}")
        shown = self.pixels
        if len(shown) > _MOST_SHOWN:
            ordered = sorted(shown, key=lambda pixel: pixel.weight, reverse=True)
            shown = tuple(ordered[:_MOST_SHOWN])
            lines.append(f"  the {_MOST_SHOWN} of {len(self.pixels)} pixels that count most:")
        lines += table([self._cells(pixel) for pixel in shown], _HEAD)
        lines.append(f"  sum of the weights: {self.total:.9g}")
        lines.append(f"  weighted mean: {' '.join(f'{mean:.9g}' for mean in self.means)}")
        lines.append(f"  written by {self.library}: {numbers_text(self.values)}")
        return lines

    def _cells(self, pixel: WeightedPixel) -> list[str]:
        return [
            place_text(pixel.position),
            numbers_text(pixel.values),
            f"{pixel.distance:.4g}",
            f"{pixel.apart:.6g}",
            f"{pixel.weight:.4g}",
            f"{100 * pixel.weight / self.total:.1f}%",
            outside_words(pixel.position, pixel.source, self.border).strip(),
        ]
