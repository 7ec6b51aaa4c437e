"""How one pixel came about, as values: taps, windows, stages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from imgconv.model.explanation_text import exact_text, numbers_text, outside_text, table
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Number, Rational
from imgconv.model.output import Depth
from imgconv.model.settings import Settings


class StepExplanation(Protocol):
    """How one step made one pixel; each step kind has its own.

    Attributes
    ----------
    name : str
        Of the step.
    at : (int, int)
        Row and column in the step's output.
    under : (int, int), optional
        The pixel of its input to explain next; None where the border's constant lies there.
    values : tuple of numbers
        What was written, one for each channel.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def at(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def under(self) -> tuple[int, int] | None: ...  # noqa: D102
    @property
    def values(self) -> tuple[int | float, ...]: ...  # noqa: D102

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        ...

    def lines(self) -> list[str]:
        """Return it as text, a line each."""
        ...


@dataclass(frozen=True, slots=True)
class Tap:
    """One weight of a kernel, over one pixel.

    Attributes
    ----------
    row, col : int
        Place in the kernel, from 0.
    position : (int, int)
        Row and column of the image under the tap; perhaps outside.
    source : (int, int), optional
        Row and column of the pixel that was read; None where the constant stands.
    weight : int or Fraction
    pixels, products : tuple of numbers
        One for each channel.
    counts : bool
        Whether the pixel counts; otherwise its product is 0.
    """

    row: int
    col: int
    position: tuple[int, int]
    source: tuple[int, int] | None
    weight: Rational
    pixels: tuple[Number, ...]
    products: tuple[Number, ...]
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """One kernel over the window of one output pixel.

    Attributes
    ----------
    kernel : Kernel
    taps : tuple of Tap
        Row by row.
    sums : tuple of numbers
        ``sum(products)`` for each channel, exact.
    values : tuple of numbers
        ``scale * sum + offset``.
    """

    kernel: Kernel
    taps: tuple[Tap, ...]
    sums: tuple[Number, ...]
    values: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """How one kernel of a recipe, or one set of them, made one pixel.

    Attributes
    ----------
    name : str
    at : (int, int)
        Row and column in this stage's output.
    windows : tuple of Window
        One, or one for each member of a set.
    exact : tuple of numbers
        The exact value after the output range, before rounding; a root that is not rational has
        60 digits. Empty for an index or a direction.
    rounded : tuple of numbers
        Rounded, not yet clamped.
    values : tuple of numbers
        What the engine wrote.
    depth : Depth
    settings : Settings
    how : str
        What was done between sum and rounding, in words; "" where nothing was.
    counted : str
        How much of the window counts, in words; "" where all of it does.
    """

    name: str
    at: tuple[int, int]
    windows: tuple[Window, ...]
    exact: tuple[Number, ...]
    rounded: tuple[Number, ...]
    values: tuple[int | float, ...]
    depth: Depth
    settings: Settings
    how: str = ""
    counted: str = ""

    @property
    def under(self) -> tuple[int, int] | None:
        """The pixel of the input under the anchor; None where the constant lies there."""
        window = self.windows[0]
        anchor = window.kernel.anchor
        return next(tap.source for tap in window.taps if (tap.row, tap.col) == anchor)

    def as_dict(self) -> dict[str, Any]:
        """Return the windows, the exact value and what became of it as plain data."""
        first, *others = [_window_data(window) for window in self.windows]
        return {
            "kernel": self.name,
            "at": list(self.at),
            "border": self.settings.border.value,
            "depth": self.depth.value,
            "rounding": self.settings.rounding.value,
            "how": self.how,
            **({"counted": self.counted} if self.counted else {}),
            **first,
            **({"members": [first, *others]} if others else {}),
            **number_data("exact_value", self.exact),
            **number_data("rounded", self.rounded),
            **number_data("value", self.values),
        }

    def lines(self) -> list[str]:
        """Return tables of taps, then what became of their sum."""
        lines = [f"{self.name} at row {self.at[0]}, column {self.at[1]} of its output"]
        for window in self.windows:
            lines += self._window_lines(window)
        if self.how:
            value = numbers_text(self.exact) if self.exact else "see the engine"
            lines.append(f"  {self.how}: {value}")
        if self.rounded:
            rounding = "nearest float32"
            if self.depth is not Depth.F32:
                rounding = self.settings.rounding.value
            lines.append(f"  rounded ({rounding}): {numbers_text(self.rounded)}")
            if self.depth is not Depth.F32 and self.rounded != self.values:
                lines.append(
                    f"  clipped to {self.depth.low}..{self.depth.high} ({self.depth.value}): "
                    f"{numbers_text(self.values)}"
                )
        lines.append(f"  written by the engine: {numbers_text(self.values)}")
        return lines

    def _window_lines(self, window: Window) -> list[str]:
        kernel = window.kernel
        rows, columns = kernel.shape
        name = f"{kernel.name}, " if len(self.windows) > 1 else ""
        lines = [f"  {name}{rows} x {columns}, anchor {kernel.anchor[0]},{kernel.anchor[1]}"]
        lines += taps_table(window.taps, self.settings.border.value)
        if self.counted:
            lines.append(f"  {self.counted}")
        lines.append(f"  sum of the products: {numbers_text(window.sums)}")
        if kernel.scale != 1 or kernel.offset != 0:
            plus = f" + {kernel.offset}" if kernel.offset else ""
            lines.append(f"  times {kernel.scale}{plus}: {numbers_text(window.values)}")
        return lines


@dataclass(frozen=True, slots=True)
class PixelStage:
    """How a step without a window made one pixel of the one at its place.

    Attributes
    ----------
    name : str
    at : (int, int)
        Row and column, in the input and in the output.
    read, values : tuple of numbers
        The pixel before and after, a number for each channel.
    """

    name: str
    at: tuple[int, int]
    read: tuple[int | float, ...]
    values: tuple[int | float, ...]

    @property
    def under(self) -> tuple[int, int]:
        """The pixel at the same place."""
        return self.at

    def as_dict(self) -> dict[str, Any]:
        """Return both pixels as plain data."""
        return {
            "step": self.name,
            "at": list(self.at),
            **number_data("read", self.read),
            **number_data("value", self.values),
        }

    def lines(self) -> list[str]:
        """Return both pixels in one line."""
        place = f"row {self.at[0]}, column {self.at[1]}"
        return [f"{self.name} at {place}: {numbers_text(self.read)} -> {numbers_text(self.values)}"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a recipe made one pixel.

    Attributes
    ----------
    stages : tuple of StepExplanation
        From the first step with a window to the last one; that made the pixel that was asked for,
        and each one before it the pixel under the next one's anchor.
    tone : str
        What was done before the first window, in words; "" for nothing.
    """

    stages: tuple[StepExplanation, ...]
    tone: str = ""

    @property
    def value(self) -> int | float | tuple[int | float, ...]:
        """What stands in the output: a number, or one for each channel."""
        values = self.stages[-1].values
        return values[0] if len(values) == 1 else values

    def as_dict(self) -> dict[str, Any]:
        """Return the last stage as plain data, and all of them under ``stages``.

        Numbers that are not whole are the nearest float64, with the exact fraction as text beside
        them (``sum_exact`` and so on). Of colour, each is a list with a number for each channel.
        """
        stages = [stage.as_dict() for stage in self.stages]
        return {**stages[-1], "tone": self.tone, "stages": stages}


def _window_data(window: Window) -> dict[str, Any]:
    kernel = window.kernel
    return {
        "name": kernel.name,
        "shape": list(kernel.shape),
        "anchor": list(kernel.anchor),
        **number_data("scale", (kernel.scale,)),
        **number_data("offset", (kernel.offset,)),
        **number_data("sum", window.sums),
        "taps": [tap_data(tap) for tap in window.taps],
    }


def tap_data(tap: Tap) -> dict[str, Any]:
    """Return a tap as plain data."""
    return {
        "row": tap.row,
        "col": tap.col,
        "position": list(tap.position),
        "source": None if tap.source is None else list(tap.source),
        **number_data("pixel", tap.pixels),
        **number_data("weight", (tap.weight,)),
        **number_data("product", tap.products),
        **({} if tap.counts else {"counts": False}),
    }


def number_data(name: str, numbers: tuple[Number, ...]) -> dict[str, Any]:
    """Return one number or a list; exact as text too where a float64 may not say it all."""
    plain = [_json_number(number) for number in numbers]
    data: dict[str, Any] = {name: plain[0] if len(plain) == 1 else plain}
    if any(isinstance(number, Fraction) for number in numbers):
        exact = [str(number) for number in numbers]
        data[f"{name}_exact"] = exact[0] if len(exact) == 1 else exact
    return data


def _json_number(number: Number) -> int | float | str:
    """Return what JSON can hold; it has no NaN and no infinity."""
    if isinstance(number, int):
        return number
    value = float(number)
    return value if math.isfinite(value) else str(value)


def taps_table(taps: tuple[Tap, ...], border: str) -> list[str]:
    """Return a table of taps, a line for each."""
    return table([_cells(tap, border) for tap in taps])


def _cells(tap: Tap, border: str) -> list[str]:
    return [
        f"{tap.row},{tap.col}",
        ",".join(map(str, tap.position)),
        numbers_text(tap.pixels),
        exact_text(tap.weight),
        numbers_text(tap.products),
        "does not count"
        if not tap.counts
        else outside_text(tap.position, tap.source, border, tap.pixels[:1]),
    ]
