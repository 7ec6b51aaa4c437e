"""`imgconv golden init`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from imgconv.cli import output
from imgconv.cli.golden.shared import config_option
from imgconv.cli.options import Command, recipe_of, recipe_options


@click.command(
    "init",
    cls=Command,
    epilog="Example: imgconv golden init photos/*.png -k sharpen --padding replicate",
)
@click.argument(
    "pictures", metavar="IN...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@config_option
@recipe_options
def command(pictures: tuple[Path, ...], config: Path, **options: Any) -> None:
    """Write a first golden set: a case for each picture IN, all with the recipe of the options."""
    from imgconv.io.config.recipes import format_recipe
    from imgconv.jobs.golden.first_set import write_first_set

    recipe = recipe_of(options)
    if options["print_recipe"]:
        output.show_as_it_is(format_recipe(recipe).rstrip())
        return
    names = write_first_set(config, pictures, recipe)
    noun = "case" if len(names) == 1 else "cases"
    output.say(f"{config}: {len(names)} {noun}; imgconv golden record records them")
