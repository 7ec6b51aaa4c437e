"""System calls that Python does not have: make many files durable at once, rename on conditions."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2
_SYNCED = {
    *(0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x2FC12FC1),  # ext4, XFS, Btrfs, F2FS, ZFS
    *(0x01021994, 0x858458F6, 0x794C7630, 0x6969),  # tmpfs, ramfs, overlayfs, NFS
}
"""Types of file systems, as ``statfs`` tells them."""
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def make_durable(folder: Path, paths: Iterable[str]) -> None:
    """Wait until files are on the disk, and the names in the folders that hold them.

    One ``syncfs`` of the file system is a tenth of the time of a ``fsync`` for each of many small
    files; where there is none, or it may do nothing (FUSE), that is what is done.

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
    if call is not None and _syncs_all(folder):
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


def _syncs_all(folder: Path) -> bool:
    """Return whether the file system of a folder is one whose ``syncfs`` writes all files."""
    call = _function("statfs")
    facts = (ctypes.c_long * 32)()
    if call is None or call(os.fsencode(folder), ctypes.byref(facts)) != 0:
        return False
    return facts[0] & 0xFFFFFFFF in _SYNCED


def rename_new(part: str, name: str, source: int, target: int) -> None:
    """Rename a file where nothing has the new name.

    Parameters
    ----------
    part, name : str
        Old and new name.
    source, target : int
        Descriptors of the folders that they are in.

    Raises
    ------
    FileExistsError
        When something has.
    OSError
        When it cannot be renamed.
    """
    if _rename(part, name, source, target, _RENAME_NOREPLACE):
        return
    try:
        os.link(part, name, src_dir_fd=source, dst_dir_fd=target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        with contextlib.suppress(FileNotFoundError):
            os.stat(name, dir_fd=target, follow_symlinks=False)
            raise FileExistsError(name) from None
        os.replace(part, name, src_dir_fd=source, dst_dir_fd=target)  # without hard links
        return
    os.unlink(part, dir_fd=source)


def exchange(part: str, name: str, source: int, target: int) -> bool:
    """Exchange the names of two files in one step; return False where the system cannot.

    Raises
    ------
    OSError
        When they cannot be exchanged.
    """
    return _rename(part, name, source, target, _RENAME_EXCHANGE)


def _rename(part: str, name: str, source: int, target: int, flag: int) -> bool:
    call = _function("renameat2")
    if call is None:
        return False
    if call(source, os.fsencode(part), target, os.fsencode(name), flag) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), name)


@cache
def _function(name: str) -> Any:
    """Return a function of the C library, or None where it has none of this name."""
    try:
        return getattr(ctypes.CDLL(None, use_errno=True), name)
    except (AttributeError, OSError, TypeError):
        return None
