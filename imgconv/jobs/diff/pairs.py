"""Which picture of one folder is compared with which of another."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from imgconv.io.storage.base import SUFFIXES, ListedFile
from imgconv.io.storage.locations import Place, Url, parse_place
from imgconv.model.errors import ArgumentError, ImageReadError, NothingMatchedError

_MOST_COMPARED = 1 << 28
"""Bytes of a file above which it is not looked up whether a missing one was renamed."""


class PicturePair(NamedTuple):
    """Two pictures, or the one of them that is there.

    Attributes
    ----------
    name : str
        The path in both folders, or that of the file.
    a, b : Path, Url or None
    problem : str
        Why the two are not compared, in words.
    unreadable : bool
        Whether that is because a side cannot be read, and not because one is missing.
    """

    name: str
    a: Place | None
    b: Place | None
    problem: str = ""
    unreadable: bool = False


def pair_paths(a: Place, b: Place) -> list[PicturePair]:
    """Pair two files, or the pictures of two folders and their subfolders by relative path.

    A URL names a file where it has a query or the suffix of a picture, else a folder.

    Raises
    ------
    ImageReadError
        When a side is not there, or a folder cannot be read.
    ArgumentError
        When one side is a file and the other a folder.
    NothingMatchedError
        When both folders have no picture.
    """
    for path in (a, b):
        if isinstance(path, Path) and not os.path.lexists(path):
            raise ImageReadError(f"{path}: no such file or folder")
    if is_folder(a) != is_folder(b):
        folder, file = (a, b) if is_folder(a) else (b, a)
        raise ArgumentError(
            f"{folder} is a folder and {file} is not",
            hint=f"compare two files: {folder / file.name}",
        )
    if not is_folder(a):
        return [PicturePair(b.name, a, b)]
    found_a, found_b = ({one.key: one for one in _listed(side)} for side in (a, b))
    if not found_a and not found_b:
        raise NothingMatchedError(f"there is no picture in {a} and none in {b}")
    return [_pair(key, found_a, found_b) for key in sorted(found_a.keys() | found_b.keys())]


def is_folder(place: Place) -> bool:
    """Return whether a place is a folder; of a URL its suffix says so."""
    if isinstance(place, Path):
        return place.is_dir()
    return not place.query and not place.name.lower().endswith(SUFFIXES)


def _listed(folder: Place) -> Iterator[ListedFile]:
    if isinstance(folder, Url):
        from imgconv.io.storage.opening import open_storage

        return open_storage(folder.text).listing()
    from imgconv.io.storage import listing

    return listing.walk(str(folder))


def _pair(key: str, in_a: Mapping[str, ListedFile], in_b: Mapping[str, ListedFile]) -> PicturePair:
    one, other = in_a.get(key), in_b.get(key)
    a, b = (parse_place(found.path) if found else None for found in (one, other))
    for found in filter(None, (one, other)):
        if found.problem:
            return PicturePair(key, a, b, f"{found.path}: {found.problem}", unreadable=True)
    if one is not None and other is None:
        return PicturePair(key, a, b, f"B has no such file{_elsewhere(one, in_b, in_a, 'B')}")
    if other is not None and one is None:
        return PicturePair(key, a, b, f"A has no such file{_elsewhere(other, in_a, in_b, 'A')}")
    return PicturePair(key, a, b)


def _elsewhere(
    found: ListedFile, others: Mapping[str, ListedFile], own: Mapping[str, ListedFile], side: str
) -> str:
    """Describe under which other name the other folder has a file, if that can be told."""
    free = [other for key, other in others.items() if key not in own]
    for other in free:
        if _folded(other.key) == _folded(found.key):
            return f"; {side} has {other.key}, which differs in capitals or accents only"
    renamed = _same_bytes(found, free)
    return f"; {side} has the same bytes as {renamed}" if renamed else ""


def _folded(key: str) -> str:
    return unicodedata.normalize("NFC", key).casefold()


def _same_bytes(found: ListedFile, others: Iterable[ListedFile]) -> str | None:
    alike = [other for other in others if other.size == found.size and not other.problem]
    if not alike or found.size > _MOST_COMPARED:
        return None
    from imgconv.io.storage.opening import read_location

    try:
        data = read_location(found.path).data
        return next((o.key for o in alike if read_location(o.path).data == data), None)
    except ImageReadError:
        return None
