"""From staged outputs to outputs: rows are written, then names are given, a group at a time.

The order is what makes a run safe to kill: the rows of a group and the bytes of its outputs are on
the disk, by one system call for the whole group, before any of the outputs gets its name.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import Queue
from threading import Thread

from imgconv.io.storage.json_lines import JsonLines
from imgconv.io.storage.output_tree import OutputTree
from imgconv.jobs.batch.manifest import Entry
from imgconv.jobs.batch.protocol import Result, failed
from imgconv.jobs.batch.report import Event
from imgconv.model.errors import ImageWriteError, ImgconvError

_GATHER = 0.1
"""Seconds in which a group gathers; a run that is killed does so much again."""
_MOST_WAITING = 512


class Settler:
    """A thread that settles results, so that nobody who computes waits for the disk.

    Parameters
    ----------
    tree : OutputTree
    log : JsonLines
    known : dict
        The rows of earlier runs.
    tell : callable
        Called, in that thread, with a list of events when a group is settled.

    Attributes
    ----------
    error : Exception, optional
        Why it stopped, if it did.
    superseded : bool
        Whether rows were written for which there were older ones.
    """

    def __init__(
        self,
        tree: OutputTree,
        log: JsonLines,
        known: dict[str, Entry],
        tell: Callable[[list[Event]], None],
    ) -> None:
        self.error: Exception | None = None
        self.superseded = False
        self._tree = tree
        self._log = log
        self._known = known
        self._tell = tell
        self._waiting: Queue[list[Result] | None] = Queue(_MOST_WAITING)
        self._ending = False
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def put(self, results: list[Result]) -> None:
        """Take results; waits where the disk is far behind."""
        self._waiting.put(results)

    def finish(self) -> None:
        """Settle all that was put, and stop."""
        self._ending = True
        self._waiting.put(None)
        self._thread.join()

    def _serve(self) -> None:
        ended = False
        while not ended:
            taken = [self._waiting.get()]
            until = time.monotonic() + _GATHER
            while not self._ending and None not in taken and time.monotonic() < until:
                time.sleep(_GATHER / 10)
            while not self._waiting.empty():
                taken.append(self._waiting.get())
            ended = None in taken
            group = [result for results in taken for result in results or ()]
            if group and self.error is None:
                try:
                    self._tell(self._settle(group))
                except Exception as error:
                    self.error = error
                    self._tell([])

    def _settle(self, group: list[Result]) -> list[Event]:
        while True:
            try:
                self._write([result.entry for result in group])
                break
            except ImageWriteError as error:
                self._make_room(group, error)
        staged = [result.staged for result in group if result.staged is not None]
        if staged:
            self._tree.settle(staged)
        return [self._named(result) for result in group]

    def _make_room(self, group: list[Result], error: ImageWriteError) -> None:
        """Return up the last staged output, so that a full disk has room for the rows."""
        staged = [at for at, result in enumerate(group) if result.staged is not None]
        if not staged:
            raise error
        last = group[staged[-1]]
        self._tree.discard(last.staged or "")
        entry = failed(last.entry, error, self._known.get(last.entry.target))
        group[staged[-1]] = Result(last.number, entry)

    def _named(self, result: Result) -> Event:
        entry = result.entry
        if result.staged is None:
            return Event("skipped" if entry.status == "ok" else entry.status, entry)
        try:
            self._tree.commit(result.staged, entry.target, replace=result.replace)
        except ImgconvError as error:
            known = self._known.get(entry.target)
            entry = failed(entry, error, known)._replace(finished=time.time())
            self._write([entry])
            self.superseded = True
        return Event(entry.status, entry)

    def _write(self, entries: list[Entry]) -> None:
        self.superseded = self.superseded or any(entry.target in self._known for entry in entries)
        self._log.append(entry.as_dict() for entry in entries)
