"""A folder of this machine, or one that every machine of a cluster sees under the same path."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from imgconv.io.storage import files, listing, locks, manifest_log
from imgconv.io.storage.base import (
    Digest,
    Head,
    InPlaceRules,
    ListedFile,
    OutputPlacement,
    StagedOutput,
)
from imgconv.io.storage.files import Content, Identity, Stamp, reason
from imgconv.io.storage.manifest_log import ManifestLog
from imgconv.io.storage.places import MARK, OutputFolders, place
from imgconv.io.storage.state import StateFolder
from imgconv.io.storage.write_through import finish_killed_writes
from imgconv.model.errors import ImageReadError, ImageWriteError
from imgconv.system import durable
from imgconv.system.attributes import keeps_attributes, read_attribute, write_attribute
from imgconv.system.folder import Folder


class LocalStorage:
    """A local folder (see `imgconv.io.storage.base.Storage`).

    Parameters
    ----------
    root : str
    shard_suffix : str, default ""
        Of the shard that this run does; runs of different shards may go on at a time.
    rules : InPlaceRules, optional
    """

    is_local = True
    run_mark = ""
    folds_names = True
    group_seconds = 0.1

    def __init__(
        self, root: str, shard_suffix: str = "", rules: InPlaceRules | None = None
    ) -> None:
        self.root = root
        self.shard_suffix = shard_suffix
        self.state = StateFolder(root)
        self._rules = rules or InPlaceRules()
        self._places = OutputFolders(root)
        self._logs: set[str] = set()
        self._listed: tuple[str | None, frozenset[str]] = (None, frozenset())

    def __reduce__(self) -> tuple[Any, ...]:
        return LocalStorage, (self.root, self.shard_suffix, self._rules)

    def __str__(self) -> str:
        return self.root

    @property
    def _parts_name(self) -> str:
        return f"parts{self.shard_suffix}"

    @property
    def _parts(self) -> str:
        return f"{self.state.path}/{self._parts_name}"

    def path(self, key: str) -> str:
        """Return the path of a key."""
        return f"{self.root}/{key}"

    def listing(self) -> Iterator[ListedFile]:
        """List the pictures (see `listing.walk`)."""
        if not os.path.isdir(self.root):  # noqa: PTH112
            raise ImageReadError(f"{self.root} is not a folder")
        return listing.walk(self.root)

    def read(self, key: str) -> Content:
        """Read a file."""
        return files.read_content(self.path(key))

    def stamp(self, key: str) -> Stamp | None:
        """Return the stamp of an output; None where there is no regular file."""
        return files.stamp_of(self.path(key))

    def has(self, key: str) -> bool:
        """Return whether anything has this name now."""
        return os.path.lexists(self.path(key))

    def had(self, key: str) -> bool:
        """Return whether anything had this name when its folder was first asked about.

        A folder is listed once: to look a name up in one that is being written into takes long.
        """
        folder, _, name = key.rpartition("/")
        if folder != self._listed[0]:
            try:
                names = frozenset(os.listdir(self.path(folder)))  # noqa: PTH208
            except OSError:
                names = frozenset()
            self._listed = folder, names
        return name in self._listed[1]

    def digest(self, key: str) -> Digest | None:
        """Return the hash of a regular file; None where it cannot be read."""
        try:
            with files.open_regular(self.path(key)) as file:
                identity = Identity.of(os.fstat(file.fileno()))
                return Digest(hashlib.file_digest(file, "sha256").hexdigest(), identity)
        except (OSError, ValueError):
            return None

    def mark(self, key: str) -> bytes:
        """Return the mark of an output that was written in place; b"" where it has none."""
        return read_attribute(self.path(key), MARK)

    def keeps_marks(self) -> bool:
        """Return whether the file system keeps extended attributes."""
        return keeps_attributes(self.root, f"{MARK}.try")

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Make the folders, remove what a killed run left, and keep other runs out meanwhile.

        Raises
        ------
        ImageWriteError
            When the folder cannot be made or written, or another run is at work in it.
        """
        with contextlib.ExitStack() as held:
            try:
                self.state.make()
                held.enter_context(locks.locked(self.state, self.shard_suffix))
                self.state.make(self._parts_name)
                finish_killed_writes(Path(self._parts), Path(self.root))
                self._sweep()
            except ImageWriteError:
                raise
            except OSError as error:
                raise ImageWriteError(f"{self.root}: {reason(error)}") from None
            try:
                yield
            finally:
                self._places.close()
                with contextlib.suppress(OSError):
                    self._sweep()
                    os.rmdir(self._parts)  # noqa: PTH106

    def undisturbed(self) -> contextlib.AbstractContextManager[None]:
        """Keep runs out while manifests are read, and write nothing."""
        return locks.undisturbed(self.state)

    def _sweep(self) -> None:
        with os.scandir(self._parts) as entries:
            for entry in entries:
                os.unlink(entry.path)  # noqa: PTH108
        if not self.shard_suffix:
            for name in self.state.names():
                if name.endswith((".part", ".new")) or name.startswith("nonce-"):
                    self.state.remove(name)

    def stage(self, data: bytes, key: str, mark: bytes = b"") -> StagedOutput:
        """Write an output to a temporary file.

        Raises
        ------
        ImageWriteError
            When it cannot be written; nothing is left of it.
        """
        name = f"{os.urandom(8).hex()}.part"  # as no other machine chooses
        path = f"{self._parts}/{name}"
        try:
            if not os.path.isdir(self._parts):  # noqa: PTH112
                self.state.make(self._parts_name)
            stamp = files.write_new(path, data)
            if mark:
                write_attribute(path, MARK, mark)
            return StagedOutput(stamp, name)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(path)  # noqa: PTH108
            if isinstance(error, ImageWriteError):
                raise
            raise ImageWriteError(f"{key}: {reason(error)}") from None

    def discard(self, staged: StagedOutput) -> None:
        """Remove a staged output."""
        with contextlib.suppress(OSError):
            os.unlink(f"{self._parts}/{staged.name}")  # noqa: PTH108

    def sync(self, staged: Iterable[StagedOutput]) -> None:
        """Wait until staged outputs, logged rows and earlier names are on the disk.

        Raises
        ------
        ImageWriteError
            When the disk has failed.
        """
        touched, self._places.touched = self._places.touched, set()
        names = [f"{self._parts}/{output.name}" for output in staged]
        try:
            durable.make_durable(Path(self.state.path), [*self._logs, *names, *touched])
        except OSError as error:
            raise ImageWriteError(f"{self.root}: {reason(error)}") from None

    def commit(self, placements: Sequence[OutputPlacement]) -> list[ImageWriteError | None]:
        """Rename staged outputs to their keys; return for each why it was not possible."""
        if not placements:
            return []
        try:
            parts = Folder(self._parts)
        except OSError as error:
            return [ImageWriteError(f"{each.key}: {reason(error)}") for each in placements]
        with parts:
            return [self._commit(placement, parts) for placement in placements]

    def _commit(self, placement: OutputPlacement, parts: Folder) -> ImageWriteError | None:
        key = placement.key
        folder = key.rpartition("/")[0]
        try:
            place(placement, parts, self._places.folder(folder), self._rules)
        except ImageWriteError as error:
            return error
        except OSError as error:
            return ImageWriteError(f"{key}: {reason(error)}")
        self._places.touched.add(self.path(folder))
        return None

    def open_log(self, name: str, number: int) -> ManifestLog:
        """Open a manifest for appending rows with numbers after this one."""
        log = ManifestLog(self.state, name, number)
        for each in (name, manifest_log.head_name(name)):
            self._logs.add(f"{self.state.path}/{each}")
        return log

    def manifests(self) -> list[str]:
        """List the names of all manifests."""
        names = self.state.names()
        return [n for n in names if n.startswith("manifest") and n.endswith(".jsonl")]

    def read_lines(self, name: str) -> Iterator[bytes]:
        """Read the complete lines of a manifest."""
        return self.state.read_lines(name)

    def head(self, name: str) -> Head:
        """Return what is known of the end of a manifest."""
        return manifest_log.read_head(self.state, name)

    def write_rows(
        self, name: str, rows: Iterable[tuple[int, dict[str, Any]]], *, lost: bool
    ) -> None:
        """Write a manifest so that it appears complete, or stays as it was."""
        manifest_log.write_chained(self.state, name, rows, lost=lost)

    def write_note(self, name: str, text: str) -> None:
        """Write a small file beside the manifests."""
        self.state.write(name, [text.encode()])

    def read_note(self, name: str) -> str:
        """Read it; "" where it is not there."""
        try:
            with self.state.open(name, os.O_RDONLY) as file:
                return file.read(1 << 10).decode("utf-8", "replace")
        except OSError:
            return ""

    def remove_note(self, name: str) -> None:
        """Remove it, if it is there."""
        self.state.remove(name)

    def remove_manifest(self, name: str) -> None:
        """Remove a manifest and its head."""
        self.state.remove(name)
        self.state.remove(manifest_log.head_name(name))
