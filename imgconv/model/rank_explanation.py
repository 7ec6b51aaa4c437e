"""How a step with a footprint made one pixel: the window in order, or the extremes of passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imgconv.model.explanation import number_data
from imgconv.model.explanation_text import numbers_text, place_text
from imgconv.model.numbers import Number

_MOST_SHOWN = 121  # values of a window that a line shows


@dataclass(frozen=True, slots=True)
class WindowPixel:
    """One pixel under a footprint.

    Attributes
    ----------
    position : (int, int)
        Row and column under it; perhaps outside.
    source : (int, int), optional
        The pixel that was read; None where the constant stands.
    values : tuple of numbers
        One for each channel.
    """

    position: tuple[int, int]
    source: tuple[int, int] | None
    values: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class RankStage:
    """How an order statistic made one pixel.

    Attributes
    ----------
    name : str
    at : (int, int)
    under : (int, int), optional
        The pixel of the input under the anchor.
    pixels : tuple of WindowPixel
        Those that count, row by row.
    taken : tuple of int
        Places in the sorted window, from 0, of the values that made the result; for each channel
        the same. Empty for the mode.
    how : str
    border : str
    values : tuple of numbers
    """

    name: str
    at: tuple[int, int]
    under: tuple[int, int] | None
    pixels: tuple[WindowPixel, ...]
    taken: tuple[int, ...]
    how: str
    border: str
    values: tuple[int | float, ...]

    def in_order(self, channel: int) -> list[WindowPixel]:
        """Return the pixels of the window by the values of a channel."""
        return sorted(self.pixels, key=lambda pixel: float(pixel.values[channel]))

    def as_dict(self) -> dict[str, Any]:
        """Return the window in order as plain data, for each channel."""
        return {
            "step": self.name,
            "at": list(self.at),
            "border": self.border,
            "how": self.how,
            "taken": list(self.taken),
            "sorted": [
                [{"position": list(p.position), **number_data("value", (p.values[c],))}
                 for p in self.in_order(c)]
                for c in range(len(self.values))
            ],
            **number_data("value", self.values),
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return the window in order, with the value that was taken in brackets."""
        lines = [f"{self.name} at row {self.at[0]}, column {self.at[1]} of its output"]
        lines.append(f"  {len(self.pixels)} pixels count: {self.how}")
        for channel in range(len(self.values)):
            ordered = self.in_order(channel)
            title = f"  channel {channel}, in order:" if len(self.values) > 1 else "  in order:"
            lines.append(f"{title} {self._row(ordered, channel)}")
            for place in self.taken:
                pixel = ordered[place]
                where = outside_words(pixel.position, pixel.source, self.border)
                lines.append(
                    f"    number {place + 1} is {numbers_text((pixel.values[channel],))}, "
                    f"at {place_text(pixel.position)}{where}"
                )
        lines.append(f"  written: {numbers_text(self.values)}")
        return lines

    def _row(self, ordered: list[WindowPixel], channel: int) -> str:
        texts = [numbers_text((pixel.values[channel],)) for pixel in ordered]
        for place in self.taken:
            texts[place] = f"[{texts[place]}]"
        if len(texts) <= _MOST_SHOWN:
            return " ".join(texts)
        middle = self.taken[0] if self.taken else 0
        first = min(max(0, middle - _MOST_SHOWN // 2), len(texts) - _MOST_SHOWN)
        shown = " ".join(texts[first : first + _MOST_SHOWN])
        return f"... {shown} ... (numbers {first + 1} to {first + _MOST_SHOWN})"


@dataclass(frozen=True, slots=True)
class Extreme:
    """One extreme, and what it is the extreme of.

    Attributes
    ----------
    what : str
        Such as "greatest of the eroded values".
    value : number
        With the height, where there is one.
    position : (int, int)
    source : (int, int), optional
    height : number
        What was added or subtracted there.
    """

    what: str
    value: Number
    position: tuple[int, int]
    source: tuple[int, int] | None
    height: Number = 0


@dataclass(frozen=True, slots=True)
class MorphologyStage:
    """How an operation of morphology made one pixel.

    Attributes
    ----------
    name : str
    at, under : (int, int)
    extremes : tuple of tuple of Extreme
        For each channel, from the last pass back to the image.
    how : str
        What was done with them; "" for nothing.
    border : str
    values : tuple of numbers
    """

    name: str
    at: tuple[int, int]
    under: tuple[int, int] | None
    extremes: tuple[tuple[Extreme, ...], ...]
    how: str
    border: str
    values: tuple[int | float, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the extremes as plain data, for each channel."""
        return {
            "step": self.name,
            "at": list(self.at),
            "border": self.border,
            "how": self.how,
            "extremes": [
                [{"what": e.what, "position": list(e.position), **number_data("value", (e.value,)),
                  **number_data("height", (e.height,))} for e in channel]
                for channel in self.extremes
            ],
            **number_data("value", self.values),
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return each extreme with its place, a line each."""
        lines = [f"{self.name} at row {self.at[0]}, column {self.at[1]} of its output"]
        for channel, extremes in enumerate(self.extremes):
            if len(self.extremes) > 1:
                lines.append(f"  channel {channel}")
            for found in extremes:
                where = outside_words(found.position, found.source, self.border)
                height = f", height {numbers_text((found.height,))}" if found.height else ""
                lines.append(
                    f"  {found.what}: {numbers_text((found.value,))}, at "
                    f"{place_text(found.position)}{where}{height}"
                )
        if self.how:
            lines.append(f"  {self.how}")
        lines.append(f"  written: {numbers_text(self.values)}")
        return lines


def outside_words(position: tuple[int, int], source: tuple[int, int] | None, border: str) -> str:
    """Return where a border took a value from; "" for a pixel of the image."""
    if source is None:
        return f" (outside: {border})"
    return "" if position == source else f" (outside: {border} reads {place_text(source)})"
