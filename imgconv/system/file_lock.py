"""Locks of open files; the system takes them away with the file, or with the process."""

from __future__ import annotations

import ctypes
import errno
from importlib import import_module
from io import FileIO

from imgconv.system.libraries import windows_error, windows_function

_AT_ONCE, _EXCLUSIVE = 1, 2
_FAR = 0x7FFFFFFF  # high half of the place that is locked: behind all that anybody reads
_TAKEN = (33, 997)  # ERROR_LOCK_VIOLATION, ERROR_IO_PENDING


class _Overlapped(ctypes.Structure):
    _fields_ = (
        ("internal", ctypes.c_size_t),
        ("internal_high", ctypes.c_size_t),
        ("offset", ctypes.c_uint32),
        ("offset_high", ctypes.c_uint32),
        ("event", ctypes.c_void_p),
    )


def try_lock(file: FileIO, *, shared: bool) -> bool:
    """Lock an open file, and return whether that was possible at once.

    Raises
    ------
    OSError
        When the file system has no locks.
    """
    try:
        import fcntl
    except ImportError:
        return _try_lock_place(file, shared=shared)
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_lock_place(file: FileIO, *, shared: bool) -> bool:
    """Lock a byte of a file as Windows does, by the handle of the file."""
    call = windows_function("kernel32", "LockFileEx")
    if call is None:
        raise OSError(errno.ENOTSUP, "this system has no locks of files")
    handle = import_module("msvcrt").get_osfhandle(file.fileno())
    place = _Overlapped(offset_high=_FAR)
    flags = _AT_ONCE | (0 if shared else _EXCLUSIVE)
    if call(ctypes.c_void_p(handle), flags, 0, 1, 0, ctypes.byref(place)):
        return True
    number = windows_error()
    if number in _TAKEN:
        return False
    raise OSError(errno.EIO, f"LockFileEx failed with error {number}")
