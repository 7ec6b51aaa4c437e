"""The reports of a check as files: a page, JUnit XML, a folder of pictures, a job summary."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from imgconv.io.storage import files
from imgconv.jobs.golden import report_html, report_junit
from imgconv.jobs.golden.failures import FailureFolder
from imgconv.jobs.golden.report_folder import PAGE, ReportFolder, is_folder
from imgconv.jobs.golden.result import GOLDEN, CaseFinding, CaseReport, Wording
from imgconv.jobs.golden.summary import JobSummary
from imgconv.jobs.reports.report_page import PageEntry
from imgconv.model.errors import OutputExistsError

_HEAD = 4096


@dataclass
class ReportFiles:
    """The reports that were asked for; findings are collected while a check runs.

    Parameters
    ----------
    html : path, optional
        A file, or a folder for a page with its pictures beside it (see `report_folder.is_folder`).
    junit : path, optional
        A file. A report of the same command that is there already is replaced.
    failures : path, optional
        A folder.
    overwrite : bool, default False
        Whether other files that are there are replaced.
    wording : Wording, optional
    """

    html: Path | None = None
    junit: Path | None = None
    failures: Path | None = None
    overwrite: bool = False
    wording: Wording = GOLDEN
    _entries: dict[str, PageEntry] = field(default_factory=dict, init=False)
    _held: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _folder: FailureFolder | None = field(default=None, init=False)
    _pages: ReportFolder | None = field(default=None, init=False)
    _summary: JobSummary | None = field(default=None, init=False)

    def prepare(self) -> None:
        """Check that all reports may be written, before anything is compared.

        Raises
        ------
        OutputExistsError
            When a file is there that is no report of this command.
        ImageWriteError
            When a report cannot be written there.
        """
        if self.html and self.junit and self.html.resolve() == self.junit.resolve():
            raise OutputExistsError(f"{self.html}: two reports would have this name")
        if self.html is not None:
            self._check(*self._page(self.html))
        if self.junit is not None:
            self._check(self.junit, report_junit.mark(self.wording))
        if self.html is not None and is_folder(self.html):
            self._pages = ReportFolder.open(self.html, overwrite=self.overwrite)
        if self.failures is not None:
            self._folder = FailureFolder.open(self.failures, overwrite=self.overwrite)
        self._summary = JobSummary.of_environment()

    def _check(self, path: Path, mark: bytes) -> None:
        """Check that a report may be written: where none is, or one of this command."""
        own = self.overwrite or _begins_with_mark(path, mark)
        files.check_target(path, overwrite=own)

    def _page(self, html: Path) -> tuple[Path, bytes]:
        """Return the file of the page, or a folder that is yet to be made, and the page's mark."""
        page = html / PAGE if html.is_dir() else html
        return page, report_html.mark(self.wording)

    def watch(self, finding: CaseFinding) -> None:
        """Take in a result with its pictures, in whichever thread it was made."""
        if self._folder is not None:
            self._folder.write(finding)
        if self._summary is not None:
            self._summary.take(finding)
        if self.html is None:
            return
        pages, name = self._pages, finding.result.name
        place = None if pages is None else pages.picture_writer(name)
        entry = report_html.entry_of(finding, self._held, place)  # several may overshoot a little
        with self._lock:
            self._entries[name] = entry
            self._held += entry.size

    def write(self, report: CaseReport) -> None:
        """Write what was asked for."""
        if self._pages is not None:
            self._pages.close(report_html.html(report, self._entries, beside=True))
        elif self.html is not None:
            page = report_html.html(report, self._entries)
            files.write_whole(self.html, page, overwrite=True)
        if self.junit is not None:
            files.write_whole(self.junit, report_junit.junit(report), overwrite=True)
        if self._folder is not None:
            self._folder.close()
        if self._summary is not None:
            self._summary.write(report)


def _begins_with_mark(path: Path, mark: bytes) -> bool:
    """Return whether a regular file has a mark near its beginning."""
    if files.stamp_of(path) is None:
        return False
    try:
        with path.open("rb") as file:
            return mark in file.read(_HEAD)
    except OSError:
        return False
