"""`imgconv kernels show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.options import Command, bank_option, json_option, open_bank

if TYPE_CHECKING:
    from imgconv.model.kernel import Kernel
    from imgconv.model.kernel_set import KernelSet


@click.command(
    "show",
    cls=Command,
    context_settings={"ignore_unknown_options": True},  # a matrix may begin with -
    epilog="Examples: imgconv kernels show emboss; imgconv kernels show gaussian:sigma=1.4 --json",
)
@click.argument("name", metavar="KERNEL")
@bank_option
@json_option
def command(name: str, banks: tuple[Path, ...], as_json: bool) -> None:
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
