"""A folder behind a URL that fsspec opens: an object store, SFTP and others."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from imgconv.io.storage import remote, remote_listing
from imgconv.io.storage.base import (
    NONCE,
    STATE,
    Digest,
    Head,
    InPlaceRules,
    ListedFile,
    OutputPlacement,
    StagedOutput,
    is_picture,
)
from imgconv.io.storage.files import Content, Stamp, changed_error
from imgconv.io.storage.listing import unlisted
from imgconv.io.storage.locations import Url
from imgconv.io.storage.manifest_log import Chain, changed_manifest_error
from imgconv.model.errors import ImageReadError, ImageWriteError

_PUTS_AT_ONCE = 16
_ROWS_OF_AN_OBJECT = 512
_OLD_SECONDS = 3600
_FORGOTTEN_SECONDS = 30 * 86400  # longer than a run that may still need its note
_BLOCK = 4 << 20


class UrlStorage:
    """A folder behind a URL (see `imgconv.io.storage.base.Storage`).

    Parameters
    ----------
    url : Url
    shard_suffix : str, default ""
    run_mark : str, optional
        Part of the names of all that this run writes for itself; default a new one.
    rules : InPlaceRules, optional
    """

    is_local = False
    group_seconds = 1.0

    def __init__(
        self,
        url: Url,
        shard_suffix: str = "",
        run_mark: str = "",
        rules: InPlaceRules | None = None,
    ) -> None:
        self.url = url
        self._rules = rules or InPlaceRules()
        self.run_mark = run_mark or os.urandom(6).hex()
        self.root = str(url).rstrip("/")
        self.shard_suffix = shard_suffix
        self.folds_names = not remote_listing.is_object_store(url)
        self._listed: tuple[str | None, dict[str, int]] = (None, {})
        self._read_bytes: dict[str, int] = {}  # of each manifest
        self._puts: ThreadPoolExecutor | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return UrlStorage, (self.url, self.shard_suffix, self.run_mark, self._rules)

    def __str__(self) -> str:
        return self.root

    @property
    def parts(self) -> Url:
        """Folder of what is not complete yet."""
        return self.url / STATE / "parts"

    def path(self, key: str) -> str:
        """Return the URL of a key."""
        return f"{self.root}/{key}"

    def listing(self) -> Iterator[ListedFile]:
        """List the pictures, folder by folder."""
        for found in remote_listing.listing(self.url):
            key = found.url.path[len(self.url.path.rstrip("/")) + 1 :]
            if found.problem:
                yield unlisted(self.root, key, found.problem)
            elif is_picture(key):
                yield ListedFile(self.root, key, found.size, version=found.version)

    def read(self, key: str) -> Content:
        """Read a file; of when it was written nothing is known."""
        data = remote.read_bytes(self.url / key)
        return Content(data, Stamp(len(data), 0))

    def stamp(self, key: str) -> Stamp | None:
        """Return the size of an output, as its folder was listed; None where there is none."""
        name = key.rpartition("/")[2]
        size = self._names(key).get(name)
        return None if size is None else Stamp(size, 0)

    def has(self, key: str) -> bool:
        """Return whether there is a file with this key now."""
        return remote.exists(self.url / key)

    def had(self, key: str) -> bool:
        """Return whether anything had this name when its folder was first asked about."""
        return key.rpartition("/")[2] in self._names(key)

    def _names(self, key: str) -> dict[str, int]:
        """List the folder of a key, once as long as keys come folder by folder."""
        folder = key[: key.rfind("/") + 1]
        if folder != self._listed[0]:
            self._listed = folder, remote_listing.list_names(self.url, folder)
        return self._listed[1]

    def digest(self, key: str) -> Digest | None:
        """Return the hash of a file; None where there is none."""
        if not self.has(key):
            return None
        return Digest(hashlib.sha256(remote.read_bytes(self.url / key)).hexdigest())

    def mark(self, key: str) -> bytes:
        """Return the mark of an output that was written in place; b"" where it has none."""
        return remote.mark_of(self.url / key)

    def keeps_marks(self) -> bool:
        """Return whether the service keeps marks: S3 does, as metadata of an object."""
        return remote.keeps_marks(self.url)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Do nothing: a manifest behind a URL is read as it is at one time."""
        yield

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Remove what runs left that were killed long ago, and write with many threads meanwhile.

        There is no lock: two runs do no harm to each other. Each writes manifests of its own, and
        of two that make one output the second finds the same bytes.
        """
        if self.folds_names:
            for folder in (self.parts, self.url / STATE):
                remote.remove_old(folder, _OLD_SECONDS)
        remote.remove_old(self.url / STATE, _FORGOTTEN_SECONDS, NONCE, "")
        with ThreadPoolExecutor(_PUTS_AT_ONCE) as self._puts:
            yield
        self._puts = None

    def stage(self, data: bytes, key: str, mark: bytes = b"") -> StagedOutput:
        """Keep an output in memory: what is put into a service appears at once."""
        del key
        return StagedOutput(Stamp(len(data), 0), data=data, mark=mark)

    def discard(self, staged: StagedOutput) -> None:
        """Forget a staged output."""

    def sync(self, staged: Iterable[StagedOutput]) -> None:
        """Do nothing: a put ends when the service has made it durable."""

    def commit(self, placements: Sequence[OutputPlacement]) -> list[ImageWriteError | None]:
        """Put outputs, many at a time; return for each why it was not possible."""
        if self._puts is None:
            return [self._commit(placement) for placement in placements]
        return list(self._puts.map(self._commit, placements))

    def _commit(self, placement: OutputPlacement) -> ImageWriteError | None:
        url, data = self.url / placement.key, placement.staged.data
        try:
            match = self._check_input(placement) if placement.in_place else ""
            remote.write_whole(
                url,
                data,
                overwrite=placement.replace,
                aside=self.parts,
                match=match,
                mark=placement.staged.mark,
            )
        except ImageWriteError as error:
            return error
        except ImageReadError as error:
            return ImageWriteError(error.message, error.hint)
        return None

    def _check_input(self, placement: OutputPlacement) -> str:
        """Check that an input is what was read, and keep a copy of it if that is wanted.

        Returns
        -------
        str
            Its version, where a service tells versions.

        Raises
        ------
        ImageWriteError
            When somebody changed it meanwhile, or the name of the copy is taken.
        """
        url = self.url / placement.key
        version = remote.version_of(url)
        if version and placement.version and remote_listing.is_object_store(url):
            same = version == placement.version
        else:
            same = hashlib.sha256(remote.read_bytes(url)).hexdigest() == placement.sha256
        if not same:
            raise changed_error(placement.key)
        if self._rules.backup:
            backup = self.url / f"{placement.key}{self._rules.backup}"
            remote.write_whole(backup, remote.read_bytes(url), aside=self.parts)
        return version

    def open_log(self, name: str, number: int) -> UrlLog:
        """Open a manifest for appending; each log has objects of its own."""
        return UrlLog(self, name, number)

    def manifests(self) -> list[str]:
        """List the names of all manifests."""
        names = remote_listing.list_names(self.url / STATE)
        return sorted(n for n in names if n.startswith("manifest") and n.endswith(".jsonl"))

    def read_lines(self, name: str) -> Iterator[bytes]:
        """Read the complete lines of a manifest."""
        data = remote.read_bytes(self.url / STATE / name)
        self._read_bytes[name] = len(data)
        yield from (line for line in data.splitlines(keepends=True) if line.endswith(b"\n"))

    def head(self, name: str) -> Head:
        """Return that nothing is known: an object is there as it was put, or not at all."""
        del name
        return Head()

    def write_rows(
        self, name: str, rows: Iterable[tuple[int, dict[str, Any]]], *, lost: bool
    ) -> None:
        """Write a manifest so that it appears complete, or stays as it was."""
        del lost
        chain = Chain()
        lines = (chain.line(data, number) for number, data in rows)
        remote.write_stream(self.url / STATE / name, _blocks(lines), self.parts)

    def write_own(self, name: str, data: bytes) -> None:
        """Write a file of the run's own, in place of one that is there."""
        remote.write_whole(self.url / STATE / name, data, overwrite=True, aside=self.parts)

    def write_note(self, name: str, text: str) -> None:
        """Write a small file beside the manifests."""
        self.write_own(name, text.encode())

    def read_note(self, name: str) -> str:
        """Read it; "" where it is not there."""
        if not remote.exists(self.url / STATE / name):
            return ""
        return remote.read_bytes(self.url / STATE / name, 1 << 10).decode("utf-8", "replace")

    def remove_note(self, name: str) -> None:
        """Remove it, if it is there."""
        remote.remove(self.url / STATE / name)

    def remove_manifest(self, name: str) -> None:
        """Remove a manifest, unless another run has written rows to it since it was read."""
        url = self.url / STATE / name
        if self.run_mark in name or remote.size_of(url) == self._read_bytes.get(name):
            remote.remove(url)


