"""`imgconv samples`: photographs to try things on."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli import output
from imgconv.cli.options import Command, option


@click.command("samples", cls=Command, epilog="Example: imgconv samples photos")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@option("--overwrite", is_flag=True, heading="Output", help="Replace files that exist.")
def command(folder: Path, overwrite: bool) -> None:
    """Write the photographs that scikit-image ships to DIR, as PNG; DIR is made if need be."""
    from imgconv.jobs.samples import write_samples

    written, kept = write_samples(folder, overwrite=overwrite)
    output.say(
        f"{len(written)} photographs written to {folder}"
        + (f", {len(kept)} were there" if kept else "")
    )
