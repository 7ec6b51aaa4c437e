"""`imgconv kernels identify`."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli import output
from imgconv.cli.completion import of_steps
from imgconv.cli.options import Command, bank_option, json_option, one_kernel, open_bank


@click.command(
    "identify",
    cls=Command,
    context_settings={"ignore_unknown_options": True},  # a matrix may begin with -
    epilog="Examples:\n\n"
    "imgconv kernels identify '-2 0 2; -4 0 4; -2 0 2'\n\n"
    "imgconv kernels identify matrix.txt",
)
@click.argument("matrix", metavar="MATRIX|FILE", shell_complete=of_steps)
@bank_option
@json_option
def command(matrix: str, banks: tuple[Path, ...], as_json: bool) -> None:
    """Describe what a matrix is: one that is written out, in a file, or any other kernel."""
    from imgconv.model.kernel import as_kernel
    from imgconv.ops.linear.identify import identify

    kernel = one_kernel(matrix, banks)
    known = [as_kernel(step) for step in open_bank(banks).values() if step.is_linear]
    said = identify(kernel, known)
    if as_json:
        output.write_json({"said": said})
    else:
        output.show("\n".join(said))
