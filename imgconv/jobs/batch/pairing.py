"""Pair inputs with outputs, and find everything that forbids a pair, before any write."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import NamedTuple

from imgconv.io.images.formats import format_for
from imgconv.io.storage.base import ListedFile, Storage
from imgconv.io.storage.opening import real_location
from imgconv.jobs.batch.collisions import OutputNames
from imgconv.jobs.batch.inputs import Sources, check_there, list_inputs
from imgconv.jobs.batch.naming import NameTemplate
from imgconv.model.errors import (
    ArgumentError,
    ImageWriteError,
    NothingMatchedError,
    OutputExistsError,
)
from imgconv.system.paths import is_inside, name_problem


class Pair(NamedTuple):
    """An input and its output.

    Attributes
    ----------
    source : ListedFile
    target : str
        Key of the output.
    in_place : bool
        Whether the output is the input itself.
    unlogged : bool
        Whether it has no row: its output is another's, or it is a folder that cannot be listed.
    """

    source: ListedFile
    target: str
    in_place: bool = False
    unlogged: bool = False


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """How inputs are paired with outputs.

    Attributes
    ----------
    sources : Sources
    target : Storage
    template : NameTemplate
    format : str, optional
        Of every output; default what its name says.
    in_place : bool
        Whether an output may be its input.
    """

    sources: Sources
    target: Storage
    template: NameTemplate
    format: str | None
    in_place: bool

    def pairs(self, *, complete: bool) -> Iterator[Pair]:
        """Pair every input with its output, while the listing goes on.

        A pair that cannot be done has the reason as the problem of its source.

        Parameters
        ----------
        complete : bool
            Whether all pairs are taken before the run begins.

        Raises
        ------
        ArgumentError
            When outputs would lie among the inputs.
        OutputExistsError
            When an output is its input, and `in_place` is not given.
        ImageWriteError
            When a link in the output folder leads out of it.
        NothingMatchedError
            When there is no input.
        """
        self._check_roots()
        format_for(self.format or "png", None)  # an unknown name is the user's error, not a file's
        check_there(self.sources)
        pairs = self._named(complete)
        if self.target.is_local:
            pairs = self._inside_root(pairs)
        pairs = self._apart_from_inputs(pairs)
        count = 0
        for pair in pairs:
            count += 1
            yield pair
        if not count:
            raise NothingMatchedError(
                "no pictures were found",
                hint="-r includes subfolders; pictures are recognised by their suffix",
            )

    def _named(self, complete: bool) -> Iterator[Pair]:
        names = OutputNames(folded=self.target.folds_names, complete=complete)
        formats: dict[str, str] = {}
        for found in list_inputs(self.sources):
            if found.unlisted:
                yield Pair(found, found.key, unlogged=True)
                continue
            folder, _, name = found.key.rpartition("/")
            target = self.template.name(name)
            if target == name:
                target = found.key
            elif folder:
                target = f"{folder}/{target}"
            problem = found.problem or self._no_place(target) or self._no_format(target, formats)
            if problem:
                yield Pair(found._replace(problem=problem), target)
                continue
            problem = names.problem(target, found.path)
            source = found._replace(problem=problem) if problem else found
            yield Pair(source, target, unlogged=bool(problem))

    def _no_place(self, target: str) -> str:
        """Return a problem when a folder cannot have a file of this name."""
        parts = target.split("/")
        if not self.target.folds_names:
            return ""
        if {"", ".", ".."} & set(parts):
            return f"a folder has no place for {target}; an object store has"
        return next(filter(None, map(name_problem, parts)), "") if self.target.is_local else ""

    def _no_format(self, target: str, formats: dict[str, str]) -> str:
        """Return a problem when the name of the output says no format."""
        if self.format:
            return ""
        suffix = target[target.rfind(".") :]
        if suffix not in formats:
            try:
                formats[suffix] = format_for(None, PurePath(target)).name
            except ImageWriteError:
                formats[suffix] = ""
        return "" if formats[suffix] else "its suffix says no format to write; --format does"

    def _check_roots(self) -> None:
        root = self.target.root
        real_root = real_location(root)
        if self.target.is_local and os.path.lexists(root) and not os.path.isdir(root):  # noqa: PTH112
            raise ImageWriteError(f"{root} is not a folder", hint="the last argument is DST")
        for name in self.sources.folders():
            real = real_location(name)
            if real == real_root and self.template.keeps_names:
                if not self.in_place:
                    raise OutputExistsError(
                        f"{root} is the input itself", hint="--in-place writes over it"
                    )
            elif is_inside(real_root, real):
                raise ArgumentError(
                    f"{root} lies inside the input {name}: the next run would take outputs for "
                    "inputs",
                    hint="choose a folder outside of it",
                )

    def _inside_root(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Refuse folders below the output's that are links to elsewhere."""
        root = self.target.root
        real_root = os.path.realpath(root)
        checked: set[str] = set()
        for pair in pairs:
            folder = pair.target.rpartition("/")[0]
            if folder not in checked:
                checked.add(folder)
                path = f"{root}/{folder}" if folder else root
                if not is_inside(os.path.realpath(path), real_root):
                    raise ImageWriteError(
                        f"{path} is a link that leads out of {root}", hint="choose another folder"
                    )
            yield pair

    def _apart_from_inputs(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Refuse outputs that are inputs, but for those in place; a link there is left alone."""
        real_root = real_location(self.target.root).rstrip("/")
        roots = _RealRoots(real_root)
        inputs: set[str] = set()
        waiting: list[Pair] = []
        for pair in pairs:
            found = pair.source
            root = roots.of(found.root)
            if not root.overlaps:
                yield pair
                continue
            if root.real == real_root and pair.target == found.key:
                yield self._itself(pair)
                continue
            inputs.add(f"{root.real}/{found.key}")
            waiting.append(pair)
        for pair in waiting:
            yield self._checked(pair, f"{real_root}/{pair.target}", inputs, roots)

    def _checked(self, pair: Pair, output: str, inputs: set[str], roots: _RealRoots) -> Pair:
        found = pair.source
        if output not in inputs:
            return pair
        if output != f"{roots.of(found.root).real}/{found.key}":
            raise ArgumentError(
                f"the output of {found.path} would be another input, {output}",
                hint="choose a folder outside of the inputs",
            )
        return self._itself(pair)

    def _itself(self, pair: Pair) -> Pair:
        found = pair.source
        if not self.in_place:
            raise OutputExistsError(
                f"{found.path} is its own output", hint="--in-place writes over it"
            )
        if os.path.islink(found.path):  # noqa: PTH114
            found = found._replace(problem="a link, which --in-place leaves alone", skip=True)
        return pair._replace(source=found, in_place=True)


class _RealRoot(NamedTuple):
    real: str
    overlaps: bool


class _RealRoots:
    """Real locations of the inputs' folders, and whether they overlap with the outputs'."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._known: dict[str, _RealRoot] = {}

    def of(self, root: str) -> _RealRoot:
        """Return the location of a folder of inputs."""
        if root not in self._known:
            real = real_location(root).rstrip("/")
            overlaps = is_inside(real, self._target) or is_inside(self._target, real)
            self._known[root] = _RealRoot(real, overlaps)
        return self._known[root]
