"""Cells of the grids that the frames of an animation show."""

from __future__ import annotations

from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import Number
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.ops.draw.draw import COLD, PAPER, Cell, shade
from imgconv.ops.image import Image

LARGEST_KERNEL = 9
LARGEST_PICTURE = 16
CHANNEL_NAMES = ("R", "G", "B")


def check_shown(window: tuple[int, int], image: Image) -> None:
    """Check that a window and a picture are small enough to be shown.

    Raises
    ------
    ArgumentError
        Where they are not.
    """
    if max(window) > LARGEST_KERNEL or max(image.shape[:2]) > LARGEST_PICTURE:
        raise ArgumentError(
            f"a window of {window[0]} x {window[1]} on {image.shape[0]} x {image.shape[1]} pixels "
            "is too large to be shown",
            hint=f"at most {LARGEST_KERNEL} x {LARGEST_KERNEL} on {LARGEST_PICTURE} x "
            f"{LARGEST_PICTURE}",
        )


def input_cells(
    pixels: Image, settings: Settings, pads: tuple[int, int, int, int]
) -> list[list[Cell]]:
    """Return the picture's cells, and around them what the border puts there.

    `pads` says how many, above, below, to the left and to the right.
    """
    border, value = settings.border, settings.border_value
    rows, columns = pixels.shape
    cells = []
    for r in range(-pads[0], rows + pads[1]):
        row = []
        for c in range(-pads[2], columns + pads[3]):
            source = border.source_index(r, rows), border.source_index(c, columns)
            outside = (r, c) != source
            known = source[0] is not None and source[1] is not None
            if not known and border is Border.IGNORE:
                row.append(Cell("", PAPER))
                continue
            pixel = pixels[source].item() if known else value
            row.append(pixel_cell(pixel, pixels, outside))
        cells.append(row)
    return cells


def pixel_cell(pixel: float, pixels: Image, outside: bool) -> Cell:
    """Return a cell with a pixel's value on its shade; of one outside, in blue."""
    text = short(pixel)
    if outside:
        return Cell(text, (240, 243, 249), COLD)
    depth = Depth.of(pixels.dtype)
    ground = shade((pixel - depth.low) / (depth.high - depth.low))
    return ground._replace(text=text)


def output_cells(output: Image, known: list[tuple[int, int]]) -> list[list[Cell]]:
    """Return the output's cells, empty where it is not known yet."""
    rows, columns = output.shape
    return [
        [
            pixel_cell(output[r, c].item(), output, False) if (r, c) in known else Cell("", PAPER)
            for c in range(columns)
        ]
        for r in range(rows)
    ]


def short(number: Number) -> str:
    """Write a number in a few characters."""
    text = str(number)
    return text if len(text) <= 6 else f"{float(number):.4g}"
