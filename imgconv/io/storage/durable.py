"""Making many files durable at once, and names that replace nothing: calls Python does not have."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from imgconv.io.storage.names import give_name

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def make_durable(folder: Path, paths: Iterable[str]) -> None:
    """Wait until files are on the disk, and the names in the folders that hold them.

    One ``syncfs`` of the file system is a tenth of the time of a ``fsync`` for each of many small
    files; where there is none, that is what is done.

    Parameters
    ----------
    folder : Path
        In the same file system as the files.
    paths : iterable of str
        Files, and folders in which names were given.

    Raises
    ------
    OSError
        When the disk has failed.
    """
    call = _function("syncfs")
    if call is not None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            if call(descriptor) == 0:
                return
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        finally:
            os.close(descriptor)
    for path in paths:
        with contextlib.suppress(PermissionError):  # a folder, where these cannot be opened
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def rename_new(partial: str, target: str) -> None:
    """Rename a file where nothing has the new name.

    Raises
    ------
    FileExistsError
        When something has.
    OSError
        When it cannot be renamed.
    """
    call = _function("renameat2")
    if call is not None:
        names = os.fsencode(partial), _AT_FDCWD, os.fsencode(target), _RENAME_NOREPLACE
        if call(_AT_FDCWD, *names) == 0:
            return
        number = ctypes.get_errno()
        if number not in _UNSUPPORTED:
            raise OSError(number, os.strerror(number), target)
    give_name(Path(partial), Path(target), replace=False)


@cache
def _function(name: str) -> Any:
    """Return a function of the C library, or None where it has none of this name."""
    try:
        return getattr(ctypes.CDLL(None, use_errno=True), name)
    except (AttributeError, OSError, TypeError):
        return None
