"""`imgconv gray`: conversion to gray alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from imgconv.cli.one_file import FileOptions, filter_one
from imgconv.cli.options import (
    Command,
    in_out_arguments,
    json_option,
    one_of,
    option,
    output_options,
    quiet_option,
    threads_option,
)
from imgconv.model.steps.methods import Gray

_METHODS = [method.value for method in Gray]


@click.command(
    "gray",
    cls=Command,
    epilog="Example: imgconv gray photo.jpg gray.png --method bt709",
)
@in_out_arguments
@option(
    "--method",
    type=click.Choice(_METHODS, case_sensitive=False),
    default="bt601",
    metavar="METHOD",
    show_default=True,
    heading="Colour",
    help=f"{one_of(_METHODS)}: bt601 is cv2.cvtColor's, bt709 scikit-image's.",
)
@option("--invert", is_flag=True, heading="Colour", help="Negative.")
@output_options
@threads_option
@json_option
@quiet_option
def command(source: Path, target: Path, method: str, invert: bool, **options: Any) -> None:
    """Convert the image IN to gray in OUT."""
    from imgconv.io.config.recipes import recipe_from

    recipe = recipe_from({"gray": method, "invert": invert})
    filter_one(source, target, recipe, FileOptions.of(options))
