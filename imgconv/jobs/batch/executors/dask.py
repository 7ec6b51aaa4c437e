"""A Dask cluster, whose workers process chunks of items and commit them.

A chunk may be done more than once, by workers that die or are thought dead; what can be seen
afterwards is the same, since outputs are determined by inputs and appear complete.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from imgconv.io.storage.base import NONCE
from imgconv.io.storage.locations import is_url
from imgconv.jobs.batch.checks import row_of
from imgconv.jobs.batch.commit import commit_group
from imgconv.jobs.batch.executors.base import Finished
from imgconv.jobs.batch.executors.watch import TICK, ItemTimeoutError
from imgconv.jobs.batch.items import Item, ItemResult, RunSettings, failed, too_large
from imgconv.jobs.batch.process_one import process_one
from imgconv.jobs.batch.report import Event
from imgconv.jobs.dask_cluster import Cluster, gave_up
from imgconv.jobs.memory import default_limit
from imgconv.jobs.versions import versions
from imgconv.model.errors import ImgconvError

CHUNK_SIZE = 256
"""Items in a chunk: enough that a scheduler's cost for one is nothing beside theirs."""
_CHUNKS_AHEAD = 2
"""Chunks that wait for each worker: a scheduler never holds more, however many there are."""
_POLLS = 40
"""How often in a tick the futures are looked at."""
_PROBED = 3
"""Inputs of a chunk none of which a worker that sees other files finds."""
_GROUP_BYTES = 64 << 20
"""Bytes of outputs that a worker commits together."""


class Chunk(NamedTuple):
    """Some items, with all that is needed to process them anywhere.

    Attributes
    ----------
    settings : RunSettings
    items : tuple of Item
    suspect : UnfitWorkerError, optional
        Of a worker that failed at all of them; it has failed alone if another one does not.
    """

    settings: RunSettings
    items: tuple[Item, ...]
    suspect: UnfitWorkerError | None = None

    @property
    def name(self) -> str:
        """Name of the chunk: the same for the same items and recipe."""
        marks = [
            self.settings.recipe_hash,
            *(f"{i.key}\0{i.mtime_ns}{i.version}{i.recipe_hash}" for i in self.items),
        ]
        return hashlib.sha256("\n".join(marks).encode("utf-8", "surrogateescape")).hexdigest()[:20]


class UnfitWorkerError(ImgconvError, RuntimeError):
    """A worker cannot do the work of this run (exit 2).

    Parameters
    ----------
    address : str
        Of the worker.
    why : str
    """

    exit_code = 2

    def __init__(self, address: str, why: str) -> None:
        super().__init__(
            f"worker {address} {why}",
            hint="workers need the same versions, and to see SRC and DST under the same names",
        )
        self.address = address
        self.why = why

    def __reduce__(self) -> tuple[Any, ...]:
        return UnfitWorkerError, (self.address, self.why)


def _check_worker(chunk: Chunk) -> None:
    """Check that this worker has the versions, the inputs and the outputs of the run.

    Raises
    ------
    UnfitWorkerError
        When it has not.
    """
    from distributed import get_worker

    settings = chunk.settings
    why = ""
    if not settings.nonce:
        return
    if versions() != settings.engine:
        why = f"has {versions()}, not {settings.engine}"
    elif settings.target.read_note(settings.nonce) != settings.nonce:
        why = f"does not see the same {settings.target.root}"
    else:
        probed = [item.source for item in chunk.items[:_PROBED] if not is_url(item.source)]
        if probed and not any(map(os.path.exists, probed)):
            why = f"does not see {probed[0]}"
    if why:
        raise UnfitWorkerError(str(get_worker().address), why)


def _suspicion(results: Sequence[ItemResult]) -> UnfitWorkerError | None:
    """Return that this worker failed at every picture, if nothing in the pictures is the reason."""
    from distributed import get_worker

    rows = [result.row for result in results]
    if len(rows) < _PROBED or not all(row.status == "failed" and not row.final for row in rows):
        return None
    why = f"failed at all {len(rows)} pictures that it was given ({rows[0].message})"
    return UnfitWorkerError(str(get_worker().address), why)


