"""`imgconv kernels list`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.options import Command, bank_option, json_option, open_bank, option
from imgconv.model.errors import NothingMatchedError

if TYPE_CHECKING:
    from imgconv.io.kernels.bank_entry import BankEntry


@click.command(
    "list",
    cls=Command,
    epilog="Examples: imgconv kernels list edge; imgconv kernels list --tag blur",
)
@click.argument("words", metavar="[WORD]...", nargs=-1)
@option("--family", metavar="NAME", heading="Which", help="Only this family (a file of the bank).")
@option("--tag", metavar="TAG", heading="Which", help="Only kernels with this tag.")
@bank_option
@json_option
def command(
    words: tuple[str, ...],
    family: str | None,
    tag: str | None,
    banks: tuple[Path, ...],
    as_json: bool,
) -> None:
    """List the bank by family; words are searched for in names, aliases and descriptions."""
    entries = [
        entry
        for entry in open_bank(banks).entries()
        if (family is None or entry.family == family)
        and (tag is None or tag in entry.tags)
        and all(_mentions(entry, word) for word in words)
    ]
    if not entries:
        raise NothingMatchedError("no kernel matches", hint="imgconv kernels list lists them all")
    if as_json:
        output.write_json({"kernels": [_summary(entry) for entry in entries]})
        return
    shown = None
    for entry in entries:
        if entry.family != shown:
            output.show(f"{entry.family}:")
            shown = entry.family
        output.show(f"  {_signature(entry):<34} {entry.description}")


def _mentions(entry: BankEntry, word: str) -> bool:
    text = " ".join((entry.name, *entry.aliases, entry.description, entry.orientation))
    return word.lower() in text.lower()


def _signature(entry: BankEntry) -> str:
    parameters = ",".join(p.name for p in entry.parameters)
    return f"{entry.name}:{parameters}" if parameters else entry.name


def _summary(entry: BankEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "family": entry.family,
        "description": entry.description,
        "tags": list(entry.tags),
        "aliases": list(entry.aliases),
        "parameters": {p.name: str(p) for p in entry.parameters},
    }
