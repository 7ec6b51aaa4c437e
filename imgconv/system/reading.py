"""Read and write at places of open files, and tell the system what will be read."""

from __future__ import annotations

import contextlib
import os

from imgconv.system.folder import NO_WAITING


def fetch_soon(path: str | os.PathLike[str]) -> None:
    """Let the system read a file ahead, where it can; it will be read soon."""
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError, ValueError):
            descriptor = os.open(path, os.O_RDONLY | NO_WAITING)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
            finally:
                os.close(descriptor)


def read_at(descriptor: int, count: int, start: int) -> bytes:
    """Read so many bytes from a place of a file, fewer at its end."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, count, start)
    os.lseek(descriptor, start, os.SEEK_SET)
    parts = []
    while count and (part := os.read(descriptor, count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def write_at(descriptor: int, data: bytes, start: int) -> int:
    """Write bytes at a place of a file, and return how many were written."""
    if hasattr(os, "pwrite"):
        return os.pwrite(descriptor, data, start)
    os.lseek(descriptor, start, os.SEEK_SET)
    return os.write(descriptor, data)
