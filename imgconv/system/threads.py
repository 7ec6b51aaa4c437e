"""Functions of many items in threads, results in order; lighter to import than an executor."""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def run_each(
    function: Callable[[_Item], _Result], items: Sequence[_Item], threads: int
) -> list[_Result]:
    """Return what a function makes of each item, so many at a time.

    Examples
    --------
    >>> run_each(abs, [-1, 2], threads=2)
    [1, 2]
    """
    return list(in_threads(function, items, min(threads, len(items)), ahead=len(items)))


def in_threads(
    function: Callable[[_Item], _Result], items: Iterable[_Item], threads: int, ahead: int = 0
) -> Iterator[_Result]:
    """Yield what a function makes of each item, in order, while the next ones are computed.

    Parameters
    ----------
    function : callable
        What it raises is raised in place of its result; what was not begun then is left.
    items : iterable
    threads : int
        With one all is done in this thread.
    ahead : int, optional
        How many items are taken before the first result is given; default two more than threads.
    """
    if threads <= 1:
        yield from map(function, items)
        return
    begun: SimpleQueue[_Call[_Item, _Result] | None] = SimpleQueue()
    waiting: deque[_Call[_Item, _Result]] = deque()
    workers: list[Thread] = []
    try:
        for item in items:
            waiting.append(_Call(function, item))
            begun.put(waiting[-1])
            if len(workers) < threads:
                workers.append(Thread(target=_work, args=(begun,)))
                workers[-1].start()
            if len(waiting) >= (ahead or threads + 2):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        with suppress(Empty):
            while True:
                begun.get_nowait()
        for _ in workers:
            begun.put(None)
        for worker in workers:
            worker.join()


class _Call(Generic[_Item, _Result]):
    """An item, and what is made of it."""

    def __init__(self, function: Callable[[_Item], _Result], item: _Item) -> None:
        self._function = function
        self._item = item
        self._made: list[_Result] = []
        self._error: BaseException | None = None
        self._running = allocate_lock()
        self._running.acquire()

    def run(self) -> None:
        try:
            self._made.append(self._function(self._item))
        except BaseException as error:
            self._error = error
        self._running.release()

    def result(self) -> _Result:
        """Return it when it is there, or raise what the function raised."""
        self._running.acquire()
        if self._error is not None:
            raise self._error
        return self._made[0]


def _work(begun: SimpleQueue[_Call[_Item, _Result] | None]) -> None:
    while (call := begun.get()) is not None:
        call.run()
