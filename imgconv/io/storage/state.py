"""The folder ``.imgconv`` of an output folder: links are not followed, only regular files read.

Whatever lies there may have been written by others, so it is input as much as pictures are.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator
from io import FileIO

from imgconv.io.storage.base import STATE
from imgconv.io.storage.files import reason
from imgconv.model.errors import ImageReadError, ImageWriteError
from imgconv.system.durable import flush
from imgconv.system.folder import Folder

_LONGEST_LINE = 1 << 20


class StateFolder:
    """Files that a run keeps of its own.

    Parameters
    ----------
    root : str
        The output folder.
    """

    def __init__(self, root: str) -> None:
        self.path = f"{root}/{STATE}"

    def make(self, subfolder: str = "") -> None:
        """Make the folder, and one in it, where they are missing.

        Raises
        ------
        ImageWriteError
            When one of them is a link.
        OSError
            When they cannot be made.
        """
        for path in (self.path, f"{self.path}/{subfolder}"):
            os.makedirs(path, exist_ok=True)  # noqa: PTH103
            if os.path.islink(path.rstrip("/")):  # noqa: PTH114
                raise ImageWriteError(f"{path}: it is a link", hint="remove it")

    def open(self, name: str, flags: int) -> FileIO:
        """Open a regular file.

        Raises
        ------
        OSError
            When it cannot be opened, or is a link, a pipe, a device or a folder.
        """
        with Folder(self.path) as folder:
            descriptor = folder.open(name, flags)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "it is not a regular file", name)
        mode = {os.O_RDONLY: "rb", os.O_WRONLY: "wb"}.get(flags & 3, "r+b")
        return FileIO(descriptor, "ab" if flags & os.O_APPEND else mode)

    def names(self) -> list[str]:
        """List what is in the folder; nothing when it is not there."""
        try:
            return sorted(os.listdir(self.path))  # noqa: PTH208
        except OSError:
            return []

    def read_lines(self, name: str) -> Iterator[bytes]:
        """Read the complete lines of a file; none when it is not there.

        A line that is too long for a row is given cut.

        Raises
        ------
        ImageReadError
            When it cannot be read.
        """
        try:
            with self.open(name, os.O_RDONLY) as raw, os.fdopen(os.dup(raw.fileno()), "rb") as file:
                while line := file.readline(_LONGEST_LINE):
                    rest = line
                    while rest and not rest.endswith(b"\n"):
                        rest = file.readline(_LONGEST_LINE)
                    if rest:
                        yield line
        except FileNotFoundError:
            return
        except OSError as error:
            raise ImageReadError(f"{self.path}/{name}: {_why(error)}") from None

    def write(self, name: str, lines: Iterable[bytes]) -> None:
        """Write a file so that it appears complete, or stays as it was.

        Raises
        ------
        ImageWriteError
            When it cannot be written.
        """
        partial = f"{name}.{os.urandom(4).hex()}.part"
        try:
            with self.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as raw:
                with os.fdopen(os.dup(raw.fileno()), "wb") as file:
                    file.writelines(lines)
                flush(raw.fileno())
            os.replace(f"{self.path}/{partial}", f"{self.path}/{name}")  # noqa: PTH105
            self.sync()
        except OSError as error:
            self.remove(partial)
            if isinstance(error, ImageReadError):
                raise
            raise ImageWriteError(f"{self.path}/{name}: {_why(error)}") from None

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.path}/{name}")  # noqa: PTH108

    def sync(self) -> None:
        """Wait until the names in the folder are on the disk, where the system can."""
        with contextlib.suppress(OSError), Folder(self.path) as folder:
            folder.sync()


def _why(error: OSError) -> str:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return "it is a link, which is not followed"
    return error.strerror or "" if error.errno == errno.EINVAL else reason(error)
