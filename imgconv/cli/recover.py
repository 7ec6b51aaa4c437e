"""`imgconv recover`: which filter made this picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from imgconv.cli import output
from imgconv.cli.options import (
    Command,
    bank_option,
    json_option,
    open_bank,
    option,
    reading_of,
    reading_options,
)

_file = click.Path(path_type=Path)


@click.command(
    "recover",
    cls=Command,
    epilog="Examples:\n\nimgconv recover before.png after.png\n\n"
    "imgconv recover before.png after.png --recipe found.yaml --json",
)
@click.argument("before", metavar="BEFORE", type=_file)
@click.argument("after", metavar="AFTER", type=_file)
@option(
    "--recipe",
    "target",
    metavar="FILE",
    type=_file,
    heading="Output",
    help="Write the recipe that was found.",
)
@option("--overwrite", is_flag=True, heading="Output", help="Replace FILE if it exists.")
@option(
    "--budget",
    metavar="SECONDS",
    type=float,
    default=10.0,
    show_default=True,
    heading="Running",
    help="How long to search.",
)
@bank_option
@reading_options
@json_option
def command(before: Path, after: Path, target: Path | None, as_json: bool, **options: Any) -> int:
    """Find the recipe that made the picture AFTER from the picture BEFORE.

    What is said of the recipe is measured by running it. Exit code 0 when it reproduces every
    pixel, 1 when it leaves a difference, 6 when nothing plausible was found.
    """
    from imgconv.io.storage.files import check_target
    from imgconv.jobs.recover import as_dict, describe, recover_files, write_recipe

    if target is not None:
        check_target(target, overwrite=options["overwrite"])
    found = recover_files(
        before,
        after,
        budget=options["budget"],
        reading=reading_of(options),
        bank=open_bank(options["banks"]),
    )
    if target is not None:
        write_recipe(target, found, overwrite=options["overwrite"])
    if as_json:
        output.write_json(as_dict(found))
    else:
        output.show("\n".join(describe(found)))
    return found.exit_code
