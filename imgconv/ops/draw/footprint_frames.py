"""Frames that show a footprint sliding over a small picture: order statistics and morphology."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from imgconv.model.explanation_text import place_text
from imgconv.model.geometry import Geometry
from imgconv.model.rank_explanation import MorphologyStage, RankStage
from imgconv.model.recipe import Recipe
from imgconv.model.settings import Settings
from imgconv.ops.draw.draw import ACCENT, FAINT, INK, PAPER, WARM, Box, Canvas, Cell, Picture
from imgconv.ops.draw.frame_cells import (
    CHANNEL_NAMES,
    check_shown,
    input_cells,
    output_cells,
    short,
)
from imgconv.ops.explain.explain import explain
from imgconv.ops.image import Image, form_of
from imgconv.ops.pipeline.run import run_leading, run_recipe
from imgconv.ops.windows import geometry_of

_CELL = 34
_GAP = 34
_HEAD = 64
_FOOT = 50
_SIDE = 20
_PASSES = 330  # width of the lines that say where extremes lie
_LINE = 18
_MOST_LINES = 12

Stage = RankStage | MorphologyStage
Place = tuple[int, int]


class _Show(NamedTuple):
    """What all frames of an animation have in common."""

    name: str
    pixels: Image
    output: Image
    settings: Settings
    geometry: Geometry
    footprint: Sequence[Sequence[str]]
    ordered: int
    """Values of the window in order; 0 for morphology."""

    @property
    def pads(self) -> tuple[int, int, int, int]:
        rows, columns = self.geometry
        (top, bottom), (left, right) = rows.span, columns.span
        return (
            max(0, -top),
            max(0, bottom - rows.length),
            max(0, -left),
            max(0, right - columns.length),
        )

    @property
    def ordered_columns(self) -> int:
        return math.ceil(math.sqrt(self.ordered))

    @property
    def band(self) -> int:
        """Height of what one channel takes."""
        pads = self.pads
        ordered = -(-self.ordered // max(1, self.ordered_columns))
        cells = max(len(self.pixels) + pads[0] + pads[1], len(self.output), ordered)
        lines = 0 if self.ordered else _MOST_LINES * _LINE
        return max(max(cells, len(self.footprint)) * _CELL, lines) + 26

    @property
    def size(self) -> tuple[int, int]:
        pads = self.pads
        across = self.pixels.shape[1] + pads[2] + pads[3] + self.output.shape[1]
        across += len(self.footprint[0]) + self.ordered_columns
        wide = across * _CELL + 3 * _GAP + 2 * _SIDE + (0 if self.ordered else _PASSES)
        return wide, _HEAD + self.band * self.output.shape[2] + _FOOT


def footprint_frames(image: Image, recipe: Recipe) -> Iterator[Picture]:
    """Draw one frame for each pixel of the output (see `window_frames`)."""
    source = run_leading(image, recipe)
    planned = next(
        p for p in recipe.planned(form_of(image)).steps if p.step.drawing
    )  # fmt: skip
    step, settings = planned.step, planned.settings
    extent = step.extents[0]
    check_shown((extent.rows, extent.columns), image)
    output = run_recipe(image, recipe).image
    places = list(np.ndindex(output.shape[:2]))
    stages = [explain(image, recipe, at).stages[-1] for at in places]
    ordered = max(len(stage.pixels) if isinstance(stage, RankStage) else 0 for stage in stages)
    show = _Show(
        step.name,
        source if source.ndim == 3 else source[..., None],
        output if output.ndim == 3 else output[..., None],
        settings,
        geometry_of(extent, settings, (source.shape[0], source.shape[1])),
        step.drawing,
        ordered,
    )
    for done, stage in enumerate(stages, 1):
        assert isinstance(stage, RankStage | MorphologyStage), "a step with a footprint"
        yield _frame(show, stage, places[:done])


def _frame(show: _Show, stage: Stage, known: list[Place]) -> Picture:
    canvas = Canvas(*show.size)
    row, column = stage.at
    canvas.text(f"{show.name}: pixel {row},{column} of the output", (_SIDE, 12), 18)
    canvas.text(f"border {show.settings.border.value}", (_SIDE, 36), 13, FAINT)
    for channel in range(show.output.shape[2]):
        _band(canvas, show, stage, known, channel)
    values = ", ".join(map(short, stage.values))
    words = f"{stage.how}: " if stage.how else ""
    canvas.text(f"{words}written {values}", (_SIDE, show.size[1] - _FOOT + 14), 16, ACCENT)
    return canvas.picture()


def _band(canvas: Canvas, show: _Show, stage: Stage, known: list[Place], channel: int) -> None:
    top = _HEAD + channel * show.band
    left, body = _SIDE, top + 18
    label = f"input {CHANNEL_NAMES[channel]}" if show.output.shape[2] == 3 else "input"
    canvas.text(label, (left, top), 13, FAINT)
    cells = input_cells(show.pixels[..., channel], show.settings, show.pads)
    box = canvas.grid(cells, (left, body), (_CELL, _CELL))
    _mark(canvas, show, _window(show, stage), (left, body), ACCENT, 2)
    _mark(canvas, show, _taken(stage, channel), (left, body), WARM, 4)
    left += box.width + _GAP
    canvas.text("footprint", (left, top), 13, FAINT)
    rows = [[_footprint_cell(cell) for cell in row] for row in show.footprint]
    box = canvas.grid(rows, (left, body), (_CELL, _CELL))
    left += box.width + _GAP
    if isinstance(stage, RankStage):
        canvas.text("in order", (left, top), 13, FAINT)
        _draw_order(canvas, show, stage, channel, (left, body))
        left += show.ordered_columns * _CELL + _GAP
    else:
        canvas.text("extremes, the last one first", (left, top), 13, FAINT)
        _draw_passes(canvas, stage, channel, (left, body))
        left += _PASSES + _GAP
    canvas.text("output", (left, top), 13, FAINT)
    canvas.grid(output_cells(show.output[..., channel], known), (left, body), (_CELL, _CELL))
    row, column = stage.at
    canvas.frame(Box(left + column * _CELL, body + row * _CELL, _CELL, _CELL))


def _window(show: _Show, stage: Stage) -> list[Place]:
    """Return the places that are read: those that count, or all that passes together reach."""
    if isinstance(stage, RankStage):
        return [pixel.position for pixel in stage.pixels]
    rows, columns = show.geometry
    top, bottom = rows.read_by(stage.at[0], stage.at[0] + 1)
    left, right = columns.read_by(stage.at[1], stage.at[1] + 1)
    return [(row, column) for row in range(top, bottom) for column in range(left, right)]


def _taken(stage: Stage, channel: int) -> list[Place]:
    """Return the places of the values that made the result."""
    if isinstance(stage, RankStage):
        ordered = stage.in_order(channel)
        return [ordered[place].position for place in stage.taken]
    return [extreme.position for extreme in stage.extremes[channel]]


def _mark(
    canvas: Canvas,
    show: _Show,
    places: list[Place],
    at: Place,
    colour: tuple[int, int, int],
    width: int,
) -> None:
    for row, column in places:
        left, top = at[0] + (column + show.pads[2]) * _CELL, at[1] + (row + show.pads[0]) * _CELL
        canvas.frame(Box(left, top, _CELL, _CELL), colour, width)


def _footprint_cell(cell: str) -> Cell:
    return Cell("", PAPER) if cell == "." else Cell(cell, (236, 239, 245))


def _draw_order(canvas: Canvas, show: _Show, stage: RankStage, channel: int, at: Place) -> None:
    """Draw the values of the window in order, row by row; those that were taken are framed."""
    wide = show.ordered_columns
    cells = [Cell(short(pixel.values[channel])) for pixel in stage.in_order(channel)]
    cells += [Cell("", PAPER)] * (-len(cells) % wide)
    if cells:
        canvas.grid([cells[i : i + wide] for i in range(0, len(cells), wide)], at, (_CELL, _CELL))
    for place in stage.taken:
        left, top = at[0] + place % wide * _CELL, at[1] + place // wide * _CELL
        canvas.frame(Box(left, top, _CELL, _CELL), WARM, 4)


def _draw_passes(canvas: Canvas, stage: MorphologyStage, channel: int, at: Place) -> None:
    """Write each extreme and where it lies, a line each."""
    lines = [
        f"{extreme.what}: {short(extreme.value)}, at {place_text(extreme.position)}"
        for extreme in stage.extremes[channel]
    ]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"and {len(lines) - _MOST_LINES + 1} more"]
    for number, line in enumerate(lines):
        box = Box(at[0], at[1] + number * _LINE, _PASSES, _LINE)
        canvas.fitted_text(line, box, 14, INK, "left")