class UrlLog:
    """A manifest behind a URL: objects that are written again with each row, up to a size.

    Parameters
    ----------
    storage : UrlStorage
    name : str
        ``manifest.jsonl``; its objects are called ``manifest-RUN-MARK-NUMBER.jsonl``.
    number : int
        Greatest number of any row so far.
    """

    def __init__(self, storage: UrlStorage, name: str, number: int) -> None:
        self._storage = storage
        self._stem = f"{name.removesuffix('.jsonl')}-{storage.run_mark}-{os.urandom(6).hex()}"
        self._objects = 0
        self._sizes: dict[str, int] = {}
        self._chain = Chain(number=number)
        self._lines: list[bytes] = []

    def append(self, objects: Iterable[dict[str, Any]]) -> None:
        """Write rows, which are durable then.

        Raises
        ------
        ImageWriteError
            When they cannot be written.
        """
        rows = list(objects)
        if not rows:
            return
        if len(self._lines) + len(rows) > _ROWS_OF_AN_OBJECT:
            self._objects, self._lines = self._objects + 1, []
            self._chain = Chain(number=self._chain.number)
        chain = Chain(self._chain.last, self._chain.number)
        lines = [*self._lines, *map(chain.line, rows)]
        name, data = f"{self._stem}-{self._objects:05}.jsonl", b"".join(lines)
        self._storage.write_own(name, data)
        self._lines, self._chain, self._sizes[name] = lines, chain, len(data)

    def check(self) -> None:
        """Check that its objects are there, with the sizes that were written.

        Raises
        ------
        ManifestChangedError
            When one is not.
        ImageReadError
            When the service cannot say.
        """
        there = remote_listing.list_names(self._storage.url / STATE) if self._sizes else {}
        for name, size in self._sizes.items():
            if there.get(name) != size:
                what = "was changed" if name in there else "was removed"
                raise changed_manifest_error(f"{self._storage.root}/{STATE}/{name} {what}")

    def close(self) -> None:
        """Do nothing: all rows are written."""


def _blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines to blocks that a service takes at once."""
    waiting, size = [], 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= _BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
