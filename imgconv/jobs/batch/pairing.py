"""The plan: which input becomes which output, and everything that forbids it, before any write."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

from imgconv.io.images.formats import format_for
from imgconv.io.storage import listing
from imgconv.io.storage.listing import Found, is_inside
from imgconv.jobs.batch.naming import NameTemplate
from imgconv.model.errors import (
    ArgumentError,
    ImageWriteError,
    NothingMatchedError,
    OutputExistsError,
)


class Pair(NamedTuple):
    """An input, the key of its output, and whether that is the input itself."""

    source: Found
    target: str
    in_place: bool = False


class Shard(NamedTuple):
    """One of `of` parts of the work, from 1; a file's key alone says in which it is.

    Examples
    --------
    >>> Shard.parse("2/4")
    Shard(number=2, of=4)
    """

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``i/N``.

        Raises
        ------
        ArgumentError
            When it is not that.
        """
        try:
            number, count = (int(part) for part in text.split("/"))
        except ValueError:
            number, count = 0, 0
        if not 1 <= number <= count:
            raise ArgumentError(f"shard {text!r} is not one of N", hint="write 1/4, 2/4, 3/4, 4/4")
        return cls(number, count)

    def __str__(self) -> str:
        return "" if self.of == 1 else f"-{self.number}-of-{self.of}"

    def has(self, key: str) -> bool:
        """Return whether a key falls into this part."""
        if self.of == 1:
            return True
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


class Sources(NamedTuple):
    """Where inputs come from.

    Attributes
    ----------
    names : sequence of str
        Files, folders and patterns.
    listed : iterable of str
        Files by paths that are mirrored as they stand, an absolute one without its first ``/``.
    recursive : bool
        Whether folders may stand among the names.
    """

    names: Sequence[str] = ()
    listed: Iterable[str] = ()
    recursive: bool = False


def make_plan(
    sources: Sources, root: str, template: NameTemplate, format: str | None, *, in_place: bool
) -> list[Pair]:
    """Pair every input with its output.

    Raises
    ------
    ArgumentError
        When outputs collide, also on systems that do not tell letters by case or Unicode form, or
        would lie among the inputs.
    OutputExistsError
        When an output is its input, and `in_place` is not given.
    ImageWriteError
        When a link in the output tree leads out of it.
    NothingMatchedError
        When there is no input.
    """
    _check_roots(sources, root, template, in_place=in_place)
    format_for(format or "png", None)  # an unknown name is the user's error, not a file's
    kinds: dict[str, str] = {}
    pairs = []
    for found in _inputs(sources):
        folder, _, name = found.key.rpartition("/")
        target = template.name(name)
        if target == name:
            target = found.key
        elif folder:
            target = f"{folder}/{target}"
        pairs.append(Pair(_with_format(found, target, format, kinds), target))
    if not pairs:
        raise NothingMatchedError(
            "no pictures were found", hint="folders are searched with -r, by the usual suffixes"
        )
    _check_collisions(pairs)
    _check_links(pairs, root)
    return _apart_from_inputs(pairs, root, in_place=in_place)


def _inputs(sources: Sources) -> Iterator[Found]:
    for name in sources.names:
        if os.path.isdir(name):  # noqa: PTH112
            yield from listing.walk(name)
        elif listing.is_glob(name):
            yield from listing.matched(name)
        else:
            folder, _, key = name.rpartition("/")
            yield listing.one(folder or ("/" if name.startswith("/") else "."), key)
    for name in sources.listed:
        key = os.path.normpath(name)
        if key.startswith("../"):
            raise ArgumentError(
                f"{name} leads out of this folder, so it has no place in the output's",
                hint="list paths from a folder above, or absolute ones",
            )
        absolute = key.startswith("/")
        yield listing.one("/" if absolute else ".", key.lstrip("/") if absolute else key)


def _with_format(found: Found, target: str, format: str | None, kinds: dict[str, str]) -> Found:
    """Note it when the output's name says no format."""
    if format or found.problem:
        return found
    suffix = target[target.rfind(".") :]
    if suffix not in kinds:
        try:
            kinds[suffix] = format_for(None, PurePath(target)).name
        except ImageWriteError:
            kinds[suffix] = ""
    if kinds[suffix]:
        return found
    return found._replace(problem="its suffix says no format to write; --format does")


