"""Files written whole or not at all, and only where nothing is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO

from imgconv.model.errors import (
    ImageReadError,
    ImageWriteError,
    ImgconvError,
    LimitError,
    OutputExistsError,
)

_HEAD, _CHUNK = 1 << 16, 1 << 22


def read_bytes(
    path: Path, most: int | None = None, begins: Callable[[bytes], object] | None = None
) -> bytes:
    """Read a whole file.

    Parameters
    ----------
    path : Path
    most : int, optional
        How many bytes it may have.
    begins : callable, optional
        Is given the first bytes and raises where the rest is not worth reading.

    Raises
    ------
    ImageReadError
        When it is missing, a folder, or cannot be read.
    LimitError
        When it has more than `most` bytes.
    """
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if most is not None and size > most:
                raise _too_long(str(path), most)
            return read_stream(file, str(path), most, begins, size)
    except OSError as error:
        if isinstance(error, ImgconvError):
            raise
        raise ImageReadError(f"{path}: {_reason(error)}") from None


def read_stream(
    stream: RawIOBase | BinaryIO,
    name: str,
    most: int | None = None,
    begins: Callable[[bytes], object] | None = None,
    size: int = 0,
) -> bytes:
    """Read a stream to its end (see `read_bytes`); `size` is a guess."""
    head = stream.read(_HEAD) or b""
    if begins is not None:
        begins(head)
    parts, total = [head], len(head)
    while parts[-1]:
        parts.append(stream.read(max(size - total + 1, _CHUNK)) or b"")
        total += len(parts[-1])
        if most is not None and total > most:
            raise _too_long(name, most)
    return b"".join(parts)


def _too_long(name: str, most: int) -> LimitError:
    return LimitError(
        f"{name}: it has more than {most >> 20} MiB, the most that an image within the limit of "
        "pixels may have",
        hint="--max-pixels raises it",
    )


def check_target(
    path: Path, *, overwrite: bool = False, source: Path | None = None, in_place: bool = False
) -> None:
    """Say now what `write_whole` would say after the work: that it may not write there.

    Raises
    ------
    OutputExistsError
        When the file is there and `overwrite` is not given, or it is the source itself and
        `in_place` is not given.
    ImageWriteError
        When it is a folder, or its folder is missing.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise ImageWriteError(
                f"{path}: the folder {path.parent} does not exist", hint="make it first"
            ) from None
        return
    except OSError as error:
        raise ImageWriteError(f"{path}: {_reason(error)}") from None
    if stat.S_ISDIR(status.st_mode):
        raise ImageWriteError(f"{path} is a folder", hint="give the name of a file")
    if not stat.S_ISREG(status.st_mode):
        return
    if source is not None and source.exists() and source.samefile(path):
        if not in_place:
            raise OutputExistsError(f"{path} is the input itself", hint="--in-place writes over it")
    elif not overwrite:
        raise OutputExistsError(f"{path} exists", hint="--overwrite replaces it")


def write_whole(path: Path, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file so that it appears whole, or stays as it was.

    The bytes go to a new file in the same folder, which takes the name when it is on the disk. A
    link is followed; a device or a pipe is written to directly.

    Raises
    ------
    OutputExistsError
        When the file is there and `overwrite` is not given.
    ImageWriteError
        When it cannot be written; nothing is left behind.
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except OSError:
        mode = None
    try:
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(data)
            return
        _replace(target, data, overwrite, mode)
    except FileExistsError:
        raise OutputExistsError(f"{path} exists", hint="--overwrite replaces it") from None
    except OSError as error:
        raise ImageWriteError(f"{path}: {_reason(error)}") from None


def _replace(target: Path, data: bytes, overwrite: bool, mode: int | None) -> None:
    partial = target.with_name(f".{target.name[:100]}.{os.urandom(6).hex()}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(partial, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            partial.chmod(stat.S_IMODE(mode))
        if overwrite:
            partial.replace(target)
        else:
            _claim(partial, target)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    _sync_folder(target.parent)


def _claim(partial: Path, target: Path) -> None:
    """Give the file its name, and fail if somebody took the name meanwhile."""
    try:
        os.link(partial, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        if target.exists():
            raise FileExistsError(target) from None
        partial.replace(target)  # a file system without hard links
        return
    partial.unlink()


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: OSError) -> str:
    reasons = {
        errno.ENOENT: "no such file",
        errno.EISDIR: "it is a folder",
        errno.EACCES: "permission denied",
        errno.ENOSPC: "the disk is full",
        errno.EFBIG: "the file would be larger than this process may write",
        errno.EDQUOT: "the disk quota is used up",
        errno.EROFS: "the file system is read-only",
    }
    return reasons.get(error.errno or 0, (error.strerror or str(error)).lower())
