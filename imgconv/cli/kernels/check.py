"""`imgconv kernels check`."""

from __future__ import annotations

from pathlib import Path

import click

from imgconv.cli import output
from imgconv.cli.options import Command, json_option


@click.command("check", cls=Command, epilog="Example: imgconv kernels check mine.yaml")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@json_option
def command(file: Path, as_json: bool) -> int:
    """Look over a bank file, or a folder of them: what is wrong, and what is hardly meant.

    Exit code 3 when there is an error; warnings and notes leave it at 0.
    """
    from imgconv.io.kernels.bank_lint import lint

    findings, count = lint(file)
    errors = sum(finding.level == "error" for finding in findings)
    if as_json:
        listed = [{"level": f.level, "message": f.message} for f in findings]
        output.write_json({"kernels": count, "errors": errors, "findings": listed})
    else:
        for finding in findings:
            output.show(f"{finding.level}: {finding.message}")
        output.show(f"{count} kernels, {errors} errors, {len(findings) - errors} other findings")
    return 3 if errors else 0
