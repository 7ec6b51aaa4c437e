"""A check together with its reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imgconv.io.storage import files
from imgconv.jobs.golden import report_html, report_junit
from imgconv.jobs.golden.check import check_goldens
from imgconv.jobs.golden.failures import check_folder, write_failure
from imgconv.jobs.golden.result import CaseFinding, GoldenReport, Status
from imgconv.jobs.golden.suite import FILE_NAME
from imgconv.jobs.reports.report_page import PageEntry
from imgconv.model.errors import OutputExistsError


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
) -> GoldenReport:
    """Check a golden set and write reports of it (see `check_goldens`).

    Parameters
    ----------
    config, names, allow_commands, jobs
        As for `check_goldens`.
    html, junit : path, optional
        Files.
    failures : path, optional
        A folder.
    overwrite : bool, default False
        Whether reports that are there are replaced.

    Raises
    ------
    OutputExistsError
        When a report is there, and before anything is checked.
    """
    for path in filter(None, (html, junit)):
        files.check_target(path, overwrite=overwrite)
    if html and junit and html.resolve() == junit.resolve():
        raise OutputExistsError(f"{html}: two reports would have this name")
    if failures is not None:
        check_folder(failures, overwrite=overwrite)
    entries: dict[str, PageEntry] = {}

    def watch(finding: CaseFinding) -> None:
        if failures is not None:
            write_failure(finding, failures)
        if html is not None and finding.result.status is not Status.PASSED:
            held = sum(entry.size for entry in list(entries.values()))
            entries[finding.result.name] = report_html.entry_of(finding, held)

    report = check_goldens(config, names, allow_commands=allow_commands, jobs=jobs, watch=watch)
    if html is not None:
        files.write_whole(html, report_html.html(report, entries), overwrite=overwrite)
    if junit is not None:
        files.write_whole(junit, report_junit.junit(report), overwrite=overwrite)
    return report
