"""Threads that read what is far away, before processes that filter it.

Inputs behind URLs are read, and compared with what is known, by threads of this process, which has
the connections; the pictures go to worker processes as bytes and come back as bytes, so a codec
that crashes and a picture that is too large cost no more than with files of this machine.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from imgconv.io.storage.opening import read_location
from imgconv.jobs.batch.checks import check_item, row_of
from imgconv.jobs.batch.commit import STAGED_BYTES
from imgconv.jobs.batch.executors.base import Finished
from imgconv.jobs.batch.executors.processes import ProcessExecutor
from imgconv.jobs.batch.executors.watch import ItemTimeoutError
from imgconv.jobs.batch.items import Item, ItemResult, RunSettings, failed
from imgconv.model.errors import ImageReadError

_READERS = 16
_MOST_FAILURES = 8
"""Files one after the other that a service fails to give, after which it is taken to be away."""
_READ_BYTES = 48 << 20
"""Bytes of inputs that are read ahead; one that has more is read alone."""


class ThreadExecutor(ProcessExecutor):
    """Threads that read, and processes that filter (see `base.Executor`).

    Parameters
    ----------
    jobs : int, optional
        How many files are filtered at a time; default the CPUs of this process.
    limit : int
        Bytes for this process, the workers and all their pictures together.
    timeout : float, optional
        Seconds that reading a file, or filtering it, may take.
    """

    streams = True

    def __init__(self, jobs: int | None, limit: int, timeout: float | None = None) -> None:
        super().__init__(jobs, limit - _READ_BYTES - 2 * STAGED_BYTES, timeout)
        self._readers = ThreadPoolExecutor(max(_READERS, 2 * self._jobs))

    def run(self, settings: RunSettings, items: Iterator[Item]) -> Iterator[Finished]:
        """Process items as they have been read."""
        queue = _ItemsRead(self, settings, items, self._readers)
        yield from self.run_queue(settings, queue)

    def close(self) -> None:
        """Stop the workers at once; a thread ends when it has read."""
        super().close()
        self._readers.shutdown(wait=False, cancel_futures=True)


class _ItemsRead:
    """Items whose inputs threads have read (see `waiting.ItemQueue`)."""

    def __init__(
        self,
        executor: ThreadExecutor,
        settings: RunSettings,
        items: Iterator[Item],
        readers: ThreadPoolExecutor,
    ) -> None:
        self._executor = executor
        self._settings = settings
        self._items = items
        self._readers = readers
        self._most = 4 * _READERS
        self._ready: deque[Item] = deque()
        self._read: deque[int] = deque()  # from the threads: by how much an item changes `_bytes`
        self._reading = 0
        self._started: dict[int, tuple[float, Item]] = {}  # when a thread began to read an item
        self._bytes = 0
        self._failures = 0  # of the service, one after the other
        self._listed_all = False

    @property
    def ended(self) -> bool:
        """Whether all items were taken."""
        self._fill()
        return self._listed_all and not self._reading and not self._ready

    def take(self) -> Item | None:
        """Return an item that is read."""
        self._fill()
        if not self._ready:
            return None
        item = self._ready.popleft()
        self._bytes -= item.size
        self._fill()
        return item

    def _fill(self) -> None:
        while self._read:
            self._bytes += self._read.popleft()
            self._reading -= 1
        while not self._listed_all and self._has_room():
            item = next(self._items, None)
            if item is None:
                self._listed_all = True
                return
            self._reading += 1
            self._bytes += item.size
            self._readers.submit(self._read_one, item)

    def _has_room(self) -> bool:
        if not self._reading and not self._ready:
            return True
        return self._reading + len(self._ready) < self._most and self._bytes < _READ_BYTES

    def overdue(self, timeout: float) -> list[ItemResult]:
        """Return the failures of items that are being read for too long (see `ItemQueue`).

        The thread goes on until the service answers; what it reads then is dropped.
        """
        now, results = time.monotonic(), []
        for number, (started, item) in list(self._started.items()):
            if now - started > timeout and self._started.pop(number, None) is not None:
                row = row_of(self._settings, item)
                error = ItemTimeoutError(item.key, timeout)
                results.append(ItemResult(number, failed(row, error, item.known)))
                self._read.append(-item.size)
        return results

    def _read_one(self, item: Item) -> None:
        """Read and check an item, in a thread; what needs no filtering is a result at once."""
        self._started[item.number] = time.monotonic(), item
        result = content = None
        try:
            content = read_location(item.source)
            checked = check_item(self._settings, item, content)
            if checked.done:
                result = ItemResult(item.number, checked.row)
        except Exception as error:
            if self._is_away(error):
                self._executor.wake(error)
                return
            row = row_of(self._settings, item)
            result = ItemResult(item.number, failed(row, error, item.known))
        else:
            self._failures = 0
        if self._started.pop(item.number, None) is None:
            return  # it was overdue
        if result is not None:
            self._executor.wake([result])
            self._read.append(-item.size)
        else:
            assert content is not None
            size = len(content.data)
            self._ready.append(item._replace(size=size, content=content, checked=checked))
            self._read.append(size - item.size)
        self._executor.wake()  # `ended` may be true now, and not before the result was given

    def _is_away(self, error: Exception) -> bool:
        """Return whether the service fails again and again, so that the run is to end."""
        if not (isinstance(error, ImageReadError) and error.of_service):
            return False
        self._failures += 1
        return self._failures >= _MOST_FAILURES
