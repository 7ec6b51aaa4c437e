"""`imgconv golden record`."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli import output
from imgconv.cli.golden.shared import outside_option, set_options
from imgconv.cli.options import Command, option
from imgconv.model.errors import OutputExistsError


@click.command(
    "record",
    cls=Command,
    epilog="Examples:\n\nimgconv golden record\n\nimgconv golden record 'blur*' --hash-only",
)
@set_options
@option(
    "--hash-only",
    is_flag=True,
    heading="Golden set",
    help="Leave out the pictures; a failure then cannot say where.",
)
@outside_option
def command(
    config: Path,
    names: tuple[str, ...],
    *,
    hash_only: bool,
    allow_commands: bool,
    goldens_outside: bool,
    jobs: int | None,
) -> None:
    """Record what the cases yield, of NAMEs or all, where nothing is recorded yet.

    What is recorded stays; `imgconv golden accept` takes a new result. Exit code 5 when a golden
    is there and the result differs from it, or a file is there that imgconv did not record.
    """
    from imgconv.jobs.golden.record import Action, record_goldens

    steps = record_goldens(
        config,
        names,
        hash_only=hash_only,
        allow_commands=allow_commands,
        goldens_outside=goldens_outside,
        jobs=jobs,
    )
    for step in steps:
        if step.action is not Action.UNCHANGED:
            output.say(f"{step.action.value}: {step.name}")
    unchanged = sum(step.action is Action.UNCHANGED for step in steps)
    recorded = sum(step.action is Action.RECORDED for step in steps)
    output.say(f"{recorded} recorded, {unchanged} unchanged")
    changed = [step for step in steps if step.action is Action.DIFFERS]
    if changed:
        raise OutputExistsError(
            f"{changed[0].name}: another golden is there (of {len(changed)})",
            hint=f"imgconv golden accept {changed[0].name} takes the new result",
        )