def _check_roots(sources: Sources, root: str, template: NameTemplate, *, in_place: bool) -> None:
    real_root = os.path.realpath(root)
    if os.path.lexists(root) and not os.path.isdir(root):  # noqa: PTH112
        raise ImageWriteError(f"{root} is not a folder", hint="the last argument is the folder DST")
    for name in sources.names:
        if not os.path.isdir(name):  # noqa: PTH112
            continue
        if not sources.recursive:
            raise ArgumentError(f"{name} is a folder", hint="-r takes what is in folders")
        real = os.path.realpath(name)
        if real == real_root and template.keeps_names:
            if not in_place:
                raise OutputExistsError(
                    f"{root} is the input itself", hint="--in-place writes over it"
                )
        elif is_inside(real_root, real):
            raise ArgumentError(
                f"{root} lies inside the input {name}: the next run would take outputs for inputs",
                hint="choose a folder outside of it",
            )


def _check_collisions(pairs: list[Pair]) -> None:
    """Refuse outputs that some system would take for one, and files where a folder must be."""
    seen: set[int] = set()
    folders: dict[str, int] = {}
    for pair in pairs:
        folder = pair.target.rpartition("/")[0]
        while folder and folder not in folders:
            folders[folder] = hash(_folded(folder))
            folder = folder.rpartition("/")[0]
    above = set(folders.values())
    clashing: set[int] = set()
    for pair in pairs:
        mark = hash(_folded(pair.target))
        if mark in seen or mark in above:
            clashing.add(mark)
        seen.add(mark)
    if clashing:
        raise _collision(pairs, clashing)


def _collision(pairs: list[Pair], clashing: set[int]) -> ArgumentError:
    groups: dict[str, list[str]] = {}
    for pair in pairs:
        folded = _folded(pair.target)
        if hash(folded) in clashing:
            groups.setdefault(folded, []).append(pair.source.path)
    folded, inputs = next(iter(groups.items()))
    more = f", and {len(groups) - 1} more" if len(groups) > 1 else ""
    if len(inputs) == 1:
        return ArgumentError(
            f"the output of {inputs[0]} has the name of a folder of outputs{more}",
            hint="give them different names: --name",
        )
    return ArgumentError(
        f"{inputs[0]} and {inputs[1]} would have one output, {folded}{more} "
        "(letters that differ in case or Unicode form are one on some systems)",
        hint="run them apart into different folders, or tell them by --name '{stem}_{kernel}{ext}'",
    )


def _folded(key: str) -> str:
    """Return a key without what some file systems do not tell apart."""
    if key.isascii():
        return key.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", key).casefold())


def _check_links(pairs: list[Pair], root: str) -> None:
    """Refuse folders below the output's that are links to elsewhere."""
    real_root = os.path.realpath(root)
    for folder in {pair.target.rpartition("/")[0] for pair in pairs}:
        path = f"{root}/{folder}" if folder else root
        if not is_inside(os.path.realpath(path), real_root):
            raise ImageWriteError(
                f"{path} is a link that leads out of {root}", hint="choose another folder"
            )


def _apart_from_inputs(pairs: list[Pair], root: str, *, in_place: bool) -> list[Pair]:
    """Refuse outputs that are inputs, but for those in place; a link there is left alone."""
    real_root = os.path.realpath(root)
    roots = {name: os.path.realpath(name) for name in {pair.source.root for pair in pairs}}
    if not any(is_inside(a, real_root) or is_inside(real_root, a) for a in roots.values()):
        return pairs
    inputs = {f"{roots[pair.source.root].rstrip('/')}/{pair.source.key}" for pair in pairs}
    checked = []
    for pair in pairs:
        output = f"{real_root.rstrip('/')}/{pair.target}"
        found, itself = pair.source, output in inputs
        if itself:
            if output != f"{roots[found.root].rstrip('/')}/{found.key}":
                raise ArgumentError(
                    f"the output of {found.path} would be another input, {output}",
                    hint="choose a folder outside of the inputs",
                )
            if not in_place:
                raise OutputExistsError(
                    f"{found.path} is its own output", hint="--in-place writes over it"
                )
            if os.path.islink(found.path):  # noqa: PTH114
                found = found._replace(problem="a link, which --in-place leaves alone", skip=True)
        checked.append(Pair(found, pair.target, itself))
    return checked