def process_chunk(chunk: Chunk) -> list[Event] | UnfitWorkerError:
    """Process the items of a chunk, commit them and return their events; runs on a worker.

    Where all of them fail, nothing is committed, and another worker is to try.

    Raises
    ------
    UnfitWorkerError
        When this machine has other versions than the one that planned, or sees other files.
    ImageWriteError
        When the rows cannot be written.
    """
    settings = chunk.settings
    _check_worker(chunk)
    settings = settings._replace(room=settings.room or default_limit())
    waiting: list[ItemResult] = []
    size, events = 0, []
    known = {item.target: item.known for item in chunk.items if item.known is not None}
    # Of its own name, since the same chunk may be under way elsewhere.
    mark = f"{settings.target.shard_suffix}-{os.urandom(8).hex()}"
    log = settings.target.open_log(f"manifest{mark}.jsonl", settings.number)
    try:
        for item in chunk.items:
            result = _within(settings.timeout, settings, item)
            if result.need:
                result = too_large(item, result, settings.room)
            waiting.append(result)
            size += result.row.output_size
            if size >= _GROUP_BYTES:
                events += commit_group(settings.target, log, waiting, known)
                waiting, size = [], 0
        if not events and chunk.suspect is None and (suspicion := _suspicion(waiting)) is not None:
            return suspicion
        events += commit_group(settings.target, log, waiting, known)
        log.check()
    finally:
        log.close()
    return events


def _within(timeout: float | None, settings: RunSettings, item: Item) -> ItemResult:
    """Process an item; one that takes too long has failed, and its thread is left behind."""
    if timeout is None:
        return process_one(settings, item)
    results: SimpleQueue[ItemResult] = SimpleQueue()
    Thread(target=lambda: results.put(process_one(settings, item)), daemon=True).start()
    try:
        return results.get(timeout=timeout)
    except Empty:
        row = row_of(settings, item)._replace(finished=time.time())
        error = ItemTimeoutError(item.key, timeout)
        return ItemResult(item.number, failed(row, error, item.known))


