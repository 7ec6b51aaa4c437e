"""Run a plan: items go to the executor, results to the committer, events to the listener."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue

from imgconv.io.storage.base import RowLog
from imgconv.jobs.batch.change_detection import ChangeDetection
from imgconv.jobs.batch.commit import Committer
from imgconv.jobs.batch.executors.base import Executor
from imgconv.jobs.batch.items import Item, ItemResult, RunSettings
from imgconv.jobs.batch.pairing import Pair
from imgconv.jobs.batch.report import BatchReport, Event
from imgconv.model.errors import ImgconvError

_UNPROCESSED_AT_A_TIME = 1000


class LostResultsError(ImgconvError, RuntimeError):
    """An executor ended before every file had a result: better said than not noticed."""


class Runner:
    """Runs a plan; except for commits, all of it happens in one thread.

    Parameters
    ----------
    executor : Executor
    detection : ChangeDetection
    log : RowLog
    report : BatchReport
    on_event : callable
    max_failures : int, optional
    timeout : float, optional
        Seconds after which nothing new is begun and what is under way is dropped.
    """

    def __init__(
        self,
        executor: Executor,
        detection: ChangeDetection,
        log: RowLog,
        report: BatchReport,
        on_event: Callable[[Event], None],
        max_failures: int | None,
        timeout: float | None,
    ) -> None:
        self._executor = executor
        self._detection = detection
        self._report = report
        self._on_event = on_event
        self._max_failures = max_failures
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._listed = False  # all pairs were looked at
        self._failed = 0
        self._seen = 0
        self._events: SimpleQueue[list[Event]] = SimpleQueue()
        known = detection.manifest.rows
        self._committer = Committer(detection.target, log, known, self._take_events)

    def run(
        self, settings: RunSettings, pairs: Iterable[Pair], on_plan: Callable[[int], None]
    ) -> None:
        """Do all of it, or stop early after too many failures.

        Parameters
        ----------
        settings : RunSettings
        pairs : iterable of Pair
        on_plan : callable
            Called with the count of files when it grew.

        Raises
        ------
        ImgconvError
            When a manifest cannot be written, or workers cannot work.
        LostResultsError
            When the executor ended without a result for every file.
        """
        try:
            for finished in self._executor.run(settings, self._items(pairs)):
                if finished.results:
                    self._committer.put(finished.results)
                self._failed += sum(r.row.status == "failed" for r in finished.results)
                self._failed += sum(event.kind == "failed" for event in finished.events)
                self._tell_plan(on_plan)
                for event in finished.events:
                    self._tell(event)
                self._tell_committed()
                if self._enough():
                    break
        finally:
            self._committer.finish()
        self._tell_plan(on_plan)
        self._tell_committed()
        unfinished = not self._listed or self._report.done < self._report.total
        self._report.stopped = self._enough() and unfinished
        self._report.timed_out = self._is_late() and unfinished
        if unfinished and not self._enough():
            missing, total = self._report.total - self._report.done, self._report.total
            raise LostResultsError(
                f"{missing} of {total} files have no result, which is a fault of imgconv",
                hint="run again: what is done is not done again",
            )

    @property
    def superseded(self) -> bool:
        """Whether the manifest has rows that newer ones replace, or damaged lines."""
        old = self._detection.manifest
        return self._committer.superseded or old.superseded + len(old.damage) > 0

    def _take_events(self, events: list[Event]) -> None:
        self._events.put(events)
        self._executor.wake()

    def _items(self, pairs: Iterable[Pair]) -> Iterator[Item]:
        """Return what is to be done; on the way, tell of files that need nothing."""
        rows = self._detection.manifest.rows
        new: list[ItemResult] = []
        for number, pair in enumerate(pairs):
            self._seen = number + 1
            decided = self._detection.decide(number, pair)
            if isinstance(decided, Item):
                yield decided
                continue
            self._failed += decided.status == "failed"
            if decided is rows.get(pair.target) or pair.unlogged:
                self._tell(Event("skipped" if decided.status == "ok" else decided.status, decided))
            else:
                new.append(ItemResult(number, decided))
            if self._enough():
                return self._committer.put(new)
            if len(new) >= _UNPROCESSED_AT_A_TIME:
                self._committer.put(new)
                new = []
        self._listed = True
        self._committer.put(new)

    def _tell_plan(self, on_plan: Callable[[int], None]) -> None:
        if self._seen > self._report.total:
            self._report.total = self._seen
            on_plan(self._seen)

    def _tell_committed(self) -> None:
        while not self._events.empty():
            for event in self._events.get():
                self._tell(event)
        if self._committer.error is not None:
            raise self._committer.error

    def _enough(self) -> bool:
        limit = self._max_failures
        return (limit is not None and self._failed >= limit) or self._is_late()

    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    def _tell(self, event: Event) -> None:
        self._report.count(event)
        self._on_event(event)
