"""`imgconv manifest`: what `imgconv batch` wrote down."""

from __future__ import annotations

import click

from imgconv.cli import output
from imgconv.cli.options import Command, json_option, option

_folder = click.argument("folder", metavar="DST")
_sources = click.argument("sources", metavar="[SRC...]", nargs=-1, type=click.Path())


@click.group("manifest", epilog="Example: imgconv manifest verify out")
def command() -> None:
    """Join, check, repair and prune the manifests of `imgconv batch`."""


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
        output.say(
            f"{output.counted(rows, 'row')} of {output.counted(manifests, 'manifest')} joined"
        )


@command.command("repair", cls=Command, epilog="Example: imgconv manifest repair out")
@_folder
@json_option
def repair(folder: str, as_json: bool) -> None:
    """Write the manifest of DST anew, without damaged lines and rows whose output is missing.

    The next batch does again what has no row, and takes over outputs that it would write the same.
    """
    from imgconv.jobs.batch.verify import repair_manifest

    rows, dropped = repair_manifest(folder)
    _tell_dropped(rows, dropped, as_json)


@command.command("prune", cls=Command, epilog="Example: imgconv manifest prune out photos")
@_folder
@_sources
@json_option
def prune(folder: str, sources: tuple[str, ...], as_json: bool) -> None:
    """Drop the rows of failures whose pictures are no longer in SRC."""
    from imgconv.jobs.batch.verify import prune_manifest

    if not sources:
        raise click.UsageError("SRC is missing: manifest prune DST SRC...")
    rows, dropped = prune_manifest(folder, sources)
    _tell_dropped(rows, dropped, as_json)


def _tell_dropped(rows: int, dropped: list[str], as_json: bool) -> None:
    if as_json:
        output.write_json({"rows": rows, "dropped": dropped})
        return
    for words in dropped:
        output.show(output.one_line(f"dropped: {words}"))
    output.say(f"{output.counted(rows, 'row')}, {len(dropped)} dropped")


@command.command("verify", cls=Command, epilog="Example: imgconv manifest verify out photos --deep")
@_folder
@_sources
@option("--deep", is_flag=True, heading="Checks", help="Decode each output too.")
@json_option
def verify(folder: str, sources: tuple[str, ...], deep: bool, as_json: bool) -> int:
    """Check that DST holds the outputs that its manifests list, and one for each picture in SRC.

    Exit codes: 0 all is as it should be, 1 something is not, 4 SRC cannot be read, 5 a batch is at
    work in DST, 6 there is no manifest.
    """
    from imgconv.jobs.batch.verify import verify_manifest

    rows, findings = verify_manifest(folder, sources, deep=deep)
    if as_json:
        found = [finding._asdict() for finding in findings]
        output.write_json({"rows": rows, "findings": found})
    else:
        for kind, target, message in findings:
            named = f"{target} ({message})" if target and message else target or message
            words = message if kind == "failed" else named
            output.show(output.one_line(f"{kind}: {words}"))
        output.say(f"{output.counted(rows, 'row')}, {output.counted(len(findings), 'finding')}")
    return 1 if findings else 0
