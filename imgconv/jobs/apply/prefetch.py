"""Work that is done in a thread of its own, a step before it is needed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from imgconv.ops.pipeline.lazy_rows import Source


Image = NDArray[Any]
_T = TypeVar("_T")
_PATIENCE = 0.2  # seconds until a thread looks whether anybody still waits for it


class _EndError(Exception):
    """Nothing follows."""


def ahead(items: Iterable[_T]) -> Generator[_T]:
    """Yield what an iterable yields, made by a thread of its own, one item ahead.

    Closing the generator ends the thread.

    Examples
    --------
    >>> list(ahead(n * n for n in range(4)))
    [0, 1, 4, 9]
    """
    ready: queue.Queue[list[_T] | BaseException] = queue.Queue(1)
    nobody_waits = threading.Event()
    thread = threading.Thread(target=_work, args=(items, ready, nobody_waits), daemon=True)
    thread.start()
    try:
        while True:
            found = ready.get()
            if isinstance(found, _EndError):
                return
            if isinstance(found, BaseException):
                raise found
            yield found.pop()
    finally:
        nobody_waits.set()
        thread.join()


def _work(
    items: Iterable[_T],
    ready: queue.Queue[list[_T] | BaseException],
    nobody_waits: threading.Event,
) -> None:
    def put(found: list[_T] | BaseException) -> None:
        while not nobody_waits.is_set():
            with suppress(queue.Full):
                ready.put(found, timeout=_PATIENCE)
                return

    try:
        for item in items:
            put([item])
            if nobody_waits.is_set():
                return
        put(_EndError())
    except BaseException as error:  # it is raised again where the items are wanted
        put(error)
    finally:
        if isinstance(items, Generator):
            items.close()


class ReadAhead:
    """A reader whose next rows are decoded while the last ones are worked on.

    Parameters
    ----------
    reader : Source
    step : int
        Rows to decode at a time.
    """

    def __init__(self, reader: Source, step: int) -> None:
        self.shape = reader.shape
        self.dtype = reader.dtype
        self._reader = reader
        self._blocks = ahead(self._each_block(step))
        self._held: list[Image] = []
        self._from = self._to = 0

    def read(self, start: int, stop: int) -> Image:
        """Return rows; those that do not follow on the last ones are read by themselves."""
        if start != self._from:
            return self._reader.read(start, stop)
        while self._to < stop:
            self._held.append(next(self._blocks))
            self._to += len(self._held[-1])
        rest = self._to - stop
        last = self._held[-1]
        parts = [*self._held[:-1], last[: len(last) - rest]]
        self._held = [last[len(last) - rest :]] if rest else []
        self._from = stop
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def close(self) -> None:
        """End the thread."""
        self._blocks.close()

    def _each_block(self, step: int) -> Iterator[Image]:
        for start in range(0, self.shape[0], step):
            yield self._reader.read(start, min(start + step, self.shape[0]))
