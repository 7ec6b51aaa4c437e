"""Commit results: rows are written first, then outputs get their names, a group at a time.

The order is what makes a run safe to kill: the rows of a group and the bytes of its outputs are
durable, locally by one system call for the whole group, before any output appears under its name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from queue import Queue
from threading import Condition, Thread

from imgconv.io.storage.base import OutputPlacement, RowLog, Storage
from imgconv.jobs.batch.items import ItemResult, failed, with_output
from imgconv.jobs.batch.manifest import ManifestRow
from imgconv.jobs.batch.report import Event
from imgconv.model.errors import ImageWriteError, ImgconvError

STAGED_BYTES = 48 << 20
"""Most bytes of outputs that wait in memory for a storage that is not local."""
_MOST_WAITING = 512


def commit_group(
    target: Storage,
    log: RowLog,
    results: Sequence[ItemResult],
    known: Mapping[str, ManifestRow],
) -> list[Event]:
    """Write the rows of a group, make them and the outputs durable, and place the outputs.

    Parameters
    ----------
    target : Storage
    log : RowLog
    results : sequence of ItemResult
    known : mapping
        Rows of earlier runs by output.

    Returns
    -------
    list of Event

    Raises
    ------
    ImageWriteError
        When rows cannot be written.
    """
    group = list(results)
    while True:
        try:
            log.append(result.row.as_dict() for result in group)
            break
        except ImageWriteError as error:
            _make_room(target, group, error, known)
    placements = [
        OutputPlacement(
            result.row.target,
            result.staged,
            result.replace,
            result.expected,
            result.in_place,
            version=result.row.input_version,
            sha256=result.row.input_sha256,
        )
        for result in group
        if result.staged is not None
    ]
    if placements:
        target.sync([placement.staged for placement in placements])
    errors = iter(target.commit(placements))
    events = []
    for result in group:
        row = result.row
        if result.staged is None:
            events.append(Event("skipped" if row.status == "ok" else row.status, row))
            continue
        refusal = next(errors)
        if refusal is not None:
            target.discard(result.staged)
            if not _is_there(target, row):
                row = _refused(result, refusal, known.get(row.target))
                log.append([row.as_dict()])
        events.append(Event(row.status, row))
    return events


def _is_there(target: Storage, row: ManifestRow) -> bool:
    """Return whether what has the name is the very output, whatever a service answered.

    It is after a chunk that was done twice, and where the answer to a put was lost.
    """
    try:
        there = target.digest(row.target)
    except ImgconvError:
        return False
    return there is not None and there.sha256 == row.output_sha256


def _refused(
    result: ItemResult, refusal: ImageWriteError, known: ManifestRow | None
) -> ManifestRow:
    """Return the row of an output that could not be placed.

    In place it keeps the hash of the output: a put that seemed to fail may have been done, and the
    next run must not filter again what it finds then.
    """
    row = failed(result.row, refusal, known)._replace(finished=time.time())
    if result.in_place:
        row = with_output(row, result.row.output, result.row.output_sha256)
    return row._replace(unsure=result.in_place)


def _make_room(
    target: Storage,
    group: list[ItemResult],
    error: ImageWriteError,
    known: Mapping[str, ManifestRow],
) -> None:
    """Discard the last staged output, so that a full disk has room for the rows."""
    staged = [at for at, result in enumerate(group) if result.staged is not None]
    if not staged:
        raise error
    last = group[staged[-1]]
    if last.staged is not None:
        target.discard(last.staged)
    row = failed(last.row, error, known.get(last.row.target))
    group[staged[-1]] = ItemResult(last.number, row)


class Committer:
    """A thread that commits results, so that nobody who computes waits for the storage.

    Parameters
    ----------
    target : Storage
    log : RowLog
    known : mapping
        Rows of earlier runs by output.
    tell : callable
        Called, in that thread, with the events of each group.

    Attributes
    ----------
    error : Exception, optional
        Why it stopped, if it did.
    superseded : bool
        Whether rows were written for which there were older ones.
    """

    def __init__(
        self,
        target: Storage,
        log: RowLog,
        known: Mapping[str, ManifestRow],
        tell: Callable[[list[Event]], None],
    ) -> None:
        self.error: Exception | None = None
        self.superseded = False
        self._target = target
        self._log = log
        self._known = known
        self._tell = tell
        self._waiting: Queue[list[ItemResult] | None] = Queue(_MOST_WAITING)
        self._held = _HeldBytes(STAGED_BYTES)
        self._ending = False
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def put(self, results: list[ItemResult]) -> None:
        """Take results; waits where the storage is far behind."""
        self._held.add(_staged_bytes(results))
        self._waiting.put(results)

    def finish(self) -> None:
        """Commit all that was put, and stop."""
        self._ending = True
        self._waiting.put(None)
        self._thread.join()

    def _serve(self) -> None:
        ended = False
        while not ended:
            taken = [self._waiting.get()]
            until = time.monotonic() + self._target.group_seconds
            while not (self._ending or None in taken or self._held.full):
                if time.monotonic() >= until:
                    break
                time.sleep(0.01)
            while not self._waiting.empty():
                taken.append(self._waiting.get())
            ended = None in taken
            group = [result for results in taken for result in results or ()]
            if group and self.error is None:
                try:
                    self._tell(self._committed(group))
                except Exception as error:
                    self.error = error
                    self._tell([])
            self._held.add(-_staged_bytes(group))

    def _committed(self, group: list[ItemResult]) -> list[Event]:
        events = commit_group(self._target, self._log, group, self._known)
        renewed = any(result.row.target in self._known for result in group)
        refused = any(
            event.entry is not result.row for event, result in zip(events, group, strict=True)
        )
        self.superseded = self.superseded or renewed or refused
        return events


class _HeldBytes:
    """Count of bytes that are held; adding waits while there are too many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._changed = Condition()

    @property
    def full(self) -> bool:
        """Whether the next one waits."""
        return self._bytes >= self._most

    def add(self, size: int) -> None:
        """Count bytes, or discount them."""
        with self._changed:
            self._changed.wait_for(lambda: size <= 0 or self._bytes < self._most)
            self._bytes += size
            self._changed.notify_all()


def _staged_bytes(results: Sequence[ItemResult]) -> int:
    return sum(len(result.staged.data) for result in results if result.staged is not None)
