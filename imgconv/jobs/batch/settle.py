"""A run under way: rows are written, then outputs get their names, then it is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from imgconv.io.json_lines import JsonLines
from imgconv.jobs.batch.manifest import Entry
from imgconv.jobs.batch.pairing import Pair
from imgconv.jobs.batch.protocol import Result, Task, failed
from imgconv.jobs.batch.report import BatchReport, Event
from imgconv.jobs.batch.resume import Resume
from imgconv.model.errors import ImgconvError


class EnoughError(Exception):
    """Too many files failed."""


class Settling:
    """What the supervisor does with results; all of it happens in one thread.

    Parameters
    ----------
    resume : Resume
    log : JsonLines
    report : BatchReport
    on_event : callable
    max_failures : int, optional

    Attributes
    ----------
    superseded : bool
        Whether the manifest has rows now that newer ones stand for.
    """

    def __init__(
        self,
        resume: Resume,
        log: JsonLines,
        report: BatchReport,
        on_event: Callable[[Event], None],
        max_failures: int | None,
    ) -> None:
        self.superseded = resume.manifest.superseded > 0
        self._resume = resume
        self._log = log
        self._report = report
        self._on_event = on_event
        self._max_failures = max_failures
        self._rows: list[Entry] = []  # of files with which nothing was done

    def tasks(self, pairs: list[Pair]) -> Iterator[Task]:
        """Give what is to be done; files with which nothing is are settled on the way.

        Raises
        ------
        EnoughError
            When too many files failed.
        """
        for number, pair in enumerate(pairs):
            decided = self._resume.decide(number, pair)
            if isinstance(decided, Task):
                yield decided
                continue
            if decided is not self._resume.manifest.entries.get(pair.target):
                self._rows.append(decided)
            self._tell("skipped" if decided.status == "ok" else decided.status, decided)

    def settle(self, results: list[Result]) -> None:
        """Write rows, give the outputs their names, and say so.

        Raises
        ------
        EnoughError
            When too many files failed.
        ImageWriteError
            When the manifest cannot be written.
        """
        self._write([*self._rows, *(result.entry for result in results)])
        self._rows.clear()
        entries = [self._named(result) for result in results]
        self._resume.tree.sync()
        for result, entry in zip(results, entries, strict=True):
            unchanged = entry.status == "ok" and result.staged is None
            self._tell("skipped" if unchanged else entry.status, entry)

    def _write(self, entries: list[Entry]) -> None:
        known = self._resume.manifest.entries
        self.superseded = self.superseded or any(entry.target in known for entry in entries)
        self._log.append(entry.as_dict() for entry in entries)

    def _named(self, result: Result) -> Entry:
        entry = result.entry
        if result.staged is None:
            return entry
        try:
            self._resume.tree.commit(result.staged, entry.target, replace=result.replace)
        except ImgconvError as error:
            known = self._resume.manifest.entries.get(entry.target)
            entry = failed(entry, error, known)._replace(finished=time.time())
            self._write([entry])
            self.superseded = True
        return entry

    def _tell(self, kind: str, entry: Entry) -> None:
        event = Event(kind, entry)
        self._report.count(event)
        self._on_event(event)
        limit = self._max_failures
        if kind == "failed" and limit is not None and self._report.failed >= limit:
            raise EnoughError
