"""What a spread run has to do: a listing, held against the rows of earlier runs, as it streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from imgconv.io.storage.output_tree import STATE
from imgconv.io.storage.store import Item, Store
from imgconv.jobs.batch.manifest import Entry, parse_entry
from imgconv.jobs.batch.naming import NameTemplate
from imgconv.jobs.batch.pairing import Shard
from imgconv.jobs.batch.protocol import failed
from imgconv.jobs.spread.portion import Plan, Portion, Todo
from imgconv.model.errors import ArgumentError

SIZE = 256
"""Pictures in a portion: enough that a scheduler's cost for one is nothing beside theirs."""


class Known(NamedTuple):
    """What the next run must know of an output: no more, since there may be ten million."""

    stamp: int
    output: str
    status: str


def known_rows(target: Store) -> dict[str, Known]:
    """Read the manifests of earlier runs, the newest row of each output."""
    newest: dict[str, float] = {}
    known: dict[str, Known] = {}
    for key in target.state():
        name = key.removeprefix(f"{STATE}/")
        if not (name.startswith("manifest") and name.endswith(".jsonl")):
            continue
        for line in target.read(key).splitlines(keepends=True):
            entry = parse_entry(line) if line.endswith(b"\n") else None
            if entry is not None and entry.finished >= newest.get(entry.target, 0):
                newest[entry.target] = entry.finished
                stamp = _stamp(entry.input_size, _version(entry), entry.recipe, entry.engine)
                known[entry.target] = Known(stamp, entry.output_sha256, entry.status)
    return known


def _version(entry: Entry) -> str:
    return entry.input_version or str(entry.input_mtime_ns)


def _stamp(size: int, version: str, recipe: str, engine: str) -> int:
    """Make one number of all that an output depends on, as far as it is known without reading."""
    return hash((size, version, recipe, engine))


class Planner:
    """Makes portions of a listing.

    Parameters
    ----------
    plan : Plan
    template : NameTemplate
    shard : Shard
    known : dict
        As `known_rows` gives it.

    Attributes
    ----------
    total, skipped : int
        Pictures seen so far, and those of them with which nothing is to be done.
    """

    def __init__(
        self, plan: Plan, template: NameTemplate, shard: Shard, known: dict[str, Known]
    ) -> None:
        self.total = self.skipped = 0
        self.plan, self._template, self._shard, self._known = plan, template, shard, known
        self._folder = ""
        self._names: set[str] = set()

    def portions(self) -> Iterator[Portion]:
        """Return what is to be done, portion by portion, while the listing goes on."""
        todo: list[Todo] = []
        for item in self.plan.source.listing():
            if not self._shard.has(item.key):
                continue
            self.total += 1
            target = self._target(item)
            known = self._known.get(target)
            if known is not None and self._is_done(item, known):
                self.skipped += 1
                continue
            todo.append(Todo(item, target, known.output if known else ""))
            if len(todo) == SIZE:
                yield Portion(self.plan, tuple(todo))
                todo = []
        if todo:
            yield Portion(self.plan, tuple(todo))

    def _is_done(self, item: Item, known: Known) -> bool:
        stamp = _stamp(item.size, item.version, self.plan.recipe_hash, self.plan.versions)
        return known.status == "ok" and bool(item.version) and known.stamp == stamp

    def _target(self, item: Item) -> str:
        """Name the output; a listing gives a folder's files together, so that is where names meet.

        Raises
        ------
        ArgumentError
            When two inputs would have one output.
        """
        folder, _, name = item.key.rpartition("/")
        if folder != self._folder:
            self._folder, self._names = folder, set()
        target = self._template.name(name)
        mark = target.casefold()
        if mark in self._names:
            raise ArgumentError(
                f"two inputs in {folder or self.plan.source} would have one output, {target}",
                hint="tell them by --name '{stem}_{kernel}{ext}', or do not change the format",
            )
        self._names.add(mark)
        return f"{folder}/{target}" if folder else target


def given_up(portion: Portion, error: BaseException) -> list[Entry]:
    """Return the rows of pictures that no worker could do."""
    return [
        failed(
            Entry(
                todo.target,
                todo.item.key,
                "ok",
                todo.item.size,
                recipe=portion.plan.recipe_hash,
                engine=portion.plan.versions,
                input_version=todo.item.version,
            ),
            RuntimeError(f"its worker died ({type(error).__name__})"),
        )
        for todo in portion.todo
    ]
