"""Worker processes, spawned and watched: one that dies fails the file that killed it alone.

One that is stopped or hangs is killed, as if it had died.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from imgconv.jobs.batch import memory
from imgconv.jobs.batch.checks import row_of
from imgconv.jobs.batch.executors.base import Finished
from imgconv.jobs.batch.executors.messages import Hello, receive, send
from imgconv.jobs.batch.executors.waiting import ItemQueue, ItemsInOrder
from imgconv.jobs.batch.executors.watch import MOST_SILENT, TICK, ItemTimeoutError, Stopwatch
from imgconv.jobs.batch.items import Item, ItemResult, RunSettings, failed, too_large
from imgconv.jobs.batch.memory import WORKER
from imgconv.model.errors import ImgconvError
from imgconv.system.cpus import usable_cpus
from imgconv.system.processes import own_group

_MOST_IN_FLIGHT = 64
_FEWEST_IN_FLIGHT = 3  # one is computed, one read or written, and one waits
_BYTES_IN_FLIGHT = 256 << 10
_MOST_EARLY_DEATHS = 10  # one after the other, without one that got ready
_START = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from imgconv.jobs.batch.executors.worker import serve; serve()"
)
# glibc gives blocks of some MB back to the system at once and takes them again, page by page, for
# the next picture: a third of the time of decoding. These let it keep up to 128 MB.
_KEEP_FREED_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    "MALLOC_ARENA_MAX": "1",
}


class WorkerDiedError(ImgconvError, RuntimeError):
    """A process died while it filtered a file, twice."""


class _Worker:
    """A process, and the items that it has in flight."""

    def __init__(self, inbox: SimpleQueue[tuple[_Worker | None, Any]]) -> None:
        self.in_flight: dict[int, Item] = {}
        self.reserved = 0
        self.exclusive = False
        self.engine: str | None = None
        self.silent = 0.0  # seconds since it sent anything
        self.busy = 0.0  # seconds that its first item has taken
        self._inbox = inbox
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"OPENBLAS_NUM_THREADS": "1", **_KEEP_FREED_MEMORY, **os.environ},
            **own_group(),  # a Ctrl-C ends this process, which ends them
        )
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        message = None
        with suppress(OSError, ValueError):
            while (message := receive(self.process.stdout)) is not None:
                self._inbox.put((self, message))
        self._inbox.put((self, None))

    def tell(self, message: object) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):  # it died; `_listen` says so
            send(self.process.stdin, message)

    def end(self) -> str:
        """Kill it, and say how it had died, if it had."""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        return f"signal {-code}" if code < 0 else f"exit {code}"


class ProcessExecutor:
    """Processes of this machine that filter files (see `base.Executor`).

    Parameters
    ----------
    jobs : int, optional
        How many files at a time; default the CPUs of this process.
    limit : int
        Bytes for this process, the workers and all their pictures together.
    timeout : float, optional
        Seconds that a file may take.
    """

    streams = False

    def __init__(self, jobs: int | None, limit: int, timeout: float | None = None) -> None:
        self._timeout = timeout
        self._watch = Stopwatch()
        self.replaced = 0
        self.excluded: list[str] = []
        self._jobs = jobs or usable_cpus()
        self._limit = limit
        self._memory = self._usual = 0
        self._inbox: SimpleQueue[tuple[_Worker | None, Any]] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._suspects: deque[Item] = deque()  # in flight on a worker that died
        self._large: deque[Item] = deque()  # need more room than usual
        self._retried: set[int] = set()
        self._early_deaths = 0
        self._settings: RunSettings | None = None

    def start(self, count: int | None) -> None:
        """Start workers, no more than there are files.

        Raises
        ------
        LimitError
            When the memory is too little for one.
        """
        most = self._jobs if count is None else min(self._jobs, count)
        workers, self._memory = memory.budget(self._limit, most)
        self._usual = self._memory // workers - WORKER
        self._workers = [_Worker(self._inbox) for _ in range(workers)]

    def engine(self) -> str:
        """Wait until a worker is ready, and return the name and versions of its engine.

        Raises
        ------
        ImgconvError
            When the workers cannot work here.
        """
        while True:
            for worker in self._workers:
                if worker.engine is not None:
                    return worker.engine
            self._wait()

    def settings(self, settings: RunSettings) -> RunSettings:
        """Return the settings with the threads and the room of a worker."""
        threads = max(1, self._jobs // len(self._workers))
        return settings._replace(threads=threads, room=self._usual)

    def run(self, settings: RunSettings, items: Iterator[Item]) -> Iterator[Finished]:
        """Process items in the order given, as far as workers die and memory allows."""
        yield from self.run_queue(settings, ItemsInOrder(items))

    def run_queue(self, settings: RunSettings, waiting: ItemQueue) -> Iterator[Finished]:
        """Process items as they become ready."""
        self._settings = settings
        for worker in self._workers:
            if worker.engine is not None:
                worker.tell(settings)
        while True:
            for worker in tuple(self._workers):
                self._supply(worker, waiting)
            over = waiting.ended and not (self._suspects or self._large or self._busy())
            if over and self._inbox.empty():  # looked at last: threads give results, then end
                return
            results = self._wait()
            if self._timeout is not None:
                results += waiting.overdue(self._timeout)
            yield Finished(results, [])

    def wake(self, results: Sequence[ItemResult] | Exception = ()) -> None:
        """Let `run` give results that were made elsewhere, or raise an error; from any thread."""
        self._inbox.put((None, results))

    def close(self) -> None:
        """Stop the workers at once; what they had begun is forgotten."""
        for worker in self._workers:
            worker.end()
        self._workers = []

    def _busy(self) -> bool:
        return any(worker.in_flight for worker in self._workers)

    def _supply(self, worker: _Worker, waiting: ItemQueue) -> None:
        """Send a worker enough items to keep it busy; a suspected or large one goes alone."""
        if worker.engine is None or worker.exclusive:
            return
        for apart in (self._large, self._suspects):
            if apart and not worker.in_flight and self._has_room(worker, apart[0].room):
                self._give(worker, [apart.popleft()], exclusive=True)
                return
        if self._large and not self._busy():
            self._retire(worker)
        if self._large or not self._has_room(worker, self._usual):
            return  # the others run dry too, until there is room for the large one
        if len(worker.in_flight) > _MOST_IN_FLIGHT // 2:
            return  # a message for many items, not for each
        chunk: list[Item] = []
        size = sum(item.size for item in worker.in_flight.values())
        while _wants_more(len(worker.in_flight) + len(chunk), size):
            item = waiting.take()
            if item is None:
                break
            chunk.append(item)
            size += item.size
        if chunk:
            self._give(worker, chunk)

    def _has_room(self, worker: _Worker, need: int) -> bool:
        others = sum(other.reserved for other in self._workers if other is not worker)
        return others + max(need, self._usual) <= self._memory - WORKER * len(self._workers)

    def _retire(self, worker: _Worker) -> None:
        """End a worker, for the room that it takes itself."""
        self._workers.remove(worker)
        worker.end()

    def _give(self, worker: _Worker, items: list[Item], *, exclusive: bool = False) -> None:
        worker.in_flight.update((item.number, item) for item in items)
        worker.reserved = max(self._usual, *(item.room for item in items))
        worker.exclusive = exclusive
        worker.tell(items)

    def _wait(self) -> list[ItemResult]:
        """Return what workers sent, and the failures of items at which they hang, after a tick."""
        results: list[ItemResult] = []
        with suppress(Empty):
            results += self._receive(*self._inbox.get(timeout=TICK))
            while not self._inbox.empty():
                results += self._receive(*self._inbox.get())
        passed = self._watch.lap()
        for worker in tuple(self._workers):
            worker.silent += passed
            worker.busy += passed if worker.in_flight else 0
            if worker.silent > MOST_SILENT:
                results += self._replace(worker, f"no answer for {MOST_SILENT:g} s")
            elif self._timeout is not None and worker.busy > self._timeout:
                results += self._end_at_first(worker, self._timeout)
        return results

    def _end_at_first(self, worker: _Worker, timeout: float) -> list[ItemResult]:
        """Replace a worker whose first item takes too long; the others are done elsewhere."""
        number, item = next(iter(worker.in_flight.items()))
        del worker.in_flight[number]
        self._suspects.extend(worker.in_flight.values())
        worker.in_flight = {}
        self._replace(worker)
        return [self._failure(item, ItemTimeoutError(item.key, timeout))]

    def _receive(self, worker: _Worker | None, message: Any) -> list[ItemResult]:
        if worker is None:
            if isinstance(message, Exception):
                raise message
            return list(message)
        if worker not in self._workers:
            return []
        if message is None:
            return self._replace(worker)
        worker.silent = 0
        if isinstance(message, Hello):
            if message.error is not None:
                raise message.error
            worker.engine, self._early_deaths = message.engine, 0
            if self._settings is not None:
                worker.tell(self._settings)
            return []
        if message:
            worker.busy = 0
        finished = [
            self._finished(worker.in_flight.pop(result.number), result) for result in message
        ]
        if not worker.in_flight:
            worker.reserved, worker.exclusive = 0, False
        return [result for result in finished if result is not None]

    def _finished(self, item: Item, result: ItemResult) -> ItemResult | None:
        """Take a result; None where the item is to be done again with more room."""
        if not result.need:
            return result
        if result.need <= self._memory - WORKER:
            self._large.append(item._replace(room=result.need))
            return None
        return too_large(item, result, self._memory - WORKER)

    def _replace(self, dead: _Worker, why: str = "") -> list[ItemResult]:
        """Start another worker for one that died or hangs, and see to its items in flight.

        Raises
        ------
        WorkerDiedError
            When workers keep dying before they are ready.
        """
        how = dead.end()
        how = why or how
        self._early_deaths += dead.engine is None
        if self._early_deaths > _MOST_EARLY_DEATHS:
            raise WorkerDiedError(f"worker processes die while they start ({how})")
        self.replaced += 1
        self._workers[self._workers.index(dead)] = _Worker(self._inbox)
        failures = []
        for number, item in dead.in_flight.items():
            if number in self._retried:
                words = f"{item.key}: its process died, and again when it did nothing else ({how})"
                failures.append(self._failure(item, WorkerDiedError(words)))
            else:
                self._retried.add(number)
                self._suspects.append(item)
        return failures

    def _failure(self, item: Item, error: ImgconvError) -> ItemResult:
        assert self._settings is not None
        row = row_of(self._settings, item)._replace(finished=time.time())
        return ItemResult(item.number, failed(row, error, item.known))


def _wants_more(count: int, size: int) -> bool:
    return count < _FEWEST_IN_FLIGHT or (count < _MOST_IN_FLIGHT and size < _BYTES_IN_FLIGHT)
