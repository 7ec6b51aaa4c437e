"""`imgconv apply`: filter one image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.one_file import FileOptions, filter_one, in_folder
from imgconv.cli.options import (
    Command,
    json_option,
    option,
    output_options,
    path_argument,
    quiet_option,
    read_source,
    reading_of,
    recipe_of,
    recipe_options,
    show_option,
    threads_option,
)
from imgconv.cli.options_region import masks_of, selection_options
from imgconv.cli.preview import preview_option, show_file
from imgconv.model.errors import ArgumentError

if TYPE_CHECKING:
    from imgconv.io.storage.locations import Place
    from imgconv.model.recipe import Recipe


@click.command(
    "apply",
    cls=Command,
    epilog="Examples:\n\n"
    "imgconv apply photo.jpg sharp.png -k sharpen\n\n"
    "imgconv apply photo.jpg edges.png --gray -k gaussian:sigma=1.4 -k sobel_x --range abs\n\n"
    "imgconv apply in.png out.png -k '0 -1 0; -1 5 -1; 0 -1 0' --padding replicate --compare\n\n"
    "cat in.png | imgconv apply - - --format png -k blur > out.png",
)
@click.argument("source", metavar="IN", type=path_argument, required=False)
@click.argument("target", metavar="OUT", type=path_argument, required=False)
@recipe_options
@selection_options
@output_options
@option(
    "--compare",
    is_flag=True,
    heading="Running",
    help="Also compare the result with cv2.filter2D.",
)
@show_option
@preview_option
@threads_option
@option(
    "--cluster",
    metavar="ADDRESS",
    heading="Running",
    help="Filter an OME-Zarr folder into another on a Dask cluster: the scheduler's address, or "
    "local:N for N processes here.",
)
@json_option
@option("-v", "--verbose", is_flag=True, heading="Running", help="Describe what was done.")
@quiet_option
def command(source: Place | None, target: Place | None, **options: Any) -> None:
    """Filter the image IN into the file OUT; `-` is stdin or stdout."""
    from imgconv.io.config.recipes import format_recipe

    recipe = recipe_of(options)
    if options["print_recipe"]:
        output.show_as_it_is(format_recipe(recipe).rstrip())
        return
    if source is not None and target is None and options["in_place"]:
        target = source
    if source is None or target is None:
        raise _missing(source)
    again = [name for name in ("compare", "show") if options[name]]
    if again and output.is_stream(source):
        raise ArgumentError(f"--{again[0]} reads IN twice, so IN cannot be -")
    if options["show"]:
        from imgconv.io.images import window

        window.check_display()
    # Before OUT is written, which may be IN.
    image = read_source(source, recipe, reading_of(options)) if again else None
    masks = masks_of(source, recipe) if again else None
    chosen = FileOptions.of(options)
    filter_one(source, target, recipe, chosen)
    if options["preview"]:
        show_file(in_folder(source, target, chosen.format))
    if again:
        _compare(image, recipe, chosen, masks, words=options["compare"], windows=options["show"])


def _missing(source: Place | None) -> click.UsageError:
    from imgconv.cli.guesses import missing_arguments, missing_output

    context = click.get_current_context()
    if source is None:
        return missing_arguments(context, ["IN", "OUT"])
    return missing_output(str(source), context.meta.get("words", ()), context)


def _compare(
    image: Any, recipe: Recipe, options: FileOptions, masks: Any, *, words: bool, windows: bool
) -> None:
    """Do `--compare` and `--show`, on what IN was before."""
    from imgconv.cli.compare import one_line, show
    from imgconv.ops.compare.compare import compare

    comparison = compare(image, recipe, threads=options.threads, masks=masks)
    if words:
        output.say(one_line(comparison))
    if windows:
        show(image, comparison)
