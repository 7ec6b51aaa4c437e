"""The options that the commands of `imgconv golden` share."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli.options import option, together

config_option = option(
    "--config", metavar="FILE", type=click.Path(path_type=Path), default="golden.yaml",
    show_default=True, heading="Golden set", help="The file that lists the cases.",
)  # fmt: skip

set_options = together(
    click.argument("names", metavar="[NAME]...", nargs=-1),
    config_option,
    option("--allow-commands", is_flag=True, heading="Golden set",
           help="Let cases run the commands that FILE names."),
    option("-j", "--jobs", metavar="N", type=click.IntRange(min=1), heading="Running",
           help="Cases at a time.  [default: the CPUs of this process]"),
)  # fmt: skip

outside_option = option(
    "--goldens-outside", is_flag=True, heading="Golden set",
    help="Let goldens be written and deleted outside the folder of FILE.",
)  # fmt: skip
