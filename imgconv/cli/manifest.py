"""`imgconv manifest`: what `imgconv batch` wrote down."""

from __future__ import annotations

import click

from imgconv.cli import output
from imgconv.cli.options import Command, json_option

_folder = click.argument("folder", metavar="DST", type=click.Path(file_okay=False))


@click.group("manifest", epilog="Example: imgconv manifest verify out")
def command() -> None:
    """Join and check the manifests of `imgconv batch`."""


@command.command("merge", cls=Command, epilog="Example: imgconv manifest merge out")
@_folder
@json_option
def merge(folder: str, as_json: bool) -> None:
    """Join the manifests of the shards in DST into one, with one row for each output."""
    from imgconv.jobs.batch.verify import merge_manifests

    rows, manifests = merge_manifests(folder)
    if as_json:
        output.write_json({"rows": rows, "manifests": manifests})
    else:
        output.say(f"{rows} rows of {manifests} manifests joined")


@command.command("verify", cls=Command, epilog="Example: imgconv manifest verify out")
@_folder
@json_option
def verify(folder: str, as_json: bool) -> int:
    """Check that DST holds the outputs that its manifests tell of; exit 1 where it does not."""
    from imgconv.jobs.batch.verify import verify_manifest

    rows, findings = verify_manifest(folder)
    if as_json:
        found = [finding._asdict() for finding in findings]
        output.write_json({"rows": rows, "findings": found})
    else:
        for kind, target, message in findings:
            words = f"{kind}: {target}" if kind != "failed" else f"{kind}: {message}"
            output.show(output.one_line(f"{words} ({message})" if kind == "doubled" else words))
        output.say(f"{rows} rows, {len(findings)} findings")
    return 1 if findings else 0
