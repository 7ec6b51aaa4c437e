"""`imgconv kernels plot`."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli.completion import of_steps
from imgconv.cli.options import Command, bank_option, one_kernel, option
from imgconv.cli.preview import preview_option, show_pictures


@click.command(
    "plot",
    cls=Command,
    context_settings={"ignore_unknown_options": True},  # a matrix may begin with -
    epilog="Examples:\n\n"
    "imgconv kernels plot gaussian:sigma=1.4 gaussian.png\n\n"
    "imgconv kernels plot sobel_x sobel_y scharr_x scharr_y edges.png --columns 2",
)
@click.argument("names", metavar="KERNEL...", shell_complete=of_steps, nargs=-1, required=True)
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@bank_option
@option(
    "--columns",
    type=click.IntRange(1, 20),
    default=2,
    show_default=True,
    heading="Output",
    help="How many kernels stand side by side.",
)
@option("--overwrite", is_flag=True, heading="Output", help="Replace OUT if it exists.")
@preview_option
def command(
    names: tuple[str, ...],
    target: Path,
    banks: tuple[Path, ...],
    columns: int,
    overwrite: bool,
    preview: bool,
) -> None:
    """Draw the weights of each KERNEL and its frequency response into the picture OUT."""
    from imgconv.io.images.image_files import write_image
    from imgconv.ops.draw.plot import plot

    kernels = [one_kernel(name, banks) for name in names]
    picture = plot(kernels, columns)
    write_image(target, picture, overwrite=overwrite)
    if preview:
        show_pictures([picture])
