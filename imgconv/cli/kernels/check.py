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
    """Check a bank file, or a folder of them: errors, warnings and notes.

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
        others = len(findings) - errors
        counts = ((count, "kernel"), (errors, "error"), (others, "other finding"))
        output.show(", ".join(output.counted(n, word) for n, word in counts))
    return 3 if errors else 0
