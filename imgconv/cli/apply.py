"""`imgconv apply`: filter one image."""

from __future__ import annotations

import os
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
    quiet_option,
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
    help="Also compare the result with cv2.filter2D.",
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
@option("-v", "--verbose", is_flag=True, heading="Running", help="Describe what was done.")
@quiet_option
def command(source: Place | None, target: Place | None, **options: Any) -> None:
    """Filter the image IN into the file OUT; `-` is stdin or stdout."""
    from imgconv.io.config.recipes import format_recipe

    recipe = recipe_of(options)
    if options["print_recipe"]:
        output.show(format_recipe(recipe).rstrip())
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
    filter_one(source, target, recipe, **options)
    if again:
        _compare(image, recipe, **options)


def _missing(source: Place | None) -> click.UsageError:
    from imgconv.cli.guesses import missing_arguments, missing_output

    context = click.get_current_context()
    if source is None:
        return missing_arguments(context, ["IN", "OUT"])
    return missing_output(str(source), context.meta.get("words", ()), context)


def in_folder(source: Place, target: Place, format: str | None) -> Place:
    """Return the file that is written: in an existing folder, one with the name of the input."""
    if not isinstance(target, Path) or output.is_stream(target):
        return target
    if not os.path.isdir(target):  # noqa: PTH112 - a name that is too long is no folder
        return target
    if output.is_stream(source) or target.suffix.lower() == ".zarr":
        return target
    from imgconv.io.images.formats import format_for
    from imgconv.io.storage.locations import pure_path

    name = pure_path(source)
    suffix = format_for(format, None).suffixes[0] if format else name.suffix
    return target / f"{name.stem}{suffix}"


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
    from imgconv.io.images.decode import read_file
    from imgconv.io.images.formats import format_for
    from imgconv.io.storage import files
    from imgconv.io.storage.locations import pure_path
    from imgconv.jobs.apply.filter_file import filter_bytes
    from imgconv.jobs.apply.filter_path import filter_path
    from imgconv.jobs.memory import parse_bytes

    as_json, overwrite = options["as_json"], options["overwrite"]
    target = in_folder(source, target, options["format"])
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
    quiet = options.get("quiet", False)
    if not quiet:
        _note_options(source, target, recipe, options)
    output.report(row, recipe, as_json=as_json, verbose=options.get("verbose", False), quiet=quiet)


def _note_options(source: Place, target: Place, recipe: Recipe, options: dict[str, Any]) -> None:
    """Say which options had no effect."""
    from imgconv.cli.notes import about_options
    from imgconv.io.images.formats import format_for
    from imgconv.io.storage.locations import pure_path

    folder = not output.is_stream(target) and pure_path(target).suffix.lower() == ".zarr"
    name = None if output.is_stream(target) else pure_path(target)
    kind = None if folder else format_for(options["format"], name).name
    converted = pure_path(source).suffix.lower() != pure_path(target).suffix.lower()
    for note in about_options(options, recipe, kind, converted=converted):
        output.say(f"Note: {note}")
