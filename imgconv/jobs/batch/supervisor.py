"""Worker processes, spawned and watched: one that dies costs nobody but the file that killed it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

from imgconv.jobs.batch.manifest import Entry
from imgconv.jobs.batch.memory import WORKER
from imgconv.jobs.batch.protocol import Hello, Result, Task, Work, failed, receive, send
from imgconv.model.errors import ImgconvError, LimitError

_MOST_HELD = 64
_FEWEST_HELD = 3  # one is computed, one read or written, and one waits
_BYTES_HELD = 256 << 10
_MOST_EARLY_DEATHS = 10  # one after the other, without one that got ready
_START = (
    "import sys; sys.path[:] = sys.argv[1:]; from imgconv.jobs.batch.worker import serve; serve()"
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
    """A process, and what it has to do."""

    def __init__(self, inbox: SimpleQueue[tuple[_Worker | None, Any]]) -> None:
        self.held: dict[int, Task] = {}
        self.reserved = 0
        self.alone = False
        self.engine: str | None = None
        self._inbox = inbox
        settings: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"OPENBLAS_NUM_THREADS": "1", **_KEEP_FREED_MEMORY, **os.environ},
            **settings,  # of their own group: a Ctrl-C is for us, and we decide for them
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


class Pool:
    """Processes that filter files.

    Parameters
    ----------
    count : int
    memory : int
        Bytes for them and all their pictures together.

    Attributes
    ----------
    deaths : int
        How many processes died and were replaced.
    usual : int
        Bytes that a picture may take without asking.
    """

    def __init__(self, count: int, memory: int) -> None:
        self.deaths = 0
        self._memory = memory
        self.usual = memory // count - WORKER
        self._inbox: SimpleQueue[tuple[_Worker | None, Any]] = SimpleQueue()
        self._workers = [_Worker(self._inbox) for _ in range(count)]
        self._suspects: deque[Task] = deque()  # held by a worker that died
        self._large: deque[Task] = deque()  # need more room than usual
        self._retried: set[int] = set()
        self._early_deaths = 0
        self._work: Work | None = None

    def engine(self) -> str:
        """Wait until a worker is ready, and give the name and versions of its engine.

        Raises
        ------
        ImgconvError
            When the workers cannot work here.
        """
        while True:
            for worker in self._workers:
                if worker.engine is not None:
                    return worker.engine
            self._hear(*self._inbox.get())

    def run(self, work: Work, tasks: Iterator[Task]) -> Iterator[list[Result]]:
        """Do tasks, and give the results as they come; an empty list now and then."""
        self._work = work
        for worker in self._workers:
            if worker.engine is not None:
                worker.tell(work)
        waiting = _Peekable(tasks)
        while True:
            for worker in tuple(self._workers):
                self._supply(worker, waiting)
            if not (waiting or self._suspects or self._large or self._busy()):
                return
            results = self._hear(*self._inbox.get())
            while not self._inbox.empty():
                results += self._hear(*self._inbox.get())
            yield results

    def wake(self) -> None:
        """Let `run` give an empty list; from any thread."""
        self._inbox.put((None, None))

    def close(self) -> None:
        """Stop the workers at once; what they had begun is forgotten."""
        for worker in self._workers:
            worker.end()

    def _busy(self) -> bool:
        return any(worker.held for worker in self._workers)

    def _supply(self, worker: _Worker, waiting: _Peekable) -> None:
        """Return a worker as much to do as keeps it busy; a suspect, or a large picture, alone."""
        if worker.engine is None or worker.alone:
            return
        for apart in (self._large, self._suspects):
            if apart and not worker.held and self._has_room(worker, apart[0].room):
                self._give(worker, [apart.popleft()], alone=True)
                return
        if self._large and not self._busy():
            self._retire(worker)
        if self._large or not self._has_room(worker, self.usual):
            return  # the others run dry too, until there is room for the large one
        if len(worker.held) > _MOST_HELD // 2:
            return  # a message for many tasks, not for each
        chunk: list[Task] = []
        size = sum(task.size for task in worker.held.values())
        while waiting and _wants_more(len(worker.held) + len(chunk), size):
            chunk.append(waiting.next())
            size += chunk[-1].size
        if chunk:
            self._give(worker, chunk)

    def _has_room(self, worker: _Worker, need: int) -> bool:
        others = sum(other.reserved for other in self._workers if other is not worker)
        return others + max(need, self.usual) <= self._memory - WORKER * len(self._workers)

    def _retire(self, worker: _Worker) -> None:
        """End a worker, for the room that it takes itself."""
        self._workers.remove(worker)
        worker.end()

    def _give(self, worker: _Worker, tasks: list[Task], *, alone: bool = False) -> None:
        worker.held.update((task.number, task) for task in tasks)
        worker.reserved = max(self.usual, *(task.room for task in tasks))
        worker.alone = alone
        worker.tell(tasks)

    def _hear(self, worker: _Worker | None, message: Any) -> list[Result]:
        if worker is None or worker not in self._workers:
            return []
        if message is None:
            return self._replace(worker)
        if isinstance(message, Hello):
            if message.error is not None:
                raise message.error
            worker.engine, self._early_deaths = message.engine, 0
            if self._work is not None:
                worker.tell(self._work)
            return []
        finished = [self._finished(worker.held.pop(result.number), result) for result in message]
        if not worker.held:
            worker.reserved, worker.alone = 0, False
        return [result for result in finished if result is not None]

    def _finished(self, task: Task, result: Result) -> Result | None:
        """Take a result; None where the task is to be done again with more room."""
        if not result.need:
            return result
        if result.need <= self._memory - WORKER:
            self._large.append(task._replace(room=result.need))
            return None
        return _too_large(result, task, self._memory - WORKER)

    def _replace(self, dead: _Worker) -> list[Result]:
        """Start another worker for one that died, and see to the files that it held.

        Raises
        ------
        WorkerDiedError
            When workers keep dying before they are ready.
        """
        how = dead.end()
        self._early_deaths += dead.engine is None
        if self._early_deaths > _MOST_EARLY_DEATHS:
            raise WorkerDiedError(f"worker processes die while they start ({how})")
        self.deaths += 1
        self._workers[self._workers.index(dead)] = _Worker(self._inbox)
        failures = []
        for number, task in dead.held.items():
            if number in self._retried:
                failures.append(self._failed(task, dead, how))
            else:
                self._retried.add(number)
                self._suspects.append(task)
        return failures

    def _failed(self, task: Task, dead: _Worker, how: str) -> Result:
        assert self._work is not None
        words = f"{task.key}: its process died, and again when it did nothing else ({how})"
        entry = Entry(
            task.target,
            task.key,
            "failed",
            input_size=task.size,
            recipe=self._work.recipe_hash,
            engine=dead.engine or "",
            finished=time.time(),
        )
        return Result(task.number, failed(entry, WorkerDiedError(words), task.known))


def _too_large(result: Result, task: Task, memory: int) -> Result:
    said = LimitError(
        f"{result.entry.source}: filtering it takes some {result.need >> 20} MB, and --max-memory "
        f"leaves {memory >> 20} MB for pictures"
    )
    return Result(result.number, failed(result.entry, said, task.known))


def _wants_more(count: int, size: int) -> bool:
    return count < _FEWEST_HELD or (count < _MOST_HELD and size < _BYTES_HELD)


class _Peekable:
    """An iterator that can be asked whether there is more."""

    def __init__(self, items: Iterator[Task]) -> None:
        self._items = items
        self._next: Task | None = None

    def __bool__(self) -> bool:
        if self._next is None:
            self._next = next(self._items, None)
        return self._next is not None

    def next(self) -> Task:
        """Return the next one, of which there must be one."""
        found, self._next = self._next, None
        assert found is not None
        return found
