"""A portion: some hundred pictures and all that is needed to filter them, anywhere.

It may be done more than once, by workers that die or are thought dead; what can be seen afterwards
is the same, since outputs are determined by inputs and appear whole, and the rows have one name.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import PurePath
from typing import NamedTuple

from imgconv.io.images.formats import format_for
from imgconv.io.images.picture import Encoding, Reading
from imgconv.io.storage import json_lines
from imgconv.io.storage.output_tree import STATE
from imgconv.io.storage.store import Item, Store, digest
from imgconv.jobs.apply.filter_file import filter_bytes
from imgconv.jobs.batch.manifest import Entry
from imgconv.jobs.batch.protocol import failed
from imgconv.jobs.batch.versions import versions
from imgconv.model.errors import ImageReadError, ImgconvError, OutputExistsError
from imgconv.model.recipe import Recipe


class Plan(NamedTuple):
    """What is the same for every picture of a run.

    Attributes
    ----------
    source, target : Store
    recipe : Recipe
    recipe_hash : str
    format : str, optional
        Of every output; default what its name says.
    overwrite : bool
        Whether files that are not from such a run may be replaced.
    versions : str
        Of the one who plans; every worker must have the same.
    threads : int
        Of the engine, for each picture.
    reading : Reading
    encoding : Encoding
    """

    source: Store
    target: Store
    recipe: Recipe
    recipe_hash: str
    format: str | None
    overwrite: bool
    versions: str
    threads: int
    reading: Reading
    encoding: Encoding


class Todo(NamedTuple):
    """One picture: where it lies, what its output is called, and which outputs are our own."""

    item: Item
    target: str
    ours: str = ""


class Portion(NamedTuple):
    """Some pictures of a plan."""

    plan: Plan
    todo: tuple[Todo, ...]

    @property
    def name(self) -> str:
        """What the portion is called: the same for the same pictures and recipe."""
        marks = [self.plan.recipe_hash, *(f"{t.item.key}\0{t.item.version}" for t in self.todo)]
        return hashlib.sha256("\n".join(marks).encode("utf-8", "surrogateescape")).hexdigest()[:20]


class VersionError(ImgconvError, RuntimeError):
    """A worker has other versions than the one who planned (exit 2)."""

    exit_code = 2


def do_portion(portion: Portion) -> list[Entry]:
    """Filter the pictures of a portion, write its rows, and give them.

    Raises
    ------
    VersionError
        When this machine has other versions than the plan.
    ImageWriteError
        When the rows cannot be written.
    """
    plan = portion.plan
    if versions() != plan.versions:
        raise VersionError(
            f"a worker has {versions()}, this is {plan.versions}",
            hint="install the same versions everywhere",
        )
    entries = [do_one(plan, todo) for todo in portion.todo]
    write_rows(plan.target, portion.name, entries)
    return entries


def write_rows(target: Store, name: str, entries: list[Entry]) -> None:
    """Write rows as a manifest of their own."""
    lines = b"".join(json_lines.line_of(entry.as_dict()) for entry in entries)
    target.write(f"{STATE}/manifest-{name}.jsonl", lines, replace=True)


def do_one(plan: Plan, todo: Todo) -> Entry:
    """Filter one picture, and say what became of it; never raises."""
    started = time.perf_counter()
    item = todo.item
    mtime = int(item.version) if item.version.isdigit() else 0
    entry = Entry(
        todo.target,
        item.key,
        "ok",
        *(item.size, mtime),
        recipe=plan.recipe_hash,
        engine=plan.versions,
        input_version=item.version,
    )
    try:
        entry = _done(plan, todo, entry)
    except Exception as error:
        entry = failed(entry, error)._replace(final=isinstance(error, ImageReadError))
    seconds = round(time.perf_counter() - started, 6)
    return entry._replace(seconds=seconds, finished=time.time())


def _done(plan: Plan, todo: Todo, entry: Entry) -> Entry:
    if todo.item.problem:
        raise ImageReadError(f"{todo.item.key}: {todo.item.problem}")
    kind = format_for(plan.format, PurePath(todo.target))
    data = plan.source.read(todo.item.key)
    encoded, row = filter_bytes(
        data,
        plan.recipe,
        kind,
        source=todo.item.key,
        target=todo.target,
        threads=plan.threads,
        reading=plan.reading,
        encoding=plan.encoding,
    )
    _write(plan, todo, encoded)
    version = plan.target.version(todo.target)
    return entry._replace(
        input_sha256=digest(data),
        output_size=len(encoded),
        output_mtime_ns=int(version) if version.isdigit() else 0,
        output_sha256=digest(encoded),
        clipped_share=row.clipped_share,
        notes=row.notes,
    )


def _write(plan: Plan, todo: Todo, encoded: bytes) -> None:
    """Write an output; one that is there is ours if it is known, or has the very same bytes."""
    try:
        plan.target.write(todo.target, encoded, replace=plan.overwrite)
    except OutputExistsError:
        there = digest(plan.target.read(todo.target))
        if there == digest(encoded):
            return
        if there != todo.ours:
            raise
        plan.target.write(todo.target, encoded, replace=True)
