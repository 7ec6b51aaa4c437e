"""`imgconv explain`: how one pixel came about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.explained import describe
from imgconv.cli.integers import Integers
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
from imgconv.cli.options_region import masks_of, selection_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgconv.model.recipe import Recipe

_FRAME_MILLISECONDS = 700


@click.command(
    "explain",
    cls=Command,
    epilog="Examples:\n\n"
    "imgconv explain photo.jpg --gray -k sobel_x --at 100,120\n\n"
    "imgconv explain photo.jpg -k gaussian:1 -k laplacian --at 0,0 --padding replicate\n\n"
    "imgconv explain photo.jpg -k sharpen --at 5,7 --json\n\n"
    "imgconv explain photo.jpg --gray -k sobel_x --gif window.gif\n\n"
    "imgconv explain photo.jpg -k canny:50,150 --at 100,120\n\n"
    "imgconv explain photo.jpg -k sharpen --html explorer.html",
)
@click.argument("source", metavar="IN", type=path_argument)
@option(
    "--at",
    "place",
    type=Integers("a row and a column, such as 12,34", count=2),
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
    type=Integers("top,left,rows,columns, such as 10,20,7,7", count=4),
    metavar="T,L,R,C",
    heading="Explaining",
    help="The part that is shown: top, left, rows, columns; the border then lies around it.  "
    "[default: for animations the liveliest 7 x 7, of colour 5 x 5; for the page all, reduced]",
)
@option("--overwrite", is_flag=True, heading="Explaining", help="Replace FILE if it exists.")
@recipe_options
@selection_options
@reading_options
@json_option
def command(source: Path, **options: Any) -> None:
    """Show how the pixel at ROW,COL of the output was computed.

    Of a kernel every tap with the pixel that it read (and where the border took it from), its
    weight and product; the exact sum, scale, offset, rounding and clipping; and what the engine
    wrote, which is checked to be the same. Of an order statistic the window in order, of morphology
    where the extremes lie, of canny the gradient, its neighbours and the verdict, of bilateral the
    weights.
    """
    from imgconv.io.storage import files
    from imgconv.ops.explain.explain import explain

    recipe = recipe_of(options)
    pictures = {kind: options[kind] for kind in ("gif", "apng") if options[kind]}
    if options["place"] is None and not pictures and options["html"] is None:
        raise click.UsageError("say what to explain: --at ROW,COL, --gif FILE or --html FILE")
    if options["html"]:
        files.check_target(options["html"], overwrite=options["overwrite"], source=source)
    image = read_source(source, recipe, reading_of(options))
    if options["place"] is not None and not options["html"]:
        explanation = explain(image, recipe, options["place"], masks=masks_of(source, recipe))
        if options["as_json"]:
            output.write_json(explanation.as_dict())
        else:
            output.show(describe(explanation))
    if pictures:
        _animate(image, recipe, pictures, options["crop"], overwrite=options["overwrite"])
    if options["html"]:
        name = "stdin" if output.is_stream(source) else source.name
        page = _page(image, recipe, options["banks"], name, options["crop"], options["place"])
        files.write_whole(options["html"], page.encode(), overwrite=options["overwrite"])
        output.say(f"{options['html']}: open it in a browser")


def _animate(
    image: Any,
    recipe: Recipe,
    pictures: dict[str, Path],
    crop: Sequence[int] | None,
    *,
    overwrite: bool,
) -> None:
    from imgconv.io.images.animation import encode_animation
    from imgconv.io.storage import files
    from imgconv.ops.draw.window_frames import cropped, window_frames
    from imgconv.ops.pipeline.run import run_leading

    for target in pictures.values():
        files.check_target(target, overwrite=overwrite)
    before = run_leading(image, recipe)  # of the whole picture: a threshold depends on all of it
    part, (top, left) = cropped(before, crop)
    frames = list(window_frames(part, recipe.windowed()))
    for kind, target in pictures.items():
        data = encode_animation(frames, kind, _FRAME_MILLISECONDS)
        files.write_whole(target, data, overwrite=overwrite)
        output.say(
            f"{target}: {len(frames)} frames over the {part.shape[0]} x {part.shape[1]} pixels at "
            f"row {top}, column {left}; the border lies around these"
        )


def _page(
    image: Any,
    recipe: Recipe,
    banks: tuple[Path, ...],
    name: str,
    crop: Sequence[int] | None,
    at: tuple[int, int] | None,
) -> str:
    """Return the page on which the window follows the mouse."""
    from imgconv.jobs.reports.explorer import explorer_page

    bank = open_bank(banks)
    families: dict[str, dict[str, Any]] = {}
    for entry in bank.entries():
        families.setdefault(entry.family, {})[entry.name] = bank[entry.name]
    return explorer_page(image, recipe, families, title=f"imgconv: {name}", crop=crop, at=at)
