"""Where a spread run reads and writes: a folder or a URL, its files known by keys.

A key is a relative path with ``/``. A store is a plain value, so that it travels to other machines,
which see the same files under it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from imgconv.io.images.formats import FORMATS
from imgconv.io.storage import files, listing, remote
from imgconv.io.storage.locations import Url, parse_place
from imgconv.io.storage.names import sync_folders
from imgconv.io.storage.output_tree import STATE, OutputTree
from imgconv.model.errors import ArgumentError, ImageReadError, ImageWriteError

_SUFFIXES = tuple(suffix for known in FORMATS for suffix in known.suffixes)


class Item(NamedTuple):
    """A picture of a listing.

    Attributes
    ----------
    key : str
    size : int
        In bytes.
    version : str
        Changes with the content.
    problem : str
        Why it cannot be read, if that is known already.
    """

    key: str
    size: int
    version: str
    problem: str = ""


class Store(Protocol):
    """A folder of files, wherever it is."""

    def listing(self) -> Iterator[Item]:
        """Return the pictures, by suffix, folder by folder."""
        ...

    def state(self) -> Iterator[str]:
        """Return the keys of what earlier runs keep of their own."""
        ...

    def read(self, key: str) -> bytes:
        """Read a file."""
        ...

    def version(self, key: str) -> str:
        """Return the version of a file that was just written; "" where that is not known."""
        ...

    def write(self, key: str, data: bytes, *, replace: bool) -> None:
        """Write a file whole or not at all."""
        ...

    def remove(self, key: str) -> None:
        """Remove a file of our own."""
        ...


class FolderStore(NamedTuple):
    """A folder of this machine, or one that every machine of a cluster sees.

    Attributes
    ----------
    root : str
    share : str
        Which part of the work a run does that writes here (see `OutputTree`).
    """

    root: str
    share: str = ""

    def __str__(self) -> str:
        return self.root

    def listing(self) -> Iterator[Item]:
        """Return the pictures (see `Store`)."""
        if not Path(self.root).is_dir():
            raise ImageReadError(f"{self.root} is not a folder")
        for found in listing.walk(self.root):
            if not found.skip:
                yield Item(found.key, found.size, str(found.mtime_ns), found.problem)

    def state(self) -> Iterator[str]:
        """Return the keys of earlier runs' files (see `Store`)."""
        folder = Path(self.root, STATE)
        if folder.is_dir():
            yield from sorted(f"{STATE}/{path.name}" for path in folder.iterdir())

    def read(self, key: str) -> bytes:
        """Read a file (see `Store`)."""
        return files.read_stamped(self._path(key))[0]

    def version(self, key: str) -> str:
        """Return a version (see `Store`)."""
        stamp = files.stamp_of(self._path(key))
        return "" if stamp is None else str(stamp.mtime_ns)

    def write(self, key: str, data: bytes, *, replace: bool) -> None:
        """Write a file (see `Store`)."""
        tree = OutputTree(self.root, self.share)
        try:
            tree.make()
        except OSError as error:
            raise ImageWriteError(f"{self.root}: {files.reason(error)}") from None
        name, _ = tree.stage(data, key, durable=True)
        try:
            tree.commit(name, key, replace=replace)
        except BaseException:
            tree.discard(name)
            raise
        sync_folders([self._path(key).parent])

    def remove(self, key: str) -> None:
        """Remove a file (see `Store`)."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return Path(self.root, key)


class UrlStore(NamedTuple):
    """A folder behind a URL."""

    url: Url

    def __str__(self) -> str:
        return str(self.url)

    def listing(self) -> Iterator[Item]:
        """Return the pictures (see `Store`)."""
        for found, key in self._listed(self.url):
            hidden = any(part.startswith(".") for part in key.split("/"))
            if not hidden and key.lower().endswith(_SUFFIXES):
                yield Item(key, found.size, found.version)

    def state(self) -> Iterator[str]:
        """Return the keys of earlier runs' files (see `Store`)."""
        try:
            for _, key in self._listed(self.url / STATE):
                yield f"{STATE}/{key}"
        except ImageReadError:  # there is none yet
            return

    def _listed(self, base: Url) -> Iterator[tuple[remote.Found, str]]:
        for found in remote.listing(base):
            yield found, found.url.path[len(base.path) :].lstrip("/")

    def read(self, key: str) -> bytes:
        """Read a file (see `Store`)."""
        return remote.read_bytes(self.url / key)

    def version(self, key: str) -> str:
        """Return a version (see `Store`): not known without asking again."""
        del key
        return ""

    def write(self, key: str, data: bytes, *, replace: bool) -> None:
        """Write a file (see `Store`)."""
        remote.write_whole(self.url / key, data, overwrite=replace)

    def remove(self, key: str) -> None:
        """Remove a file (see `Store`)."""
        remote.remove(self.url / key)


def open_store(place: str | os.PathLike[str], share: str = "") -> FolderStore | UrlStore:
    """Return the store at a path or a URL, for a run that does a share of the work.

    Raises
    ------
    ArgumentError
        For a URL with a query, which names one file and no folder.
    """
    found = parse_place(os.fspath(place))
    if isinstance(found, Path):
        return FolderStore(str(found), share)
    if found.query:
        raise ArgumentError(f"{found}: a URL with ?... is no folder")
    return UrlStore(found)


def is_below(place: Store, folder: Store) -> bool:
    """Return whether a store lies in another one, or is it."""
    if isinstance(place, FolderStore) and isinstance(folder, FolderStore):
        return listing.is_inside(os.path.realpath(place.root), os.path.realpath(folder.root))
    return listing.is_inside(str(place).rstrip("/"), str(folder).rstrip("/"))


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()
