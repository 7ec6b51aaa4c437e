"""`imgconv golden accept`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imgconv.cli import output
from imgconv.cli.golden.shared import outside_option, set_options
from imgconv.cli.options import Command, option
from imgconv.model.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgconv.jobs.golden.result import CaseFinding


@click.command(
    "accept",
    cls=Command,
    epilog="Examples:\n\nimgconv golden accept sharpen-camera\n\n"
    "imgconv golden accept --interactive\n\nimgconv golden accept --all --prune",
)
@set_options
@option(
    "--all",
    "everything",
    is_flag=True,
    heading="Golden set",
    help="Take the new result of every case that fails.",
)
@option(
    "--interactive",
    is_flag=True,
    heading="Golden set",
    help="Ask for each of them: y, n, or q to stop there.",
)
@option("--prune", is_flag=True, heading="Golden set",
        help="With --all: list and delete the goldens that no case uses.")  # fmt: skip
@outside_option
def command(
    config: Path,
    names: tuple[str, ...],
    *,
    everything: bool,
    interactive: bool,
    prune: bool,
    allow_commands: bool,
    goldens_outside: bool,
    jobs: int | None,
) -> None:
    """Take the new results of the cases NAMEs in place of their goldens, and touch nothing else.

    NAME may be a pattern (blur*). Exit code 5 when a file is there that imgconv did not record.
    """
    from imgconv.jobs.golden.record import Action, accept_goldens

    if everything == bool(names) and not (interactive and not everything):
        raise ArgumentError("name the cases to accept, or give --all or --interactive")
    if prune and not everything:
        raise ArgumentError("--prune goes with --all; a filtered run never deletes")
    steps = accept_goldens(
        config,
        names,
        prune=prune,
        allow_commands=allow_commands,
        goldens_outside=goldens_outside,
        jobs=jobs,
        ask=_ask if interactive else None,
        deleting=_list,
    )
    for step in steps:
        if step.action is not Action.UNCHANGED:
            output.say("\n  ".join([f"{step.action.value}: {step.name}", *step.words]))
    taken = sum(step.action in (Action.TAKEN, Action.RECORDED) for step in steps)
    deleted = sum(step.action is Action.DELETED for step in steps)
    output.say(f"{taken} taken, {deleted} deleted, {len(steps) - taken - deleted} left as they are")


def _list(doomed: Sequence[Path]) -> None:
    for path in doomed:
        output.say(output.one_line(f"deleting: {path}"))


def _ask(finding: CaseFinding) -> bool | None:
    from imgconv.jobs.golden.text_report import describe_result

    for line in describe_result(finding.result):
        output.say(line)
    _show(finding)
    choice = click.Choice(["y", "n", "q"], case_sensitive=False)
    answer = click.prompt("take the new result?", type=choice, default="n", err=True)
    return None if answer == "q" else answer == "y"


def _show(finding: CaseFinding) -> None:
    """Show the pictures side by side on a terminal."""
    from imgconv.cli.preview import show_pictures
    from imgconv.jobs.golden.report_html import views_of

    show_pictures([view.image for view in views_of(finding)], sys.stderr)
