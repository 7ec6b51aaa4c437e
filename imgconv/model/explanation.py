"""How one pixel came about, as values: taps, windows, stages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational
from imgconv.model.output import Depth
from imgconv.model.recipe import Settings

Number = Rational | float
"""Exact where it is finite; NaN and infinity are floats."""


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
    """

    row: int
    col: int
    position: tuple[int, int]
    source: tuple[int, int] | None
    weight: Rational
    pixels: tuple[Number, ...]
    products: tuple[Number, ...]


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


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a recipe made one pixel.

    Attributes
    ----------
    stages : tuple of Stage
        In the order of the kernels; the last one made the pixel that was asked for, and each one
        before it the pixel under the next one's anchor.
    tone : str
        What was done before the kernels, in words; "" for nothing.
    """

    stages: tuple[Stage, ...]
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
        stages = [_stage_data(stage) for stage in self.stages]
        return {**stages[-1], "tone": self.tone, "stages": stages}


def _stage_data(stage: Stage) -> dict[str, Any]:
    first, *others = [_window_data(window) for window in stage.windows]
    return {
        "kernel": stage.name,
        "at": list(stage.at),
        "border": stage.settings.border.value,
        "depth": stage.depth.value,
        "rounding": stage.settings.rounding.value,
        "how": stage.how,
        **first,
        **({"members": [first, *others]} if others else {}),
        **number_data("exact_value", stage.exact),
        **number_data("rounded", stage.rounded),
        **number_data("value", stage.values),
    }


def _window_data(window: Window) -> dict[str, Any]:
    kernel = window.kernel
    return {
        "name": kernel.name,
        "shape": list(kernel.shape),
        "anchor": list(kernel.anchor),
        **number_data("scale", (kernel.scale,)),
        **number_data("offset", (kernel.offset,)),
        **number_data("sum", window.sums),
        "taps": [_tap_data(tap) for tap in window.taps],
    }


def _tap_data(tap: Tap) -> dict[str, Any]:
    return {
        "row": tap.row,
        "col": tap.col,
        "position": list(tap.position),
        "source": None if tap.source is None else list(tap.source),
        **number_data("pixel", tap.pixels),
        **number_data("weight", (tap.weight,)),
        **number_data("product", tap.products),
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
