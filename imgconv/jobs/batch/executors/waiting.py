"""Items that wait for a worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from imgconv.jobs.batch.items import Item, ItemResult


class ItemQueue(Protocol):
    """Items, some of which may not be ready yet."""

    @property
    def ended(self) -> bool:
        """Whether all items were taken, and no more will come."""
        ...

    def take(self) -> Item | None:
        """Return the next item; None where none is ready."""
        ...

    def overdue(self, timeout: float) -> list[ItemResult]:
        """Drop items that are not ready after this many seconds; return their failures."""
        ...


class ItemsInOrder:
    """Items of an iterator, which are ready at any time.

    Parameters
    ----------
    items : iterator of Item
    """

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._next = next(items, None)

    @property
    def ended(self) -> bool:
        """Whether all items were taken (see `ItemQueue`)."""
        return self._next is None

    def take(self) -> Item | None:
        """Return the next item (see `ItemQueue`)."""
        found = self._next
        if found is not None:
            self._next = next(self._items, None)
        return found

    def overdue(self, timeout: float) -> list[ItemResult]:
        """Return nothing: all are ready (see `ItemQueue`)."""
        del timeout
        return []
