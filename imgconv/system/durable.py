"""Make files durable, many at once where the system can, and rename them on conditions."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from imgconv.system.folder import BINARY, Folder
from imgconv.system.libraries import c_function

_RENAMES = {"renameat2": (1, 2), "renameatx_np": (4, 2)}
"""Of Linux and of macOS: the flags for a name that must be free, and for an exchange."""
_NEW, _EXCHANGE = 0, 1
_SYNCED = {
    *(0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x2FC12FC1),  # ext4, XFS, Btrfs, F2FS, ZFS
    *(0x01021994, 0x858458F6, 0x794C7630, 0x6969),  # tmpfs, ramfs, overlayfs, NFS
}
"""Types of file systems, as ``statfs`` tells them."""
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL)


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
    call = c_function("syncfs")
    if call is not None and _syncs_all(folder):
        with Folder(os.fspath(folder), follow=True) as opened:
            if opened.descriptor is not None:
                if call(opened.descriptor) == 0:
                    return
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    *first, last = list(paths) or [""]
    for path in first:
        _sync_path(path, drive=False)
    if last:
        _sync_path(last, drive=True)  # which empties the drive's own cache of all of them


def flush(descriptor: int, *, drive: bool = True) -> None:
    """Wait until an open file is on the disk; on macOS that takes more than ``fsync``.

    Parameters
    ----------
    descriptor : int
    drive : bool, default True
        Whether the cache of the drive is emptied too, where the system asks for it.
    """
    if drive:
        with contextlib.suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # type: ignore[attr-defined,unused-ignore]
            return
    os.fsync(descriptor)


def sync_folders(folders: Iterable[Path]) -> None:
    """Wait until the names in these folders are on the disk, where the system can."""
    for folder in folders:
        with contextlib.suppress(OSError), Folder(os.fspath(folder), follow=True) as opened:
            opened.sync()


def _sync_path(path: str, *, drive: bool) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | BINARY)
    except PermissionError:  # a folder, where these cannot be opened
        return
    try:
        flush(descriptor, drive=drive)
    except OSError as error:
        if error.errno != errno.EBADF:
            raise
        writable = os.open(path, os.O_RDWR | BINARY)  # the system syncs no other file
        try:
            flush(writable, drive=drive)
        finally:
            os.close(writable)
    finally:
        os.close(descriptor)


def _syncs_all(folder: Path) -> bool:
    """Return whether the file system of a folder is one whose ``syncfs`` writes all files."""
    call = c_function("statfs")
    facts = (ctypes.c_long * 32)()
    if call is None or call(os.fsencode(folder), ctypes.byref(facts)) != 0:
        return False
    return facts[0] & 0xFFFFFFFF in _SYNCED


def rename_new(part: str, name: str, source: Folder, target: Folder) -> None:
    """Rename a file where nothing has the new name.

    Parameters
    ----------
    part, name : str
        Old and new name.
    source, target : Folder
        The folders that they are in.

    Raises
    ------
    FileExistsError
        When something has.
    OSError
        When it cannot be renamed.
    """
    if _rename(part, name, source, target, _NEW):
        return
    try:
        target.link(name, source, part)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if target.has(name):
            raise FileExistsError(name) from None
        target.replace(name, source, part)
        return
    source.unlink(part)


def exchange(part: str, name: str, source: Folder, target: Folder) -> bool:
    """Exchange the names of two files in one step; return False where the system cannot.

    Raises
    ------
    OSError
        When they cannot be exchanged.
    """
    return _rename(part, name, source, target, _EXCHANGE)


def give_name(partial: Path, target: Path, *, replace: bool) -> None:
    """Name a staged file, and fail if that is taken and not to be replaced."""
    if replace:
        partial.replace(target)
        return
    with Folder(os.fspath(target.parent), follow=True) as folder:
        rename_new(partial.name, target.name, folder, folder)


def _rename(part: str, name: str, source: Folder, target: Folder, rule: int) -> bool:
    if source.descriptor is None or target.descriptor is None:
        return False
    for function, flags in _RENAMES.items():
        call = c_function(function)
        if call is None:
            continue
        names = os.fsencode(part), os.fsencode(name)
        if call(source.descriptor, names[0], target.descriptor, names[1], flags[rule]) == 0:
            return True
        number = ctypes.get_errno()
        if number not in _UNSUPPORTED:
            raise OSError(number, os.strerror(number), name)
    return False
