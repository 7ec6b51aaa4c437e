"""`imgconv golden adopt`."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli import output
from imgconv.cli.golden.shared import config_option, outside_option
from imgconv.cli.options import Command


@click.command(
    "adopt",
    cls=Command,
    epilog="Example: imgconv golden adopt logo 'charts/*'",
)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@config_option
@outside_option
def command(names: tuple[str, ...], config: Path, goldens_outside: bool) -> None:
    """Record pictures that were made by hand, and are in place, as goldens of the cases NAMEs.

    Only a record is written beside each picture. A golden of another set is taken over. Exit code
    6 when there is nothing to adopt.
    """
    from imgconv.jobs.golden.record import adopt_goldens

    for step in adopt_goldens(config, names, goldens_outside=goldens_outside):
        output.say(output.one_line(f"{step.action.value}: {step.name}: {'; '.join(step.words)}"))
