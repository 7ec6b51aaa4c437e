"""The storage that a text names: a path of this machine, or a URL."""

from __future__ import annotations

import os
from pathlib import Path

from imgconv.io.storage.base import InPlaceRules, Storage
from imgconv.io.storage.files import Content, read_content
from imgconv.io.storage.local import LocalStorage
from imgconv.io.storage.locations import Url, is_url, parse_place
from imgconv.model.errors import ArgumentError
from imgconv.system.paths import comparable

_LOCAL_SCHEMES = ("file", "local")


def open_storage(
    place: str | os.PathLike[str], shard_suffix: str = "", rules: InPlaceRules | None = None
) -> Storage:
    """Return the storage at a path or a URL.

    Raises
    ------
    ArgumentError
        For a URL with a query, which names one file and no folder.
    """
    found = parse_place(os.fspath(place))
    if isinstance(found, Path):
        return LocalStorage(os.fspath(place), shard_suffix, rules)
    if found.query:
        raise ArgumentError(f"{found}: a URL with a query (?...) names a file, not a folder")
    from imgconv.io.storage.url import UrlStorage

    return UrlStorage(found, shard_suffix, rules=rules)


def read_location(text: str) -> Content:
    """Read the file at a path or a URL.

    Raises
    ------
    ImageReadError
        When it cannot be read.
    """
    if not is_url(text):
        return read_content(text)
    place = parse_place(text)
    assert isinstance(place, Url)
    from imgconv.io.storage import remote
    from imgconv.io.storage.files import Stamp

    data = remote.read_bytes(place)
    return Content(data, Stamp(len(data), 0))


def real_location(text: str) -> str:
    """Return one text for every name of a place: links are followed, ``file://`` is a path."""
    place = parse_place(text)
    if isinstance(place, Path):
        return comparable(os.path.realpath(text))
    if place.scheme in _LOCAL_SCHEMES:
        return comparable(os.path.realpath(place.path))
    return str(place).rstrip("/")
