"""A folder that is opened once: who swaps its name for a link does not send files elsewhere."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from types import TracebackType

BINARY = getattr(os, "O_BINARY", 0)
NO_WAITING = getattr(os, "O_NONBLOCK", 0) | BINARY
"""Flags for opening what may be a pipe."""
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FILE = NO_WAITING | _NO_LINK | getattr(os, "O_CLOEXEC", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_CALLS = {os.open, os.stat, os.mkdir, os.unlink, os.rename, os.link, os.chmod, os.utime}


def _opens_folders() -> bool:
    """Return whether the system opens folders, and files by the descriptors of those."""
    return hasattr(os, "O_DIRECTORY") and os.supports_dir_fd >= _CALLS


class Folder:
    """An open folder; where the system opens none, each call goes by its path.

    Links are never followed: to open one, or a folder that is one, fails with `errno.ELOOP`.

    Parameters
    ----------
    path : str
    follow : bool, default False
        Whether the folder itself may be a link.
    inside : Folder, optional
        The folder that `path` is a name in.

    Raises
    ------
    OSError
        When it is not there, or is no folder.
    """

    def __init__(self, path: str, *, follow: bool = False, inside: Folder | None = None) -> None:
        self._path = path if inside is None else inside._join(path)
        self.descriptor: int | None = None
        """None where the system opens no folders."""
        if _opens_folders():
            flags = _FOLDER | (0 if follow else _NO_LINK)
            above = None if inside is None else inside.descriptor
            self.descriptor = os.open(path, flags, dir_fd=above)
        else:
            status = os.stat(self._path) if follow else os.lstat(self._path)  # noqa: PTH116
            if not stat.S_ISDIR(status.st_mode):
                number = errno.ELOOP if stat.S_ISLNK(status.st_mode) else errno.ENOTDIR
                raise OSError(number, os.strerror(number), self._path)

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def open(self, name: str, flags: int, mode: int = 0o666) -> int:
        """Open a file, and return its descriptor."""
        if self.descriptor is None and not _NO_LINK:
            with contextlib.suppress(FileNotFoundError):
                if stat.S_ISLNK(self.stat(name).st_mode):
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
        return os.open(self._at(name), flags | _FILE, mode, dir_fd=self.descriptor)

    def stat(self, name: str, *, follow: bool = False) -> os.stat_result:
        """Return the status of a file, or of a link itself."""
        return os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=follow)

    def has(self, name: str) -> bool:
        """Return whether anything has this name."""
        try:
            self.stat(name)
        except FileNotFoundError:
            return False
        return True

    def make(self, name: str) -> None:
        """Make a folder in it."""
        os.mkdir(self._at(name), dir_fd=self.descriptor)

    def unlink(self, name: str) -> None:
        """Remove a file."""
        os.unlink(self._at(name), dir_fd=self.descriptor)

    def link(self, name: str, source: Folder, source_name: str) -> None:
        """Rename a file; the new name must be free."""
        os.link(
            source._at(source_name),
            self._at(name),
            src_dir_fd=source.descriptor,
            dst_dir_fd=self.descriptor,
        )

    def replace(self, name: str, source: Folder, source_name: str) -> None:
        """Rename a file to a name in this folder, whatever has that."""
        os.replace(
            source._at(source_name),
            self._at(name),
            src_dir_fd=source.descriptor,
            dst_dir_fd=self.descriptor,
        )

    def set_mode(self, name: str, mode: int) -> None:
        """Set the permissions of a file."""
        os.chmod(self._at(name), mode, dir_fd=self.descriptor)

    def set_times(self, name: str, access: int, change: int) -> None:
        """Set the times of a file, in nanoseconds."""
        os.utime(self._at(name), ns=(access, change), dir_fd=self.descriptor)

    def sync(self) -> None:
        """Wait until the names in it are on the disk, where the system can."""
        if self.descriptor is not None:
            os.fsync(self.descriptor)

    def _at(self, name: str) -> str:
        return name if self.descriptor is not None else self._join(name)

    def _join(self, name: str) -> str:
        return os.path.join(self._path, name)  # noqa: PTH118
