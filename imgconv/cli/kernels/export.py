"""`imgconv kernels export`."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli import output
from imgconv.cli.completion import of_steps
from imgconv.cli.options import Command, bank_option, one_kernel, one_of, option

_TOOLS = ["yaml", "opencv", "numpy", "imagemagick", "vips", "gmic"]


@click.command(
    "export",
    cls=Command,
    context_settings={"ignore_unknown_options": True},  # a matrix may begin with -
    epilog="Examples:\n\n"
    "imgconv kernels export sobel_x --format opencv\n\n"
    "convert in.png -morphology Correlate "
    '"$(imgconv kernels export blur --format imagemagick)" out.png\n\n'
    "A kernel with an offset is exported for ImageMagick as all the arguments that it takes.",
)
@click.argument("name", metavar="KERNEL", shell_complete=of_steps)
@option(
    "--format",
    "tool",
    type=click.Choice(_TOOLS, case_sensitive=False),
    metavar="TOOL",
    default="yaml",
    show_default=True,
    heading="Output",
    help=f"{one_of(_TOOLS)}.",
)
@bank_option
def command(name: str, tool: str, banks: tuple[Path, ...]) -> None:
    """Write KERNEL on stdout in the form that another tool reads."""
    from imgconv.model.export import export

    output.show_as_it_is(export(one_kernel(name, banks), tool))
