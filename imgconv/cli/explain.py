"""`imgconv explain`: how one pixel came about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.options import (
    Command,
    json_option,
    open_bank,
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
    from imgconv.model.recipe import Recipe

_FRAME_MILLISECONDS = 700
_LONGEST = 24  # characters of an exact number in the table


class _Integers(click.ParamType[tuple[int, ...]]):
    """Whole numbers apart by commas."""

    name = "integers"

    def __init__(self, count: int, what: str) -> None:
        self._count, self._what = count, what

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read ``12,34``."""
        try:
            numbers = tuple(int(part) for part in str(value).split(","))
        except ValueError:
            numbers = ()
        if len(numbers) != self._count:
            self.fail(f"{value!r} is not {self._what}", param, ctx)
        return numbers


@click.command(
    "explain",
    cls=Command,
    epilog="Examples:\n\n"
    "imgconv explain photo.jpg --gray -k sobel_x --at 100,120\n\n"
    "imgconv explain photo.jpg -k gaussian:1 -k laplacian --at 0,0 --padding replicate\n\n"
    "imgconv explain photo.jpg -k sharpen --at 5,7 --json\n\n"
    "imgconv explain photo.jpg --gray -k sobel_x --gif window.gif\n\n"
    "imgconv explain photo.jpg -k sharpen --html explorer.html",
)
@click.argument("source", metavar="IN", type=path_argument)
@option(
    "--at",
    "place",
    type=_Integers(2, "a row and a column, such as 12,34"),
    metavar="ROW,COL",
    heading="Explaining",
    help="The pixel of the output, counted from 0; with --html the one that it begins with.",
)
@option(
    "--gif",
    type=click.Path(path_type=Path),
    metavar="FILE",
    heading="Explaining",
    help="Write an animation of the window sliding over a small part of IN.",
)
@option(
    "--apng",
    type=click.Path(path_type=Path),
    metavar="FILE",
    heading="Explaining",
    help="The same as an animated PNG.",
)
@option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    heading="Explaining",
    help="Write a page in which the window follows the mouse: kernels, weights, borders to try.",
)
@option(
    "--crop",
    type=_Integers(4, "top,left,rows,columns, such as 10,20,7,7"),
    metavar="T,L,R,C",
    heading="Explaining",
    help="The part that is shown: top, left, rows, columns; the border then lies around it.  "
    "[default: for animations the liveliest 7 x 7, of colour 5 x 5; for the page all, reduced]",
)
@option("--overwrite", is_flag=True, heading="Explaining", help="Replace FILE if it exists.")
@recipe_options
@reading_options
@json_option
def command(source: Path, **options: Any) -> None:
    """Show how the pixel at ROW,COL of the output came about.

    Every tap with the pixel that it read (and where the border took it from), its weight and
    product; the exact sum, scale, offset, rounding and clipping; and what the engine wrote, which
    is checked to be the same.
    """
    from imgconv.ops.explain import explain

    recipe = recipe_of(options)
    pictures = {kind: options[kind] for kind in ("gif", "apng") if options[kind]}
    if options["place"] is None and not pictures and options["html"] is None:
        raise click.UsageError("say what to explain: --at ROW,COL, --gif FILE or --html FILE")
    image = read_source(source, recipe, reading_of(options))
    if options["place"] is not None and not options["html"]:
        explanation = explain(image, recipe, options["place"])
        if options["as_json"]:
            output.write_json(explanation.as_dict())
        else:
            output.show(describe(explanation))
    if pictures:
        _animate(image, recipe, pictures, options)
    if options["html"]:
        _write_page(image, recipe, source, options)


def _animate(
    image: Any, recipe: Recipe, pictures: dict[str, Path], options: dict[str, Any]
) -> None:
    from imgconv.io import files
    from imgconv.io.animation import encode_animation
    from imgconv.ops.run import with_tone
    from imgconv.ops.window_frames import cropped, window_frames

    for target in pictures.values():
        files.check_target(target, overwrite=options["overwrite"])
    toned, _ = with_tone(image, recipe)  # of the whole picture: a threshold depends on all of it
    part, (top, left) = cropped(toned, options["crop"])
    frames = list(window_frames(part, recipe.without_tone()))
    for kind, target in pictures.items():
        data = encode_animation(frames, kind, _FRAME_MILLISECONDS)
        files.write_whole(target, data, overwrite=options["overwrite"])
        output.say(
            f"{target}: {len(frames)} frames over the {part.shape[0]} x {part.shape[1]} pixels at "
            f"row {top}, column {left}; the border lies around these"
        )


def _write_page(image: Any, recipe: Recipe, source: Path, options: dict[str, Any]) -> None:
    from imgconv.io import files
    from imgconv.jobs.explorer import explorer_page

    target = options["html"]
    files.check_target(target, overwrite=options["overwrite"], source=source)
    bank = open_bank(options["banks"])
    families: dict[str, dict[str, Any]] = {}
    for entry in bank.entries():
        families.setdefault(entry.family, {})[entry.name] = bank[entry.name]
    name = "stdin" if output.is_stream(source) else source.name
    page = explorer_page(
        image,
        recipe,
        families,
        title=f"imgconv: {name}",
        crop=options["crop"],
        at=options["place"],
    )
    files.write_whole(target, page.encode(), overwrite=options["overwrite"])
    output.say(f"{target}: open it in a browser")


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
