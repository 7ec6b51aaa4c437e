"""`imgconv apply`: filter one image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.options import (
    Command,
    encoding_of,
    json_option,
    option,
    output_options,
    path_argument,
    read_source,
    reading_of,
    recipe_of,
    recipe_options,
    show_option,
    threads_option,
)
from imgconv.model.errors import ArgumentError

if TYPE_CHECKING:
    from imgconv.io.storage.locations import Place
    from imgconv.jobs.apply.filter_file import Row
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
@output_options
@option(
    "--compare",
    is_flag=True,
    heading="Running",
    help="Also say how the result stands against cv2.filter2D.",
)
@show_option
@threads_option
@option(
    "--cluster",
    metavar="ADDRESS",
    heading="Running",
    help="Filter an OME-Zarr folder into another on a Dask cluster: the scheduler's address, or "
    "local:N for N processes here.",
)
@json_option
@option("-v", "--verbose", is_flag=True, heading="Running", help="Say what was done.")
def command(source: Place | None, target: Place | None, **options: Any) -> None:
    """Filter the image IN into the file OUT; `-` is stdin or stdout."""
    from imgconv.io.config.recipes import format_recipe

    recipe = recipe_of(options)
    if options["print_recipe"]:
        output.show(format_recipe(recipe).rstrip())
        return
    if source is None or target is None:
        raise click.UsageError("IN and OUT are missing; the first two arguments are files, or -")
    again = [name for name in ("compare", "show") if options[name]]
    if again and output.is_stream(source):
        raise ArgumentError(f"--{again[0]} reads IN twice, so IN cannot be -")
    if options["show"]:
        from imgconv.io.images import window

        window.check_display()
    # Before OUT is written, which may be IN.
    image = read_source(source, recipe, reading_of(options)) if again else None
    filter_one(source, target, recipe, **options)
    if again:
        _compare(image, recipe, **options)


def _compare(image: Any, recipe: Recipe, **options: Any) -> None:
    """Do `--compare` and `--show`, on what IN was before."""
    from imgconv.cli.compare import compare_image, one_line, show

    comparison = compare_image(image, recipe, threads=options["threads"])
    if options["compare"]:
        output.say(one_line(comparison))
    if options["show"]:
        show(image, comparison)


def _on_cluster(
    source: Place, target: Place, recipe: Recipe, cluster: str, *, overwrite: bool
) -> Row:
    from imgconv.jobs.apply.zarr_cluster import filter_zarr

    if not (isinstance(source, Path) and isinstance(target, Path)):
        raise ArgumentError(
            "--cluster filters one OME-Zarr folder into another, which all workers see"
        )
    return filter_zarr(source, target, recipe, cluster=cluster, overwrite=overwrite)


def filter_one(source: Place, target: Place, recipe: Recipe, **options: Any) -> None:
    """Filter one file or stream into another, and report."""
    from imgconv.io.config.recipes import format_recipe
    from imgconv.io.images.decode import read_file
    from imgconv.io.images.formats import format_for
    from imgconv.io.storage import files
    from imgconv.io.storage.locations import pure_path
    from imgconv.jobs.apply.filter_file import filter_bytes
    from imgconv.jobs.apply.filter_path import filter_path
    from imgconv.jobs.memory import parse_bytes

    as_json, overwrite = options["as_json"], options["overwrite"]
    to_stdout = output.is_stream(target)
    settings: dict[str, Any] = {
        "threads": options["threads"],
        "reading": reading_of(options),
        "encoding": encoding_of(options),
    }
    if to_stdout:
        output.check_stdout(as_json)
    if options.get("cluster"):
        row = _on_cluster(source, target, recipe, options["cluster"], overwrite=overwrite)
    elif not (to_stdout or output.is_stream(source)):
        row = filter_path(
            source,
            target,
            recipe,
            format=options["format"],
            max_memory=parse_bytes(options["max_memory"]) if options["max_memory"] else None,
            overwrite=overwrite,
            in_place=options["in_place"],
            **settings,
        )
    else:
        kind = format_for(options["format"], None if to_stdout else pure_path(target))
        if not to_stdout:
            files.check_target(target, overwrite=overwrite)
        stdin, reading = output.is_stream(source), settings["reading"]
        data = output.read_stdin(reading) if stdin else read_file(source, reading)
        names: dict[str, Any] = {"source": "stdin" if stdin else str(source), "target": str(target)}
        encoded, row = filter_bytes(data, recipe, kind, plan=True, **settings, **names)
        if to_stdout:
            output.write_stdout(encoded)
        else:
            files.write_whole(target, encoded, overwrite=overwrite)
    output.report(row, as_json, options.get("verbose", False), format_recipe(recipe))
