"""A check of a golden set together with its reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imgconv.jobs.golden.check import check_goldens
from imgconv.jobs.golden.report_files import ReportFiles
from imgconv.jobs.golden.result import CaseReport
from imgconv.jobs.golden.suite import FILE_NAME


def check_with_reports(
    config: str | Path = FILE_NAME,
    names: Sequence[str] = (),
    *,
    allow_commands: bool = False,
    jobs: int | None = None,
    html: Path | None = None,
    junit: Path | None = None,
    failures: Path | None = None,
    overwrite: bool = False,
) -> CaseReport:
    """Check a golden set and write reports of it (see `check_goldens` and `ReportFiles`).

    Raises
    ------
    OutputExistsError
        When a file is there that is no report of goldens, and before anything is checked.
    """
    reports = ReportFiles(html, junit, failures, overwrite)
    reports.prepare()
    report = check_goldens(
        config, names, allow_commands=allow_commands, jobs=jobs, watch=reports.watch
    )
    reports.write(report)
    return report
