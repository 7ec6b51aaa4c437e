"""List the inputs: folders, files and patterns of this machine, and URLs."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from imgconv.io.storage import listing
from imgconv.io.storage.base import SUFFIXES, ListedFile
from imgconv.io.storage.locations import is_url, parse_place
from imgconv.io.storage.opening import open_storage
from imgconv.model.errors import ArgumentError, ImageReadError
from imgconv.system.paths import as_key, mirrored, split


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where inputs come from.

    Attributes
    ----------
    names : tuple of str
        Files, folders, patterns and URLs.
    listed : tuple of str
        Files by paths that are mirrored as they stand, an absolute one without its first ``/``.
    recursive : bool
        Whether the subfolders of local folders are included.
    exclude : tuple of str
        Patterns of what is left out: of a key with ``/``, else of the name of a file or a folder.
    """

    names: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    recursive: bool = False
    exclude: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether all inputs are files of this machine."""
        return not any(map(is_url, (*self.names, *self.listed)))

    def folders(self) -> list[str]:
        """Return the names that are folders, or URLs, which may be."""
        return [name for name in self.names if is_url(name) or os.path.isdir(name)]  # noqa: PTH112


def check_there(sources: Sources) -> None:
    """Check that something of this machine is there, before anything is made.

    Raises
    ------
    ImageReadError
        When no source is there.
    """
    named = [name for name in sources.names if not (is_url(name) or listing.is_glob(name))]
    if sources.listed or len(named) < len(sources.names):
        return
    if named and not any(map(os.path.lexists, named)):
        raise ImageReadError(f"{named[0]}: no such file or folder")


def list_inputs(sources: Sources) -> Iterator[ListedFile]:
    """List the inputs that are not excluded, in an order that does not change.

    Raises
    ------
    ArgumentError
        For a listed path that leads out of the working folder.
    ImageReadError
        When a folder cannot be listed.
    """
    for found in _all_inputs(sources):
        if not sources.exclude or not _is_excluded(found.key, sources.exclude):
            yield found


def _is_excluded(key: str, patterns: tuple[str, ...]) -> bool:
    """Return whether a pattern fits a key, or one without ``/`` any part of it.

    Examples
    --------
    >>> [_is_excluded("raw/a.png", (p,)) for p in ("raw", "*.png", "raw/*", "a", "*/b.png")]
    [True, True, True, False, False]
    """
    parts = key.split("/")
    for pattern in map(as_key, patterns):
        if "/" in pattern.rstrip("/"):
            if _pattern(pattern.strip("/")).fullmatch(key):
                return True
        elif any(fnmatch.fnmatchcase(part, pattern.rstrip("/")) for part in parts):
            return True
    return False


def _all_inputs(sources: Sources) -> Iterator[ListedFile]:
    for name in sources.names:
        if is_url(name):
            yield from _behind_url(name)
        elif os.path.isdir(name):  # noqa: PTH112
            inside = listing.walk(name)  # the files of the folder itself come first
            all_of_it = sources.recursive
            yield from inside if all_of_it else takewhile(lambda one: "/" not in one.key, inside)
        elif listing.is_glob(name):
            yield from listing.matched(name)
        else:
            yield listing.one(*split(name))
    for name in sources.listed:
        yield _listed_file(name)


def _listed_file(name: str) -> ListedFile:
    if is_url(name):
        url = parse_place(name)
        return ListedFile(f"{url.scheme}://{url.host}", url.path.lstrip("/"))  # type: ignore[union-attr]
    place = mirrored(name)
    if place is None:
        raise ArgumentError(
            f"{name} is outside the working folder, so it has no place below DST",
            hint="list paths from a folder above, or absolute ones",
        )
    return listing.one(*place)


def _behind_url(name: str) -> Iterator[ListedFile]:
    """List a folder, the files that a pattern matches, or a file."""
    fixed = re.match(r"[^*\[]*", name)
    assert fixed is not None
    if fixed[0] != name:
        folder = fixed[0].rpartition("/")[0]
        wanted = _pattern(name[len(folder) + 1 :])
        yield from (
            found for found in open_storage(folder).listing() if wanted.fullmatch(found.key)
        )
        return
    if name.lower().endswith(SUFFIXES):
        from imgconv.io.storage import remote

        url = parse_place(name)
        folder, _, key = name.rpartition("/")
        if remote.exists(url):  # type: ignore[arg-type]
            names = remote.list_names(parse_place(folder))  # type: ignore[arg-type]
            yield ListedFile(folder, key, names.get(key, 0))
            return
    yield from open_storage(name).listing()


def _pattern(text: str) -> re.Pattern[str]:
    """Return the expression of a pattern: ``*`` stays in a folder, ``**/`` is any folders."""
    parts = []
    for part in text.split("/"):
        if part == "**":
            parts.append("(?:[^/]+/)*")
        else:
            translated = fnmatch.translate(part).removeprefix("(?s:").removesuffix(r")\Z")
            parts.append(translated.removesuffix(r")\z").replace(".*", "[^/]*") + "/")
    return re.compile("".join(parts).removesuffix("/"), re.DOTALL)
