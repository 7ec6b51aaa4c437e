"""A folder of outputs, its files known by keys: relative paths with ``/``.

What a run keeps of its own lies in the subfolder ``.imgconv``: the manifest, a lock, and files that
are not whole yet. So a run that is killed leaves nothing in the user's tree that is not whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from imgconv.io.storage import durable, files
from imgconv.io.storage.files import Stamp, reason
from imgconv.model.errors import ImageWriteError, OutputExistsError

STATE = ".imgconv"


class OutputTree:
    """Outputs in a folder on this machine.

    Parameters
    ----------
    root : str
    share : str, default ""
        Which part of the work this run does; runs with different ones may go on at a time.
    """

    def __init__(self, root: str, share: str = "") -> None:
        self.root = root
        self.share = share
        self._folders: set[str] = set()
        self._touched: set[str] = set()
        self._listed: tuple[str | None, frozenset[str]] = (None, frozenset())

    @property
    def state(self) -> Path:
        """The folder for what the run keeps."""
        return Path(self.root, STATE)

    @property
    def _staging(self) -> str:
        return os.path.join(self.root, STATE, f"parts{self.share}")  # noqa: PTH118

    def path(self, key: str) -> str:
        """Return the path of a key."""
        return f"{self.root}/{key}"

    def stamp(self, key: str) -> Stamp | None:
        """Return the stamp of an output, or None where no regular file has that name."""
        return files.stamp_of(self.path(key))

    def has(self, key: str) -> bool:
        """Return whether anything at all has that name."""
        return os.path.lexists(self.path(key))

    def had(self, key: str) -> bool:
        """Return whether anything had that name when its folder was first asked about.

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
        """Return the SHA-256 of an output, or None where it cannot be read."""
        try:
            with open(self.path(key), "rb") as file:  # noqa: PTH123
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None

    def open(self) -> IO[bytes]:
        """Make the folders, throw away what a killed run left, and keep other runs out.

        Returns
        -------
        file
            Closing it lets others in.

        Raises
        ------
        ImageWriteError
            When the folder cannot be made or written, or another run is at work in it.
        """
        try:
            self.make()
            lock = (self.state / f"lock{self.share}").open("ab")
            if not _locked(lock):
                lock.close()
                raise ImageWriteError(
                    f"{self.root}: another imgconv batch is writing there",
                    hint="wait for it, or give each a share of its own: --shard 1/2",
                )
            self._sweep()
        except ImageWriteError:
            raise
        except OSError as error:
            raise ImageWriteError(f"{self.root}: {reason(error)}") from None
        return lock

    def make(self) -> None:
        """Make the folders where they are missing."""
        os.makedirs(self._staging, exist_ok=True)  # noqa: PTH103

    def close(self) -> None:
        """Throw away what was staged and not committed."""
        with contextlib.suppress(OSError):
            self._sweep()
            os.rmdir(self._staging)  # noqa: PTH106

    def _sweep(self) -> None:
        for entry in os.scandir(self._staging):
            os.unlink(entry.path)  # noqa: PTH108

    def stage(self, data: bytes, key: str, *, durable: bool = False) -> tuple[str, Stamp]:
        """Write an output under a name of no meaning; it is on the disk if it is to be `durable`.

        Raises
        ------
        ImageWriteError
            When it cannot be written; nothing is left of it.
        """
        name = f"{os.urandom(8).hex()}.part"  # as no other machine chooses
        try:
            return name, files.write_new(f"{self._staging}/{name}", data, durable=durable)
        except OSError as error:
            self.discard(name)
            raise ImageWriteError(f"{key}: {reason(error)}") from None

    def discard(self, name: str) -> None:
        """Throw a staged output away."""
        with contextlib.suppress(OSError):
            os.unlink(f"{self._staging}/{name}")  # noqa: PTH108

    def settle(self, names: Iterable[str]) -> None:
        """Wait until staged outputs, and the names given before, are on the disk.

        Raises
        ------
        ImageWriteError
            When the disk has failed.
        """
        touched, self._touched = self._touched, set()
        try:
            durable.make_durable(
                self.state, [*touched, *(f"{self._staging}/{name}" for name in names)]
            )
        except OSError as error:
            raise ImageWriteError(f"{self.root}: {reason(error)}") from None

    def commit(self, name: str, key: str, *, replace: bool) -> None:
        """Return a staged output its name.

        Raises
        ------
        OutputExistsError
            When the name is taken, and it is not to be replaced.
        ImageWriteError
            When that is not possible.
        """
        partial, target = f"{self._staging}/{name}", self.path(key)
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
            raise OutputExistsError(f"{key} exists", hint="--overwrite replaces it") from None
        except OSError as error:
            raise ImageWriteError(f"{key}: {reason(error)}") from None
        self._touched.add(folder)

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


def _locked(file: IO[bytes]) -> bool:
    """Take the lock that a file is; the system lets go of it when the process ends."""
    try:
        import fcntl
    except ImportError:  # not POSIX
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
