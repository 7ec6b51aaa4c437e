"""What is left to do: each pair held against what earlier runs did and what is there now."""

from __future__ import annotations

import hashlib
import time
from typing import NamedTuple

from imgconv.io.config.recipes import format_recipe
from imgconv.io.images.picture import Encoding, Reading
from imgconv.io.storage.output_tree import OutputTree
from imgconv.jobs.batch.manifest import Entry, Manifest
from imgconv.jobs.batch.pairing import Pair
from imgconv.jobs.batch.protocol import Task, failed
from imgconv.model.errors import ImageReadError, OutputExistsError
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Filter
from imgconv.model.numbers import format_number
from imgconv.model.recipe import Recipe

_READING, _ENCODING = Reading(), Encoding()


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


def recipe_hash(
    recipe: Recipe,
    format: str | None,
    reading: Reading = _READING,
    encoding: Encoding = _ENCODING,
) -> str:
    """Return a hash of all that happens to a picture: the weights of each kernel, not its name.

    Examples
    --------
    >>> from imgconv.io.config.recipes import recipe_from
    >>> one, other = recipe_from({"kernels": ["blur"]}), recipe_from({"kernels": ["1 1"]})
    >>> recipe_hash(one, None) == recipe_hash(other, None)
    False
    """
    from dataclasses import replace

    lines = [format_recipe(replace(recipe, kernels=())), f"format {format}"]
    lines += [f"page {reading.page}, salvage {reading.salvage}", repr(encoding)]
    lines += [line for kernel in recipe.kernels for line in _kernel_lines(kernel)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def _kernel_lines(kernel: Filter) -> list[str]:
    if not isinstance(kernel, Kernel):
        members = [line for member in kernel.kernels for line in _kernel_lines(member)]
        return [f"{kernel.combine.value} {kernel.output.value}", *members, "end"]
    rows = "; ".join(" ".join(map(format_number, row)) for row in kernel.weights)
    numbers = f"{format_number(kernel.scale)} {format_number(kernel.offset)}"
    return [f"{rows} | {numbers} | {kernel.anchor[0]},{kernel.anchor[1]}"]
