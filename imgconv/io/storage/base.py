"""What every storage answers: a folder of files known by keys, wherever it is.

A key is a relative path with ``/``. What a run keeps of its own lies below the key ``.imgconv``:
the manifests, a lock, and outputs that are not complete yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from imgconv.io.images.formats import FORMATS
from imgconv.io.storage.files import Content, Identity, Stamp
from imgconv.model.errors import ImageReadError, ImageWriteError

STATE = ".imgconv"
NONCE = "nonce-"
"""Begins the name of a note by which workers of a cluster prove that they see the outputs."""
SUFFIXES = tuple(suffix for known in FORMATS for suffix in known.suffixes)


class ListedFile(NamedTuple):
    """An input of a listing.

    Attributes
    ----------
    root : str
        Folder or URL that the key is relative to.
    key : str
    size, mtime_ns : int
    version : str
        For a file behind a URL: an ETag or a time that changes with the content.
    problem : str
        Why it cannot be read, if that is known already.
    skip : bool
        Whether the problem is no failure, but a reason to leave the file alone.
    unlisted : bool
        Whether this is a folder that cannot be listed.
    """

    root: str
    key: str
    size: int = 0
    mtime_ns: int = 0
    version: str = ""
    problem: str = ""
    skip: bool = False
    unlisted: bool = False

    def unlisted_error(self) -> ImageReadError:
        """Return the error that this folder cannot be listed."""
        return ImageReadError(f"{self.path}: {self.problem}")

    @property
    def path(self) -> str:
        """Path or URL of the file."""
        return f"{self.root.rstrip('/')}/{self.key}"


class StagedOutput(NamedTuple):
    """An output that is not visible yet: the name of a temporary file, or its bytes.

    Attributes
    ----------
    stamp : Stamp
        That it will have under its key; a time of 0 where that is not known before.
    name : str
    data, mark : bytes
    """

    stamp: Stamp
    name: str = ""
    data: bytes = b""
    mark: bytes = b""


class OutputPlacement(NamedTuple):
    """A staged output and the key that it is to appear under.

    Attributes
    ----------
    key : str
    staged : StagedOutput
    replace : bool
        Whether it may replace what has this key.
    expected : Identity, optional
        Of the file that it replaces; another one is not replaced.
    in_place : bool
        Whether it replaces its own input.
    version, sha256 : str
        Of that input: as it was listed, where a service tells versions, and as it was read.
    """

    key: str
    staged: StagedOutput
    replace: bool = False
    expected: Identity | None = None
    in_place: bool = False
    version: str = ""
    sha256: str = ""


class InPlaceRules(NamedTuple):
    """How inputs are replaced.

    Attributes
    ----------
    backup : str
        Suffix of the name that the old file keeps; "" to remove it.
    hard_links : str
        ``refuse`` a file with hard links, ``split`` its name from the others, or ``keep`` them:
        then the content of the file is replaced, and all of its names show the new one.
    """

    backup: str = ""
    hard_links: str = "refuse"


class Digest(NamedTuple):
    """The SHA-256 of a file, and the identity that it had then, where there is one."""

    sha256: str
    identity: Identity | None = None


class Head(NamedTuple):
    """What is known of the end of a manifest.

    Attributes
    ----------
    sums : tuple of str
        Checksums one of which its last complete line has, or a line before that.
    lost : bool
        Whether rows were lost in the past.
    """

    sums: tuple[str, ...] = ()
    lost: bool = False


class RowLog(Protocol):
    """A manifest that rows are appended to."""

    def append(self, objects: Iterable[dict[str, Any]]) -> None:
        """Append rows; after `Storage.sync` they are durable."""

    def check(self) -> None:
        """Check that it is still there as it was written."""

    def close(self) -> None:
        """Close it."""


class Storage(Protocol):
    """A folder of files: inputs, or outputs with what a run keeps of its own.

    Attributes
    ----------
    root : str
        Path or URL.
    shard_suffix : str
        Ends the names of the manifests and the lock of a shard; "" for a run of everything.
    run_mark : str
        In the names of all manifests of this run, where other runs may write at the same time; ""
        where locks keep them out.
    is_local : bool
        Whether other processes of this machine reach the files by their paths.
    folds_names : bool
        Whether names that differ in case or Unicode form are taken for one, and a name cannot be a
        file and a folder.
    group_seconds : float
        How long rows gather before they are committed together.
    """

    root: str
    shard_suffix: str
    run_mark: str
    is_local: bool
    folds_names: bool
    group_seconds: float

    def path(self, key: str) -> str:
        """Return the path or URL of a key."""
        ...

    def listing(self) -> Iterator[ListedFile]:
        """List the pictures, by suffix, folder by folder."""
        ...

    def read(self, key: str) -> Content:
        """Read a file."""
        ...

    def stamp(self, key: str) -> Stamp | None:
        """Return the stamp of an output; None where there is no regular file."""
        ...

    def has(self, key: str) -> bool:
        """Return whether anything has this key now."""
        ...

    def had(self, key: str) -> bool:
        """Return whether anything had this key when its folder was first asked about."""
        ...

    def digest(self, key: str) -> Digest | None:
        """Return the hash of a file; None where it cannot be read."""
        ...

    def mark(self, key: str) -> bytes:
        """Return the mark of an output that was written in place; b"" where it has none."""
        ...

    def keeps_marks(self) -> bool:
        """Return whether outputs can have marks here."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Make the folders, remove what a killed run left, and keep other runs out meanwhile."""
        ...

    def undisturbed(self) -> AbstractContextManager[None]:
        """Keep runs out while manifests are read, and write nothing."""
        ...

    def stage(self, data: bytes, key: str, mark: bytes = b"") -> StagedOutput:
        """Write an output so that nobody sees it yet."""
        ...

    def discard(self, staged: StagedOutput) -> None:
        """Remove a staged output."""
        ...

    def sync(self, staged: Iterable[StagedOutput]) -> None:
        """Wait until staged outputs, logged rows and earlier names are durable."""
        ...

    def commit(self, placements: Sequence[OutputPlacement]) -> list[ImageWriteError | None]:
        """Make staged outputs appear under their keys; return for each why it did not."""
        ...

    def open_log(self, name: str, number: int) -> RowLog:
        """Open a manifest for appending rows with numbers after this one; it is made if need be."""
        ...

    def manifests(self) -> list[str]:
        """List the names of all manifests."""
        ...

    def read_lines(self, name: str) -> Iterator[bytes]:
        """Read the complete lines of a manifest."""
        ...

    def head(self, name: str) -> Head:
        """Return what is known of the end of a manifest."""
        ...

    def write_rows(
        self, name: str, rows: Iterable[tuple[int, dict[str, Any]]], *, lost: bool
    ) -> None:
        """Write a manifest of numbered rows so that it appears complete, or stays as it was."""
        ...

    def remove_manifest(self, name: str) -> None:
        """Remove a manifest, unless another run has written to it since it was read."""
        ...

    def write_note(self, name: str, text: str) -> None:
        """Write a small file beside the manifests."""
        ...

    def read_note(self, name: str) -> str:
        """Read it; "" where it is not there."""
        ...

    def remove_note(self, name: str) -> None:
        """Remove it, if it is there."""
        ...


def is_picture(key: str) -> bool:
    """Return whether a key has the suffix of a picture and no hidden part."""
    if not key.lower().endswith(SUFFIXES):
        return False
    if not key.startswith(".") and "/." not in key:
        return True
    return not any(part.startswith(".") and part not in (".", "..") for part in key.split("/"))