class DaskExecutor:
    """A Dask cluster (see `base.Executor` and `Cluster`).

    Parameters
    ----------
    address : str
        Of the scheduler, or ``local:N``.
    room : int
        Bytes that a picture may take on a worker; 0 for half of what is free there.
    timeout : float, optional
        Seconds that a file may take.
    """

    streams = True

    def __init__(self, address: str, room: int, timeout: float | None = None) -> None:
        self._timeout = timeout
        self.replaced = 0
        self.excluded: list[str] = []
        self._room = room
        self._submitted = 0  # makes a key new when a chunk goes to another worker
        self._cluster = Cluster(address)
        self._client = self._cluster.client
        self._distributed = self._cluster.distributed

    def start(self, count: int | None) -> None:
        """Do nothing: the workers are there."""

    def engine(self) -> str:
        """Return the versions here, which are those of the workers."""
        return versions()

    def settings(self, settings: RunSettings) -> RunSettings:
        """Return the settings with one thread for each picture."""
        return settings._replace(threads=1, room=self._room, timeout=self._timeout)

    def wake(self) -> None:
        """Do nothing: `run` is not waiting for commits."""

    def close(self) -> None:
        """Leave the cluster; one of this run ends."""
        self._cluster.close()

    def run(self, settings: RunSettings, items: Iterator[Item]) -> Iterator[Finished]:
        """Process items, a chunk at a time.

        The items of a chunk whose workers died again and again are tried each by itself. The
        cluster blames every task that was on a dead worker, so those that it blames then are done
        last and one after the other; the one that kills its worker then has failed.

        Raises
        ------
        LimitError
            When the scheduler is gone; run the same command again to do the rest.
        """
        nonce = f"{NONCE}{os.urandom(8).hex()}"
        try:
            settings.target.write_note(nonce, nonce)
            yield from self._run(_chunks(settings._replace(nonce=nonce), items))
        except ImgconvError:
            raise
        except (Exception, concurrent.futures.CancelledError, asyncio.CancelledError) as error:
            raise gave_up(error) from None
        finally:
            with suppress(ImgconvError, OSError):
                settings.target.remove_note(nonce)

    def _run(self, chunks: Iterator[Chunk]) -> Iterator[Finished]:
        done = self._distributed.as_completed()
        in_flight: dict[Any, Chunk] = {}
        suspects: list[Chunk] = []

        def start(chunk: Chunk) -> None:
            future = self._submit(chunk)
            in_flight[future] = chunk
            done.add(future)

        self._fill(chunks, in_flight, start)
        yield Finished([], [])
        while in_flight:
            if not _is_ready(done):
                yield Finished([], [])
                continue
            future = next(done)
            chunk = in_flight.pop(future)
            events: list[Event] = []
            try:
                found = future.result()
                if isinstance(found, UnfitWorkerError):
                    self._submitted += 1
                    start(chunk._replace(suspect=found))
                else:
                    events = found
                    self._judge(chunk.suspect, events)
            except UnfitWorkerError as error:
                start(self._without(error, chunk))
            except self._distributed.KilledWorker:
                apart = [chunk._replace(items=(item,)) for item in chunk.items]
                if len(apart) == 1:
                    suspects += apart
                else:
                    for each in apart:
                        start(each)
            self._fill(chunks, in_flight, start)
            yield Finished([], events)
        for chunk in suspects:
            yield self._exclusively(chunk)

    def _without(self, error: UnfitWorkerError, chunk: Chunk) -> Chunk:
        """Return a chunk to be done again, its worker having been retired from the cluster.

        Raises
        ------
        UnfitWorkerError
            When it was the last one.
        """
        self._submitted += 1
        probed = [item.source for item in chunk.items[:_PROBED]]
        if not any(is_url(source) or os.path.exists(source) for source in probed):  # noqa: PTH110
            return chunk._replace(settings=chunk.settings._replace(nonce=""))  # gone everywhere
        if error.address in self._client.nthreads() and not self._retire(error):
            raise error
        return chunk

    def _judge(self, suspect: UnfitWorkerError | None, events: list[Event]) -> None:
        """Leave out a worker that failed at all pictures of a chunk, if another one did not."""
        if suspect is not None and any(event.kind != "failed" for event in events):
            self._retire(suspect)

    def _retire(self, error: UnfitWorkerError) -> bool:
        """Retire a worker by name; return whether there was another one."""
        workers = self._client.nthreads()
        if error.address in workers and len(workers) > 1:
            self.excluded.append(str(error))
            self._client.retire_workers([error.address], close_workers=True)
            return True
        return False

    def _submit(self, chunk: Chunk, mark: str = "") -> Any:
        key = f"imgconv-{chunk.name}-{self._submitted}{mark}"
        others = None
        if chunk.suspect is not None:
            others = [name for name in self._client.nthreads() if name != chunk.suspect.address]
        return self._client.submit(
            process_chunk, chunk, key=key, pure=False, retries=2, workers=others or None
        )

    def _fill(
        self, chunks: Iterator[Chunk], in_flight: dict[Any, Chunk], start: Callable[[Chunk], None]
    ) -> None:
        limit = _CHUNKS_AHEAD * max(1, sum(self._client.nthreads().values()))
        while len(in_flight) < limit:
            chunk = next(chunks, None)
            if chunk is None:
                return
            start(chunk)

    def _exclusively(self, chunk: Chunk) -> Finished:
        """Process the only item in flight; it fails if it kills its worker."""
        try:
            return Finished([], self._submit(chunk, "-exclusive").result())
        except self._distributed.KilledWorker as error:
            (item,) = chunk.items
            row = row_of(chunk.settings, item)._replace(finished=time.time())
            died = RuntimeError(f"{item.key}: its worker died ({type(error).__name__})")
            return Finished([ItemResult(item.number, failed(row, died, item.known))], [])


def _is_ready(done: Any) -> bool:
    """Wait for a tick at most; return whether a future is done."""
    for _ in range(_POLLS):
        if done.has_ready():
            return True
        time.sleep(TICK / _POLLS)
    return False


def _chunks(settings: RunSettings, items: Iterator[Item]) -> Iterator[Chunk]:
    while chunk := tuple(islice(items, CHUNK_SIZE)):
        yield Chunk(settings, chunk)
