"""The options that limit how far two pictures may be apart by a metric."""

from __future__ import annotations

from typing import Any

import click

from imgconv.cli.options import option, together

HEADING = "Tolerance"


def limit_option(name: str, metavar: str, text: str) -> Any:
    """Declare an option for a limit of a tolerance."""
    return option(f"--{name}", metavar=metavar, heading=HEADING, help=text)


metric_options = together(
    limit_option("psnr", "DB", "The least PSNR."),
    limit_option("ssim", "S", "The least mean SSIM, 0 to 1."),
    limit_option("ciede2000", "E", "The greatest colour difference CIEDE2000 of any pixel."),
    limit_option("flip", "E", "The greatest mean of NVIDIA's FLIP, 0 to 1."),
    option("--antialias", type=click.Choice(["count", "ignore"], case_sensitive=False),
           heading=HEADING,
           help="Whether pixels count that are antialiased in both.  [default: count]"),
)  # fmt: skip
