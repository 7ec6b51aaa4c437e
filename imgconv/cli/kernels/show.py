"""`imgconv kernels show`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.completion import of_steps
from imgconv.cli.options import Command, bank_option, json_option, open_bank
from imgconv.model.errors import UnknownKernelError

if TYPE_CHECKING:
    from imgconv.io.kernels.bank import KernelBank
    from imgconv.model.kernel import Kernel
    from imgconv.model.kernel_set import KernelSet
    from imgconv.model.steps.base import Step


_LARGEST_PICTURE = 31
_BITS_OF_BYTES = 12  # finer weights are said to be so


@click.command(
    "show",
    cls=Command,
    context_settings={"ignore_unknown_options": True},  # a matrix may begin with -
    epilog="Examples: imgconv kernels show emboss; imgconv kernels show gaussian:sigma=1.4 --json",
)
@click.argument("name", metavar="KERNEL", shell_complete=of_steps)
@bank_option
@json_option
def command(name: str, banks: tuple[Path, ...], as_json: bool) -> None:
    """Show a kernel: weights as exact fractions, sum, symmetry, rank, range, source.

    Of another step, its window and its options.
    """
    from imgconv.io.kernels.spec import load_step

    bank = open_bank(banks)
    step = load_step(name, bank)
    describe, show = _VIEWS.get(step.kind, (_step_data, _show_step))
    if as_json:
        output.write_json(describe(step))
        return
    show(step)
    _show_entry(name, bank)


def _show_entry(name: str, bank: KernelBank) -> None:
    """Show what the bank says beside the kernel, if it is one of the bank."""
    try:
        entry = bank.entry(name.partition(":")[0].strip())
    except UnknownKernelError:
        return
    if entry.kind == "step":
        output.show(f"  description: {entry.description}\n  source: {entry.source}")
    if entry.options():
        output.show("  options: " + ", ".join(str(option) for option in entry.options()))
    if entry.aliases:
        output.show("  also called: " + ", ".join(entry.aliases))
    if entry.tags:
        output.show("  tags: " + ", ".join(entry.tags))


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
    output.show(f"{title}: {rows} x {columns}, anchor {kernel.anchor[0]},{kernel.anchor[1]}")
    for key, text in _words(kernel).items():
        if text:
            output.show(f"  {key}: {text}")
    if max(rows, columns) <= 15:
        output.show("\n".join(_matrix(kernel)))
    else:
        output.show(f"  ({rows} x {columns} weights; --json writes them)")
    if max(rows, columns) <= _LARGEST_PICTURE and output.colour_on_stdout():
        output.show("\n".join(_picture(kernel)))
    facts = examine(kernel)
    output.show(f"  scale {kernel.scale}, offset {kernel.offset}, sum {facts.sum}")
    if bits := _rounded_to(kernel):
        output.show(f"  weights are multiples of 2^-{bits}")
    output.show(f"  rank {facts.rank}" + (" (separable)" if facts.rank == 1 else ""))
    if kernel.factors:
        column, row = (" ".join(map(str, factor)) for factor in kernel.factors)
        if max(rows, columns) <= 15:
            output.show(f"  = column {column}  times  row {row}")
    output.show(f"  symmetry: {', '.join(facts.symmetry) or 'none'}")
    output.show(f"  8-bit input yields {_decimal(facts.low)} to {_decimal(facts.high)}")


def _rounded_to(kernel: Kernel) -> int:
    """Return s where weights are multiples of 2**-s and finer than bytes; else 0."""
    denominator = Fraction(kernel.scale).denominator
    bits = denominator.bit_length() - 1
    return bits if denominator == 1 << bits and bits > _BITS_OF_BYTES else 0


def _picture(kernel: Kernel) -> list[str]:
    """Paint the weights: blue below 0, red above, white at 0."""
    largest = max(abs(float(weight)) for row in kernel.weights for weight in row) or 1.0
    sign = -1 if kernel.scale < 0 else 1
    lines = []
    for row in kernel.weights:
        shades = [sign * float(weight) / largest for weight in row]
        cells = [click.style("  ", bg=_colour(shade)) for shade in shades]
        lines.append("    " + "".join(cells))
    return lines


def _colour(shade: float) -> tuple[int, int, int]:
    fade = round(255 * (1 - abs(shade)))
    return (255, fade, fade) if shade > 0 else (fade, fade, 255)


def _decimal(value: Any) -> str:
    return f"{float(value):.6g}"


def _matrix(kernel: Kernel) -> list[str]:
    return _aligned([[str(weight) for weight in row] for row in kernel.weights])


def _aligned(texts: Sequence[Sequence[str]]) -> list[str]:
    width = max(len(text) for row in texts for text in row)
    return ["   " + "".join(f" {text:>{width}}" for text in row) for row in texts]


def _show_set(kernels: KernelSet) -> None:
    output.show(f"{kernels.name}: {kernels.combine.value} of {len(kernels.kernels)} kernels")
    output.show(f"  description: {kernels.description}\n  source: {kernels.source}")
    for kernel in kernels.kernels:
        output.show(f"  {kernel.name}  {kernel.orientation}")
        output.show("\n".join(_matrix(kernel)))


def _step_data(step: Step) -> dict[str, Any]:
    windows = [extent._asdict() for extent in step.extents]
    data = {"name": step.name, "kind": step.kind, "reach": step.reach.value, "windows": windows}
    footprint = [list(row) for row in step.drawing]
    return data | ({"footprint": footprint} if footprint else {})


def _show_step(step: Step) -> None:
    output.show(f"{step.name}: a step without weights")
    for extent in step.extents:
        row, column = extent.anchor
        output.show(f"  {extent.rows} x {extent.columns} pixels, anchor {row},{column}")
    rows = step.drawing
    if rows and max(len(rows), len(rows[0])) <= _LARGEST_PICTURE:
        output.show("  footprint (a point does not count):")
        output.show("\n".join(_aligned(rows)))


_VIEWS: dict[str, tuple[Callable[[Any], dict[str, Any]], Callable[[Any], None]]] = {
    "kernel": (_kernel_data, _show_kernel),
    "set": (_set_data, _show_set),
}
