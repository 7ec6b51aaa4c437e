"""`imgconv binarize`: black and white."""

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
from imgconv.model.steps.methods import Gray, ThresholdMethod
from imgconv.model.steps.threshold import Binarization

_METHODS = [method.value for method in ThresholdMethod]


@click.command(
    "binarize",
    cls=Command,
    epilog="Examples:\n\n"
    "imgconv binarize page.png bw.png --method sauvola --window 25\n\n"
    "imgconv binarize photo.jpg bw.png --threshold 128",
)
@in_out_arguments
@option(
    "--method",
    type=click.Choice(_METHODS, case_sensitive=False),
    metavar="METHOD",
    heading="Colour",
    help=f"{one_of(_METHODS)}.  [default: otsu, or fixed with --threshold]",
)
@option(
    "--threshold",
    metavar="T",
    heading="Colour",
    help="Pixels above this grey level become white (for fixed).",
)
@option(
    "--window",
    metavar="N",
    heading="Colour",
    help="Side of the window of the local methods, odd.  [default: 25]",
)
@option(
    "--k",
    "k",
    metavar="K",
    heading="Colour",
    help="Weight of the deviation (niblack, sauvola).  [default: 0.2]",
)
@option(
    "--offset",
    metavar="C",
    heading="Colour",
    help="Taken from the local mean (local-mean, local-gaussian).  [default: 0]",
)
@option(
    "--gray",
    "gray",
    type=click.Choice([g.value for g in Gray], case_sensitive=False),
    default="bt601",
    metavar="METHOD",
    show_default=True,
    heading="Colour",
    help="How colour becomes gray.",
)
@option("--invert", is_flag=True, heading="Colour", help="Swap black and white.")
@output_options
@threads_option
@json_option
@quiet_option
def command(source: Path, target: Path, **options: Any) -> None:
    """Convert the image IN to black and white in OUT; says which threshold was chosen."""
    from imgconv.io.config.recipes import recipe_from

    given = {key: options[key] for key in ("threshold", "window", "k", "offset")}
    default = ThresholdMethod.FIXED if given["threshold"] is not None else ThresholdMethod.OTSU
    chosen = Binarization.of(
        ThresholdMethod(options["method"]) if options["method"] else default,
        {key: value for key, value in given.items() if value is not None},
    )
    recipe = recipe_from({"gray": options["gray"], "binarize": chosen, "invert": options["invert"]})
    filter_one(source, target, recipe, FileOptions.of(options))
