"""`imgconv golden check`."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli import output
from imgconv.cli.golden.shared import set_options
from imgconv.cli.options import Command, json_option, option

_file = click.Path(path_type=Path)


@click.command(
    "check",
    cls=Command,
    epilog="Examples:\n\nimgconv golden check\n\n"
    "imgconv golden check 'blur*' --html report.html --junit junit.xml --failures failures\n\n"
    "imgconv golden check --config tests/golden.yaml --json",
)
@set_options
@option(
    "--html",
    metavar="FILE|DIR",
    type=_file,
    heading="Reports",
    help="A page with the pictures, in one file, or a folder where the name has no suffix.",
)
@option("--junit", metavar="FILE", type=_file, heading="Reports", help="JUnit XML.")
@option(
    "--failures",
    metavar="DIR",
    type=_file,
    heading="Reports",
    help="A folder for expected, actual and difference of all that failed.",
)
@option(
    "--annotate",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    heading="Reports",
    help="Annotations of GitHub Actions on stderr; auto: when running there.",
)
@option(
    "--overwrite",
    is_flag=True,
    heading="Reports",
    help="Replace files that imgconv golden did not write, and use folders that are not empty.",
)
@json_option  # fmt: skip
def command(
    config: Path,
    names: tuple[str, ...],
    *,
    allow_commands: bool,
    jobs: int | None,
    html: Path | None,
    junit: Path | None,
    failures: Path | None,
    annotate: str,
    overwrite: bool,
    as_json: bool,
) -> int:
    """Fail when a case, of NAMEs or all, no longer yields what was recorded.

    Writes nothing under the goldens. Exit code 0 when all is as recorded, 1 when something
    differs, 6 when a golden is missing, one is used by no case, or there are no cases.
    """
    from imgconv.jobs.golden import annotations, text_report
    from imgconv.jobs.golden.reports import check_with_reports

    report = check_with_reports(
        config,
        names,
        allow_commands=allow_commands,
        jobs=jobs,
        html=html,
        junit=junit,
        failures=failures,
        overwrite=overwrite,
    )
    if as_json:
        output.write_json(report.as_dict())
    else:
        output.show(text_report.describe(report))
    if annotations.wanted(annotate):
        for line in annotations.annotate(report):
            output.say(line, as_it_is=True)
    return report.exit_code
