"""Who does portions: threads of this process, or a Dask cluster."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from imgconv.jobs.batch.manifest import Entry
from imgconv.jobs.spread.cluster import Cluster, gave_up
from imgconv.jobs.spread.planning import given_up
from imgconv.jobs.spread.portion import Portion, do_portion, write_rows
from imgconv.model.errors import ImgconvError

_AHEAD = 2
"""Portions that wait for each worker: a scheduler never holds more, however many there are."""


class Crew(Protocol):
    """Does portions; at most a few for each worker are under way at any time."""

    def run(self, portions: Iterator[Portion]) -> Iterator[list[Entry]]:
        """Do all portions, and give the rows of each as it is done."""
        ...

    def close(self) -> None:
        """Let go of the workers."""


class Threads:
    """Threads of this process; reading, filtering and writing let others run."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = concurrent.futures.ThreadPoolExecutor(count)

    def run(self, portions: Iterator[Portion]) -> Iterator[list[Entry]]:
        """Do all portions (see `Crew`)."""
        under_way: set[concurrent.futures.Future[list[Entry]]] = set()
        pieces = (piece for portion in portions for piece in _parted(portion, self._count))
        for piece in pieces:
            under_way.add(self._pool.submit(do_portion, piece))
            if len(under_way) >= _AHEAD * self._count:
                yield from self._some(under_way)
        while under_way:
            yield from self._some(under_way)

    def _some(
        self, under_way: set[concurrent.futures.Future[list[Entry]]]
    ) -> Iterator[list[Entry]]:
        first = concurrent.futures.FIRST_COMPLETED
        done, _ = concurrent.futures.wait(under_way, return_when=first)
        for future in done:
            under_way.remove(future)
            yield future.result()

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _parted(portion: Portion, parts: int) -> Iterator[Portion]:
    """Deal a portion out, so that threads end together."""
    size = max(1, -(-len(portion.todo) // (4 * parts)))
    for at in range(0, len(portion.todo), size):
        yield portion._replace(todo=portion.todo[at : at + size])


class DaskCrew:
    """A Dask cluster (see `Cluster`)."""

    def __init__(self, address: str) -> None:
        self._cluster = Cluster(address)
        self._client = self._cluster.client
        self._distributed = self._cluster.distributed

    def run(self, portions: Iterator[Portion]) -> Iterator[list[Entry]]:
        """Do all portions (see `Crew`).

        The pictures of a portion whose workers died again and again are tried each by itself. The
        cluster blames every task that was on a dead worker, so those that it blames then are done
        last and one after the other; the one that kills is given up.

        Raises
        ------
        LimitError
            When the scheduler is gone; the same command again does the rest.
        """
        try:
            yield from self._run(portions)
        except ImgconvError:
            raise
        except (Exception, concurrent.futures.CancelledError, asyncio.CancelledError) as error:
            raise gave_up(error) from None

    def _run(self, portions: Iterator[Portion]) -> Iterator[list[Entry]]:
        done = self._distributed.as_completed()
        under_way: dict[Any, Portion] = {}

        suspects: list[Portion] = []

        def submit(portion: Portion, alone: str = "") -> Any:
            name = f"imgconv-{portion.name}{alone}"
            return self._client.submit(do_portion, portion, key=name, pure=False, retries=2)

        def start(portion: Portion) -> None:
            future = submit(portion)
            under_way[future] = portion
            done.add(future)

        self._fill(portions, under_way, start)
        while under_way:
            future = next(done)
            portion = under_way.pop(future)
            try:
                yield future.result()
            except self._distributed.KilledWorker:
                apart = [portion._replace(todo=(todo,)) for todo in portion.todo]
                if len(apart) == 1:
                    suspects += apart
                else:
                    for each in apart:
                        start(each)
            self._fill(portions, under_way, start)
        for portion in suspects:
            yield self._alone(submit(portion, "-alone"), portion)

    def _fill(
        self,
        waiting: Iterator[Portion],
        under_way: dict[Any, Portion],
        start: Callable[[Portion], None],
    ) -> None:
        limit = _AHEAD * max(1, sum(self._client.nthreads().values()))
        while len(under_way) < limit:
            portion = next(waiting, None)
            if portion is None:
                return
            start(portion)

    def _alone(self, future: Any, portion: Portion) -> list[Entry]:
        """Return the rows of the only task that runs, also when it kills its worker."""
        try:
            rows: list[Entry] = future.result()
            return rows
        except self._distributed.KilledWorker as error:
            rows = given_up(portion, error)
            write_rows(portion.plan.target, portion.name, rows)
            return rows

    def close(self) -> None:
        """Leave the cluster; one of our own ends."""
        self._cluster.close()
