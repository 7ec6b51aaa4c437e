"""`imgconv explain`: how one pixel came about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.options import (
    Command,
    json_option,
    option,
    path_argument,
    read_source,
    reading_of,
    reading_options,
    recipe_of,
    recipe_options,
)

if TYPE_CHECKING:
    from imgconv.model.explanation import Explanation, Number, Stage, Tap, Window

_LONGEST = 24  # characters of an exact number in the table


class _Place(click.ParamType[tuple[int, int]]):
    """A row and a column."""

    name = "row,col"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Read ``12,34``."""
        try:
            row, column = (int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not a row and a column, such as 12,34", param, ctx)
        return row, column


@click.command(
    "explain",
    cls=Command,
    epilog="Examples:\n\n"
    "imgconv explain photo.jpg --gray -k sobel_x --at 100,120\n\n"
    "imgconv explain photo.jpg -k gaussian:1 -k laplacian --at 0,0 --padding replicate\n\n"
    "imgconv explain photo.jpg -k sharpen --at 5,7 --json",
)
@click.argument("source", metavar="IN", type=path_argument)
@option(
    "--at",
    "place",
    type=_Place(),
    metavar="ROW,COL",
    required=True,
    heading="Explaining",
    help="The pixel of the output, counted from 0.",
)
@recipe_options
@reading_options
@json_option
def command(source: Path, place: tuple[int, int], **options: Any) -> None:
    """Show how the pixel at ROW,COL of the output came about.

    Every tap with the pixel that it read (and where the border took it from), its weight and
    product; the exact sum, scale, offset, rounding and clipping; and what the engine wrote, which
    is checked to be the same.
    """
    from imgconv.ops.explain import explain

    recipe = recipe_of(options)
    explanation = explain(read_source(source, recipe, reading_of(options)), recipe, place)
    if options["as_json"]:
        output.write_json(explanation.as_dict())
    else:
        output.show(describe(explanation))


def describe(explanation: Explanation) -> str:
    """Write an explanation as tables."""
    lines = [f"before the kernels: {explanation.tone}"] if explanation.tone else []
    for number, stage in enumerate(explanation.stages, 1):
        if len(explanation.stages) > 1:
            lines.append(f"step {number} of {len(explanation.stages)}")
        lines += _stage_lines(stage)
    return "\n".join(lines)


def _stage_lines(stage: Stage) -> list[str]:
    lines = [f"{stage.name} at row {stage.at[0]}, column {stage.at[1]} of its output"]
    for window in stage.windows:
        lines += _window_lines(window, stage)
    if stage.how:
        lines.append(f"  {stage.how}: {_numbers(stage.exact) if stage.exact else 'see the engine'}")
    if stage.rounded:
        rounding = (
            "nearest float32" if stage.depth.value == "f32" else stage.settings.rounding.value
        )
        lines.append(f"  rounded ({rounding}): {_numbers(stage.rounded)}")
        if stage.depth.value != "f32" and stage.rounded != stage.values:
            lines.append(
                f"  clipped to {stage.depth.low}..{stage.depth.high} ({stage.depth.value}): "
                f"{_numbers(stage.values)}"
            )
    lines.append(f"  written by the engine: {_numbers(stage.values)}")
    return lines


def _window_lines(window: Window, stage: Stage) -> list[str]:
    kernel = window.kernel
    rows, columns = kernel.shape
    name = f"{kernel.name}, " if len(stage.windows) > 1 else ""
    lines = [f"  {name}{rows} x {columns}, anchor {kernel.anchor[0]},{kernel.anchor[1]}"]
    head = ["tap", "reads", "pixel", "weight", "product", ""]
    table = [head, *([*_cells(tap, stage)] for tap in window.taps)]
    widths = [max(len(row[c]) for row in table) for c in range(len(head))]
    for row in table:
        cells = [f"{cell:>{width}}" for cell, width in zip(row[:5], widths, strict=False)]
        lines.append(f"    {'  '.join(cells)}  {row[5]}".rstrip())
    lines.append(f"  sum of the products: {_numbers(window.sums)}")
    if kernel.scale != 1 or kernel.offset != 0:
        plus = f" + {kernel.offset}" if kernel.offset else ""
        lines.append(f"  times {kernel.scale}{plus}: {_numbers(window.values)}")
    return lines


def _cells(tap: Tap, stage: Stage) -> list[str]:
    border = stage.settings.border.value
    inside = tap.position == tap.source
    reads = f"{tap.position[0]},{tap.position[1]}"
    note = ""
    if tap.source is None:
        note = f"outside: {border} {_numbers(tap.pixels[:1])}"
    elif not inside:
        note = f"outside: {border} reads {tap.source[0]},{tap.source[1]}"
    cells = [f"{tap.row},{tap.col}", reads, _numbers(tap.pixels), _exact(tap.weight)]
    return [*cells, _numbers(tap.products), note]


def _numbers(numbers: tuple[Number, ...]) -> str:
    return " ".join(map(_exact, numbers))


def _exact(number: Number) -> str:
    """Write a number exactly where that is short, else as a decimal."""
    text = str(number)
    if len(text) > _LONGEST:
        return f"{float(number):.12g}"
    return f"{text} ({float(number):.6g})" if "/" in text else text
