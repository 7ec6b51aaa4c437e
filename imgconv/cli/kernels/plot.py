"""`imgconv kernels plot`."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli.options import Command, bank_option, one_kernel, option


@click.command(
    "plot",
    cls=Command,
    context_settings={"ignore_unknown_options": True},  # a matrix may begin with -
    epilog="Example: imgconv kernels plot gaussian:sigma=1.4 gaussian.png",
)
@click.argument("name", metavar="KERNEL")
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@bank_option
@option("--overwrite", is_flag=True, heading="Output", help="Replace OUT if it exists.")
def command(name: str, target: Path, banks: tuple[Path, ...], overwrite: bool) -> None:
    """Draw the weights of KERNEL and its frequency response into the picture OUT."""
    from imgconv.io.images import write_image
    from imgconv.ops.plot import plot

    write_image(target, plot(one_kernel(name, banks)), overwrite=overwrite)
