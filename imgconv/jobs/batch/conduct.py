"""A run under way: tasks go to the workers, results to the settler, events to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import SimpleQueue

from imgconv.io.storage.json_lines import JsonLines
from imgconv.jobs.batch.pairing import Pair
from imgconv.jobs.batch.protocol import Result, Task, Work
from imgconv.jobs.batch.report import BatchReport, Event
from imgconv.jobs.batch.resume import Resume
from imgconv.jobs.batch.settle import Settler
from imgconv.jobs.batch.supervisor import Pool

_SKIPPED_AT_A_TIME = 1000


class Conductor:
    """Runs a plan; but for the settler, all of it happens in one thread.

    Parameters
    ----------
    pool : Pool
    resume : Resume
    log : JsonLines
    report : BatchReport
    on_event : callable
    max_failures : int, optional
    """

    def __init__(
        self,
        pool: Pool,
        resume: Resume,
        log: JsonLines,
        report: BatchReport,
        on_event: Callable[[Event], None],
        max_failures: int | None,
    ) -> None:
        self._pool = pool
        self._resume = resume
        self._report = report
        self._on_event = on_event
        self._max_failures = max_failures
        self._failed = 0
        self._settled: SimpleQueue[list[Event]] = SimpleQueue()
        known = resume.manifest.entries
        self._settler = Settler(resume.tree, log, known, self._hear_settled)

    def run(self, work: Work, pairs: list[Pair]) -> None:
        """Do all of it, or stop early with too many failures.

        Raises
        ------
        ImgconvError
            When the manifest cannot be written, or workers cannot work.
        """
        try:
            for results in self._pool.run(work, self._tasks(pairs)):
                if results:
                    self._settler.put(results)
                self._failed += sum(result.entry.status == "failed" for result in results)
                self._tell_settled()
                if self._enough():
                    break
        finally:
            self._settler.finish()
        self._tell_settled()
        self._report.stopped = self._report.done < self._report.total

    @property
    def superseded(self) -> bool:
        """Whether the manifest has rows that newer ones stand for, or lines that are none."""
        old = self._resume.manifest
        return self._settler.superseded or old.superseded + old.damaged > 0

    def _hear_settled(self, events: list[Event]) -> None:
        self._settled.put(events)
        self._pool.wake()

    def _tasks(self, pairs: list[Pair]) -> Iterator[Task]:
        """Return what is to be done; files with which nothing is are told of on the way."""
        rows = self._resume.manifest.entries
        new: list[Result] = []
        for number, pair in enumerate(pairs):
            decided = self._resume.decide(number, pair)
            if isinstance(decided, Task):
                yield decided
                continue
            self._failed += decided.status == "failed"
            if decided is rows.get(pair.target):
                self._tell(Event("skipped" if decided.status == "ok" else decided.status, decided))
            else:
                new.append(Result(number, decided))
            if self._enough():
                break
            if len(new) >= _SKIPPED_AT_A_TIME:
                self._settler.put(new)
                new = []
        self._settler.put(new)

    def _tell_settled(self) -> None:
        while not self._settled.empty():
            for event in self._settled.get():
                self._tell(event)
        if self._settler.error is not None:
            raise self._settler.error

    def _enough(self) -> bool:
        limit = self._max_failures
        return limit is not None and self._failed >= limit

    def _tell(self, event: Event) -> None:
        self._report.count(event)
        self._on_event(event)
