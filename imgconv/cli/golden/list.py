"""`imgconv golden list`."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli import output
from imgconv.cli.golden.shared import config_option
from imgconv.cli.options import Command, json_option


@click.command(
    "list",
    cls=Command,
    epilog="Examples:\n\nimgconv golden list\n\nimgconv golden list 'blur*' --json",
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@config_option
@json_option
def command(names: tuple[str, ...], config: Path, as_json: bool) -> None:
    """List the cases, of NAMEs or all, and the goldens that no case uses; nothing is compared."""
    from imgconv.jobs.golden.listing import list_goldens

    rows = list_goldens(config, names)
    if as_json:
        output.write_json([row._asdict() for row in rows])
        return
    widest = max((len(row.name) for row in rows), default=0)
    for row in rows:
        line = f"{row.state:<9} {row.name:<{widest}}  {row.source}"
        output.show(output.one_line(line).rstrip())
