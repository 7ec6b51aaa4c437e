"""A folder of this machine, or one that every machine of a cluster sees under the same path."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from imgconv.io.storage import durable, files, json_lines, listing
from imgconv.io.storage.base import STATE, ListedFile, Placement, StagedOutput
from imgconv.io.storage.files import Content, Stamp, reason
from imgconv.io.storage.json_lines import JsonLines
from imgconv.model.errors import ImageReadError, ImageWriteError, OutputExistsError


class LocalStorage:
    """A local folder (see `imgconv.io.storage.base.Storage`).

    Parameters
    ----------
    root : str
    shard_suffix : str, default ""
        Of the shard that this run does; runs of different shards may go on at a time.
    """

    is_local = True
    folds_names = True
    group_seconds = 0.1

    def __init__(self, root: str, shard_suffix: str = "") -> None:
        self.root = root
        self.shard_suffix = shard_suffix
        self._folders: set[str] = set()
        self._touched: set[str] = set()
        self._logs: set[str] = set()
        self._listed: tuple[str | None, frozenset[str]] = (None, frozenset())

    def __reduce__(self) -> tuple[Any, ...]:
        return LocalStorage, (self.root, self.shard_suffix)

    def __str__(self) -> str:
        return self.root

    @property
    def state(self) -> Path:
        """Folder of what the run keeps of its own."""
        return Path(self.root, STATE)

    @property
    def _parts(self) -> str:
        return f"{self.root}/{STATE}/parts{self.shard_suffix}"

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

    def digest(self, key: str) -> str | None:
        """Return the SHA-256 of a regular file; None where it cannot be read."""
        try:
            with files.open_regular(self.path(key)) as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Make the folders, remove what a killed run left, and keep other runs out meanwhile.

        Raises
        ------
        ImageWriteError
            When the folder cannot be made or written, or another run is at work in it.
        """
        with self._locked():
            try:
                yield
            finally:
                with contextlib.suppress(OSError):
                    self._sweep()
                    os.rmdir(self._parts)  # noqa: PTH106

    def _locked(self) -> IO[bytes]:
        try:
            self._make_state()
            lock = (self.state / f"lock{self.shard_suffix}").open("ab")
            if not _lock(lock):
                lock.close()
                raise ImageWriteError(
                    f"{self.root}: another imgconv batch is writing there",
                    hint="wait for it, or give each a shard of its own: --shard 1/2",
                )
            self._sweep()
        except ImageWriteError:
            raise
        except OSError as error:
            raise ImageWriteError(f"{self.root}: {reason(error)}") from None
        return lock

    def _make_state(self) -> None:
        os.makedirs(self._parts, exist_ok=True)  # noqa: PTH103

    def _sweep(self) -> None:
        for entry in os.scandir(self._parts):
            os.unlink(entry.path)  # noqa: PTH108

    def stage(self, data: bytes, key: str, *, durable: bool = False) -> StagedOutput:
        """Write an output to a temporary file; it is on the disk if it is to be `durable`.

        Raises
        ------
        ImageWriteError
            When it cannot be written; nothing is left of it.
        """
        name = f"{os.urandom(8).hex()}.part"  # as no other machine chooses
        path = f"{self._parts}/{name}"
        try:
            if not os.path.isdir(self._parts):  # noqa: PTH112
                self._make_state()
            return StagedOutput(files.write_new(path, data, durable=durable), name)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(path)  # noqa: PTH108
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
        touched, self._touched = self._touched, set()
        names = [f"{self._parts}/{output.name}" for output in staged]
        try:
            durable.make_durable(self.state, [*self._logs, *names, *touched])
        except OSError as error:
            raise ImageWriteError(f"{self.root}: {reason(error)}") from None

    def commit(self, placements: Sequence[Placement]) -> list[ImageWriteError | None]:
        """Rename staged outputs to their keys; return for each why it was not possible."""
        return [self._commit(placement) for placement in placements]

    def _commit(self, placement: Placement) -> ImageWriteError | None:
        key, staged, replace, _ = placement
        partial, target = f"{self._parts}/{staged.name}", self.path(key)
        folder = target.rpartition("/")[0]
        try:
            self._make_folder(folder)
            if replace:
                with contextlib.suppress(FileNotFoundError):
                    os.chmod(partial, stat.S_IMODE(os.stat(target).st_mode))  # noqa: PTH101, PTH116
                os.replace(partial, target)  # noqa: PTH105
            else:
                durable.rename_new(partial, target)
        except FileExistsError:
            return OutputExistsError(f"{key} exists", hint="--overwrite replaces it")
        except OSError as error:
            return ImageWriteError(f"{key}: {reason(error)}")
        self._touched.add(folder)
        return None

    def _make_folder(self, folder: str) -> None:
        if folder in self._folders:
            return
        if not os.path.isdir(folder):  # noqa: PTH112
            above = folder.rpartition("/")[0]
            self._make_folder(above)
            with contextlib.suppress(FileExistsError):  # another machine may be quicker
                os.mkdir(folder)  # noqa: PTH102
            self._touched.add(above)
        self._folders.add(folder)

    def open_log(self, name: str) -> JsonLines:
        """Open a manifest for appending."""
        log = JsonLines(self.state / name)
        self._logs.add(f"{self.root}/{STATE}/{name}")
        return log

    def manifests(self) -> list[str]:
        """List the names of all manifests."""
        return sorted(path.name for path in self.state.glob("manifest*.jsonl"))

    def read_lines(self, name: str) -> Iterator[bytes]:
        """Read the complete lines of a manifest."""
        return json_lines.read_lines(self.state / name)

    def write_lines(self, name: str, lines: Iterable[bytes]) -> None:
        """Write a manifest so that it appears complete, or stays as it was."""
        json_lines.write_lines(self.state / name, lines)

    def remove_manifest(self, name: str) -> None:
        """Remove a manifest."""
        files.delete(self.state / name)


def _lock(file: IO[bytes]) -> bool:
    """Lock a file; the system unlocks it when the process ends."""
    try:
        import fcntl
    except ImportError:  # not POSIX
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
