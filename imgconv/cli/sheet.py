"""`imgconv sheet`: many kernels on one picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.options import (
    Command,
    in_out_arguments,
    json_option,
    open_bank,
    option,
    read_source,
    reading_of,
    reading_options,
    recipe_of,
    recipe_options,
    show_option,
    threads_option,
)
from imgconv.cli.preview import preview_option, show_pictures
from imgconv.model.errors import KernelError

if TYPE_CHECKING:
    from imgconv.io.kernels.bank import KernelBank
    from imgconv.model.steps.base import Step


@click.command(
    "sheet",
    cls=Command,
    epilog="Examples:\n\n"
    "imgconv sheet photo.jpg sheet.png --gray -k sharpen -k sobel_x -k emboss\n\n"
    "imgconv sheet photo.jpg edges.png --gray --family edges --range abs\n\n"
    "imgconv sheet photo.jpg all.png --all --columns 4 --for print",
)
@in_out_arguments
@option(
    "--family",
    "families",
    metavar="NAME",
    multiple=True,
    heading="Sheet",
    help="Every kernel of a family of the bank (see: imgconv kernels list). May be repeated.",
)
@option("--all", "whole_bank", is_flag=True, heading="Sheet", help="Every kernel of the bank.")
@option(
    "--columns",
    type=click.IntRange(1, 50),
    default=2,
    show_default=True,
    heading="Sheet",
    help="How many kernels stand side by side.",
)
@option(
    "--for",
    "panel",
    type=click.Choice(["screen", "print"], case_sensitive=False),
    default="screen",
    show_default=True,
    heading="Sheet",
    help="Panels of 160 or of 400 pixels.",
)
@option(
    "--no-opencv",
    is_flag=True,
    heading="Sheet",
    help="Draw the original and the results alone, in a grid.",
)
@option("--overwrite", is_flag=True, heading="Sheet", help="Replace OUT if it exists.")
@recipe_options
@reading_options
@show_option
@preview_option
@threads_option
@json_option
def command(source: Path, target: Path, **options: Any) -> None:
    """Draw the results of each kernel on IN by imgconv and OpenCV, and where they differ.

    Each -k is applied by itself; the other options apply to all.
    """
    from imgconv.io.images import image_files, window
    from imgconv.io.images.formats import format_for
    from imgconv.io.kernels.spec import load_step
    from imgconv.io.storage import files
    from imgconv.ops.draw.sheet import contact_sheet

    if options["show"]:
        window.check_display()
    kind = format_for(None, target)
    files.check_target(target, overwrite=options["overwrite"])
    bank = open_bank(options["banks"])
    given = [load_step(spec, bank) for spec in options.pop("kernels")]
    recipe = recipe_of(options)
    steps = (given or list(recipe.kernels)) + _of_families(bank, options["families"])
    if options["whole_bank"]:
        steps = [bank[name] for name in bank]
    picture, rows = contact_sheet(
        read_source(source, recipe, reading_of(options)),
        steps,
        recipe,
        columns=options["columns"],
        size=options["panel"],
        opencv=not options["no_opencv"],
        threads=options["threads"],
    )
    files.write_whole(
        target, image_files.encode(picture, kind, str(target)), overwrite=options["overwrite"]
    )
    if options["as_json"]:
        output.write_json({"target": str(target), "kernels": [row._asdict() for row in rows]})
    said = f"{target}: {output.counted(len(steps), 'kernel')}"
    if not options["no_opencv"]:
        differ = sum(row.differing_pixels > 0 for row in rows)
        said += f"; {differ or 'none'} {'differ' if differ > 1 else 'differs'} from OpenCV"
        if missing := sum(not row.in_opencv for row in rows):
            said += f", {missing} not in OpenCV"
    output.say(said)
    if options["preview"]:
        show_pictures([picture])
    if options["show"]:
        window.show({str(target): picture})


def _of_families(bank: KernelBank, families: tuple[str, ...]) -> list[Step]:
    entries = bank.entries()
    known = sorted({entry.family for entry in entries})
    for family in families:
        if family not in known:
            raise KernelError(f"no family is called {family!r}", hint="known: " + ", ".join(known))
    return [bank[entry.name] for family in families for entry in entries if entry.family == family]
