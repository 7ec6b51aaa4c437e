"""Drawing: text and grids of numbers on a picture, by Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
INK: Colour = (32, 36, 44)
FAINT: Colour = (140, 146, 158)
LINE: Colour = (205, 209, 217)
ACCENT: Colour = (214, 92, 0)
COLD: Colour = (38, 98, 190)
WARM: Colour = (196, 48, 43)

_SMALLEST_TEXT = 7


class Box(NamedTuple):
    """A rectangle of a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int


class Cell(NamedTuple):
    """One cell of a grid: what it says, on which ground, in which ink."""

    text: str = ""
    ground: Colour = PAPER
    ink: Colour = INK


class Canvas:
    """A white picture to draw on."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Pillow.new("RGB", (width, height), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def text(
        self, text: str, at: tuple[int, int], size: int = 14, ink: Colour = INK, anchor: str = "la"
    ) -> None:
        """Write a line; `anchor` is Pillow's (la: left and top of the text at the point)."""
        self._draw.text(at, text, ink, font(size), anchor=anchor)

    def fitted_text(
        self, text: str, box: Box, size: int = 14, ink: Colour = INK, align: str = "middle"
    ) -> None:
        """Write a line in the middle of a box, or at its left, smaller if it must be."""
        while size > _SMALLEST_TEXT and text_width(text, size) > box.width - 4:
            size -= 1
        if text_width(text, size) > box.width:
            text = "…"
        left = box.left if align == "left" else box.left + box.width / 2
        at = left, box.top + box.height / 2
        self._draw.text(at, text, ink, font(size), anchor="lm" if align == "left" else "mm")

    def grid(
        self, cells: Sequence[Sequence[Cell]], at: tuple[int, int], cell: tuple[int, int]
    ) -> Box:
        """Draw rows of cells, each `cell` wide and high, and give the place that they take."""
        wide, high = cell
        for r, row in enumerate(cells):
            for c, content in enumerate(row):
                box = Box(at[0] + c * wide, at[1] + r * high, wide, high)
                corners = (box.left, box.top, box.left + wide, box.top + high)
                self._draw.rectangle(corners, content.ground, LINE)
                if content.text:
                    self.fitted_text(content.text, box, max(9, min(16, high // 2)), content.ink)
        return Box(*at, wide * len(cells[0]), high * len(cells))

    def frame(self, box: Box, colour: Colour = ACCENT, width: int = 3) -> None:
        """Draw a frame around a box."""
        left, top = box.left - 1, box.top - 1
        corners = (left, top, box.left + box.width + 1, box.top + box.height + 1)
        self._draw.rectangle(corners, None, colour, width)

    def paste(self, picture: NDArray[Any], at: tuple[int, int]) -> None:
        """Put an 8-bit gray or RGB picture at a place."""
        self._image.paste(Pillow.fromarray(np.ascontiguousarray(picture)).convert("RGB"), at)

    def picture(self) -> Picture:
        """Return what was drawn, as RGB."""
        return np.asarray(self._image)


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font that Pillow ships, in a size."""
    return ImageFont.load_default(size)


def text_width(text: str, size: int) -> float:
    """Return how wide a line is, in pixels."""
    return font(size).getlength(text)


def shade(level: float) -> Cell:
    """Return an empty gray cell, 0 black to 1 white, with an ink that can be read on it."""
    grey = round(255 * min(max(level, 0.0), 1.0))
    return Cell("", (grey, grey, grey), INK if grey > 140 else PAPER)


def signed(share: float) -> Colour:
    """Return a ground for a number from -1 to 1: blue below 0, red above, white at 0."""
    strength = 0.55 * min(abs(share), 1.0)
    tint = WARM if share > 0 else COLD
    red, green, blue = (round(255 + (part - 255) * strength) for part in tint)
    return red, green, blue
