"""What an executor is: it processes items somewhere, and gives their results as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from imgconv.jobs.batch.items import Item, ItemResult, RunSettings
from imgconv.jobs.batch.report import Event


class Finished(NamedTuple):
    """Results that are to be committed, and events of items that are committed already."""

    results: list[ItemResult]
    events: list[Event]


class Executor(Protocol):
    """Processes items.

    Attributes
    ----------
    streams : bool
        Whether a run begins while the inputs are still being listed.
    replaced : int
        How many workers died and were replaced.
    excluded : list of str
        Workers that were left out, and why.
    """

    streams: bool
    replaced: int
    excluded: list[str]

    def start(self, count: int | None) -> None:
        """Start workers, for so many files if that is known."""
        ...

    def engine(self) -> str:
        """Return the name and the versions of the workers' engine, when one is ready."""
        ...

    def settings(self, settings: RunSettings) -> RunSettings:
        """Return the settings with the threads and the room that this executor has."""
        ...

    def run(self, settings: RunSettings, items: Iterator[Item]) -> Iterator[Finished]:
        """Process items; give what is finished, and nothing now and then."""
        ...

    def wake(self) -> None:
        """Let `run` give something soon; called from any thread."""
        ...

    def close(self) -> None:
        """Stop the workers at once."""
        ...
