"""`imgconv kernels`: the bank, seen from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.options import Command, bank_option, json_option, open_bank, option

if TYPE_CHECKING:
    from imgconv.io.bank_entry import Entry
    from imgconv.model.kernel import Kernel
    from imgconv.model.kernel_set import KernelSet


@click.group("kernels")
def command() -> None:
    """List, show and check kernels."""


@command.command(
    "list",
    cls=Command,
    epilog="Examples: imgconv kernels list edge; imgconv kernels list --tag blur",
)
@click.argument("words", metavar="[WORD]...", nargs=-1)
@option("--family", metavar="NAME", heading="Which", help="Only this family (a file of the bank).")
@option("--tag", metavar="TAG", heading="Which", help="Only kernels with this tag.")
@bank_option
@json_option
def list_kernels(
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
    if as_json:
        output.write_json({"kernels": [_summary(entry) for entry in entries]})
        return
    shown = None
    for entry in entries:
        if entry.family != shown:
            click.echo(f"{entry.family}:")
            shown = entry.family
        click.echo(f"  {_signature(entry):<34} {entry.description}")
    if not entries:
        output.say("no kernel fits")


def _mentions(entry: Entry, word: str) -> bool:
    text = " ".join((entry.name, *entry.aliases, entry.description, entry.orientation))
    return word.lower() in text.lower()


def _signature(entry: Entry) -> str:
    parameters = ",".join(f"{p.name}={p.default}" for p in entry.parameters)
    return f"{entry.name}:{parameters}" if parameters else entry.name


def _summary(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "family": entry.family,
        "description": entry.description,
        "tags": list(entry.tags),
        "aliases": list(entry.aliases),
        "parameters": {p.name: str(p) for p in entry.parameters},
    }


@command.command(
    "show",
    cls=Command,
    epilog="Examples: imgconv kernels show emboss; imgconv kernels show gaussian:sigma=1.4 --json",
)
@click.argument("name", metavar="KERNEL")
@bank_option
@json_option
def show(name: str, banks: tuple[Path, ...], as_json: bool) -> None:
    """Show a kernel: weights as exact fractions, sum, symmetry, rank, range, source."""
    from imgconv.io.kernel_spec import load_kernel
    from imgconv.model.kernel import Kernel

    kernel = load_kernel(name, open_bank(banks))
    if as_json:
        output.write_json(_kernel_data(kernel) if isinstance(kernel, Kernel) else _set_data(kernel))
    elif isinstance(kernel, Kernel):
        _show_kernel(kernel)
    else:
        _show_set(kernel)


def _kernel_data(kernel: Kernel) -> dict[str, Any]:
    return {
        "name": kernel.name,
        "weights": [[str(weight) for weight in row] for row in kernel.weights],
        "scale": str(kernel.scale),
        "offset": str(kernel.offset),
        "sum": str(kernel.sum),
        "anchor": list(kernel.anchor),
        **_words(kernel),
    }


def _set_data(kernels: KernelSet) -> dict[str, Any]:
    return {
        "name": kernels.name,
        "combine": kernels.combine.value,
        "output": kernels.output.value,
        "kernels": [_kernel_data(kernel) for kernel in kernels.kernels],
        "description": kernels.description,
        "source": kernels.source,
    }


def _words(kernel: Kernel) -> dict[str, str]:
    return {key: getattr(kernel, key) for key in ("description", "orientation", "source")}


def _show_kernel(kernel: Kernel) -> None:
    from imgconv.model.facts import examine

    rows, columns = kernel.shape
    title = kernel.name or "matrix"
    click.echo(f"{title}: {rows} x {columns}, anchor {kernel.anchor[0]},{kernel.anchor[1]}")
    for key, text in _words(kernel).items():
        if text:
            click.echo(f"  {key}: {text}")
    if max(rows, columns) <= 15:
        click.echo("\n".join(_matrix(kernel)))
    else:
        click.echo(f"  ({rows} x {columns} weights; --json writes them)")
    facts = examine(kernel)
    click.echo(f"  scale {kernel.scale}, offset {kernel.offset}, sum {facts.sum}")
    click.echo(f"  rank {facts.rank}" + (" (separable)" if facts.rank == 1 else ""))
    if kernel.factors:
        column, row = (" ".join(map(str, factor)) for factor in kernel.factors)
        if max(rows, columns) <= 15:
            click.echo(f"  = column {column}  times  row {row}")
    click.echo(f"  symmetry: {', '.join(facts.symmetry) or 'none'}")
    click.echo(f"  8-bit input yields {_decimal(facts.low)} to {_decimal(facts.high)}")


def _decimal(value: Any) -> str:
    return f"{float(value):.6g}"


def _matrix(kernel: Kernel) -> list[str]:
    texts = [[str(weight) for weight in row] for row in kernel.weights]
    width = max(len(text) for row in texts for text in row)
    return ["   " + "".join(f" {text:>{width}}" for text in row) for row in texts]


def _show_set(kernels: KernelSet) -> None:
    click.echo(f"{kernels.name}: {kernels.combine.value} of {len(kernels.kernels)} kernels")
    click.echo(f"  description: {kernels.description}\n  source: {kernels.source}")
    for kernel in kernels.kernels:
        click.echo(f"  {kernel.name}  {kernel.orientation}")
        click.echo("\n".join(_matrix(kernel)))


@command.command("check", cls=Command, epilog="Example: imgconv kernels check mine.yaml")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@json_option
def check(file: Path, as_json: bool) -> int:
    """Look over a bank file, or a folder of them: what is wrong, and what is hardly meant.

    Exit code 3 when there is an error; warnings and notes leave it at 0.
    """
    from imgconv.io.bank_lint import lint

    findings, count = lint(file)
    errors = sum(finding.level == "error" for finding in findings)
    if as_json:
        listed = [{"level": f.level, "message": f.message} for f in findings]
        output.write_json({"kernels": count, "errors": errors, "findings": listed})
    else:
        for finding in findings:
            click.echo(f"{finding.level}: {finding.message}")
        click.echo(f"{count} kernels, {errors} errors, {len(findings) - errors} other findings")
    return 3 if errors else 0
