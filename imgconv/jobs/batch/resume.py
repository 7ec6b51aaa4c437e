"""What is left to do: each pair held against what earlier runs did and what is there now."""

from __future__ import annotations

import time
from typing import NamedTuple

from imgconv.io.storage.output_tree import OutputTree
from imgconv.jobs.batch.manifest import Entry, Manifest
from imgconv.jobs.batch.pairing import Pair
from imgconv.jobs.batch.protocol import Task, failed
from imgconv.model.errors import ImageReadError, OutputExistsError


class Resume(NamedTuple):
    """What a pair is held against.

    Attributes
    ----------
    manifest : Manifest
    tree : OutputTree
    recipe_hash : str
    engine : str, optional
        Default that of each row.
    overwrite : bool
    """

    manifest: Manifest
    tree: OutputTree
    recipe_hash: str
    engine: str | None
    overwrite: bool

    def decide(self, number: int, pair: Pair) -> Task | Entry:
        """Return what is to be done, or the row of a file with which nothing is.

        The row is the manifest's own, the same object, where nothing changed.
        """
        found, target, in_place = pair
        known = self.manifest.entries.get(target)
        if found.problem:
            return self._problem(pair, known)
        if known is not None and self._is_done(pair, known):
            return known
        mine = self.manifest.hashes(target)
        free = self.overwrite or in_place or bool(mine)
        if not free and self.tree.had(target):
            error = OutputExistsError(f"{target} exists", hint="--overwrite replaces it")
            return failed(self._blank(pair), error, known)
        replace = self.overwrite or in_place
        place = (number, found.path, found.key, target, found.size)
        return Task(*place, replace, in_place, known, mine)

    def _is_done(self, pair: Pair, known: Entry) -> bool:
        """Tell by stamps alone whether the row still holds."""
        if known.recipe != self.recipe_hash:
            return False
        other_engine = self.engine is not None and known.engine != self.engine
        if other_engine and not pair.in_place:  # there it would be done twice
            return False
        seen = (pair.source.size, pair.source.mtime_ns)
        if known.status == "failed":
            return known.final and known.input == seen
        if pair.in_place:
            return known.status == "ok" and known.output == seen
        written = known.status == "ok" and known.input == seen
        return written and known.output == self.tree.stamp(pair.target)

    def _problem(self, pair: Pair, known: Entry | None) -> Entry:
        found = pair.source
        words = f"{found.key}: {found.problem}"
        if known is not None and known.message == words:
            return known
        if found.skip:
            return self._blank(pair)._replace(status="skipped", message=words)
        return failed(self._blank(pair), ImageReadError(words), known)

    def _blank(self, pair: Pair) -> Entry:
        found = pair.source
        return Entry(
            pair.target,
            found.key,
            "failed",
            *(found.size, found.mtime_ns),
            recipe=self.recipe_hash,
            engine=self.engine or "",
            finished=time.time(),
        )
