"""Files written whole or not at all, and only where nothing is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from importlib import import_module
from io import FileIO
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, NamedTuple, Protocol

from imgconv.io.storage.locations import Place, Url
from imgconv.model.errors import (
    ImageReadError,
    ImageWriteError,
    ImgconvError,
    LimitError,
    OutputExistsError,
)
from imgconv.system.durable import flush, give_name, sync_folders
from imgconv.system.folder import BINARY, NO_WAITING
from imgconv.system.paths import name_problem, path_problem
from imgconv.system.unnamed import name_unnamed, open_unnamed, set_mode

_HEAD, _CHUNK = 1 << 16, 1 << 22


def read_bytes(
    path: Place, most: int | None = None, begins: Callable[[bytes], object] | None = None
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
    if isinstance(path, Url):
        data: bytes = remote().read_bytes(path, most)
        return data
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if most is not None and size > most:
                raise _too_long(str(path), most)
            return read_stream(file, str(path), most, begins, size)
    except OSError as error:
        if isinstance(error, ImgconvError):
            raise
        raise ImageReadError(f"{path}: {reason(error)}") from None


class Stamp(NamedTuple):
    """Size and time of a file: where they are the same, it is most likely unchanged."""

    size: int
    mtime_ns: int


class Identity(NamedTuple):
    """Size, time and inode of a file: another file, or a changed one, has others."""

    size: int
    mtime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        """Return the identity that a status tells."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)


class Content(NamedTuple):
    """Bytes of a file, with the stamp and the identity that it had when it was read."""

    data: bytes
    stamp: Stamp
    identity: Identity | None = None


def changed_error(key: str) -> ImageWriteError:
    """Return the error for an input that is no longer what was read."""
    return ImageWriteError(
        f"{key}: another program changed it during the run, so it was not replaced",
        hint="run again",
    )


def stamp_of(path: str | os.PathLike[str]) -> Stamp | None:
    """Return the stamp of a regular file that is there, a link not being one."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return _stamp(status) if stat.S_ISREG(status.st_mode) else None


def read_content(path: str | os.PathLike[str]) -> Content:
    """Read a whole regular file with its stamp, and wait for nothing else.

    Raises
    ------
    ImageReadError
        When it is missing, a pipe, a device or a folder, or cannot be read.
    """
    try:
        with open_regular(path) as file:
            status = os.fstat(file.fileno())
            return Content(file.readall(), _stamp(status), Identity.of(status))
    except ImageReadError:
        raise
    except OSError as error:
        raise ImageReadError(f"{os.fspath(path)}: {reason(error)}") from None


def open_regular(path: str | os.PathLike[str]) -> FileIO:
    """Open a regular file for reading; a pipe, which would have to be waited for, is refused.

    Raises
    ------
    ImageReadError
        When it is a pipe, a device or a folder.
    OSError
        When it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | NO_WAITING)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return FileIO(descriptor, "rb")
    os.close(descriptor)
    raise ImageReadError(f"{os.fspath(path)}: it is not a regular file")


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_size, status.st_mtime_ns)


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes | None:
        """Return bytes, at most so many; none where the stream ends."""
        ...


def read_stream(
    stream: Readable,
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
    path: Place,
    *,
    overwrite: bool = False,
    source: Place | None = None,
    in_place: bool = False,
    folder: bool = False,
) -> None:
    """Check before the work that `write_whole` may write there.

    Raises
    ------
    OutputExistsError
        When the file is there and `overwrite` is not given, or it is the source itself and
        `in_place` is not given.
    ImageWriteError
        When it is a folder where a file is meant, or its folder is missing.
    """
    if isinstance(path, Url):
        if not overwrite and remote().exists(path):
            raise OutputExistsError(f"{path} exists", hint="--overwrite replaces it")
        return
    itself = isinstance(source, Path) and _is_same(source, path)
    _check_path(path, overwrite, itself, in_place, folder)


def _is_same(source: Path, target: Path) -> bool:
    try:
        return source.samefile(target)
    except OSError:
        return False


def _check_path(path: Path, overwrite: bool, itself: bool, in_place: bool, folder: bool) -> None:
    if problem := name_problem(path.name):
        raise ImageWriteError(problem, hint="choose another name")
    try:
        status = path.stat()
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise ImageWriteError(
                f"{path}: the folder {path.parent} does not exist", hint="make it first"
            ) from None
        return
    except OSError as error:
        raise ImageWriteError(f"{path}: {reason(error)}") from None
    if stat.S_ISDIR(status.st_mode) and not folder:
        raise ImageWriteError(f"{path} is a folder", hint="give the name of a file")
    if not (folder or stat.S_ISREG(status.st_mode)):
        return
    if itself:
        if not in_place:
            raise OutputExistsError(f"{path} is the input itself", hint="--in-place writes over it")
    elif not overwrite:
        raise OutputExistsError(f"{path} exists", hint="--overwrite replaces it")


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises
    ------
    ImageWriteError
        When that cannot be done.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageWriteError(f"{path}: {reason(error)}") from None


def delete(path: Path) -> None:
    """Delete a file, if it is there.

    Raises
    ------
    ImageWriteError
        When it stays.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ImageWriteError(f"{path}: {reason(error)}") from None


def write_whole(path: Place, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file so that it appears whole, or stays as it was.

    A link is followed; a device or a pipe is written to directly.

    Raises
    ------
    OutputExistsError
        When the file is there and `overwrite` is not given.
    ImageWriteError
        When it cannot be written; nothing is left behind.
    """
    if isinstance(path, Url):
        remote().write_whole(path, data, overwrite=overwrite)
        return
    with open_whole(path, overwrite=overwrite) as file:
        file.write(data)


def remote() -> ModuleType:
    """Return the module for URLs, which is rarely needed and not light."""
    return import_module("imgconv.io.storage.remote")


@contextlib.contextmanager
def open_whole(path: Path, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a file that appears whole when the block ends, or stays as it was when that fails.

    What is written goes to a new file in the same folder, without a name where the system can; it
    takes the name when it is on the disk (see `write_whole`).
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except OSError:
        mode = None
    try:
        if mode is not None and not stat.S_ISREG(mode):
            with target.open("wb") as file:
                yield file
        else:
            with _replacing(target, overwrite, mode) as file:
                yield file
    except FileExistsError:
        raise OutputExistsError(f"{path} exists", hint="--overwrite replaces it") from None
    except ImgconvError:
        raise
    except OSError as error:
        raise ImageWriteError(f"{path}: {reason(error)}") from None


@contextlib.contextmanager
def _replacing(target: Path, overwrite: bool, mode: int | None) -> Iterator[BinaryIO]:
    file = open_unnamed(target.parent)
    if file is None:
        with _staged(target, overwrite, mode) as partial:
            yield partial
    else:
        with file:
            yield file
            file.flush()
            if mode is not None:
                set_mode(file, stat.S_IMODE(mode))
            flush(file.fileno())
            name_unnamed(file, target, replace=overwrite)
    sync_folders([target.parent])


@contextlib.contextmanager
def _staged(target: Path, overwrite: bool, mode: int | None) -> Iterator[BinaryIO]:
    """Write under another name first, where the system has no files without one."""
    partial = target.with_name(f".{target.name[:100]}.{os.urandom(6).hex()}.part")
    try:
        with partial.open("x+b") as file:
            yield file
            file.flush()
            flush(file.fileno())
        if mode is not None:
            partial.chmod(stat.S_IMODE(mode))
        give_name(partial, target, replace=overwrite)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def write_new(path: str | os.PathLike[str], data: bytes, *, durable: bool = False) -> Stamp:
    """Write a file that must not be there, and give its stamp, which renaming will not change.

    Parameters
    ----------
    path : path
    data : bytes
    durable : bool, default False
        Whether to wait until it is on the disk.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY
    descriptor = os.open(path, flags, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if durable:
            flush(descriptor)
        return _stamp(os.fstat(descriptor))
    finally:
        os.close(descriptor)


def reason(error: OSError) -> str:
    """Describe in a few words why the system refused."""
    if error.errno == errno.ENOENT and isinstance(error.filename, str):
        problem = path_problem(error.filename)
        if problem:
            return problem
    reasons = {
        errno.ENOENT: "no such file",
        errno.EISDIR: "it is a folder",
        errno.EACCES: "permission denied",
        errno.ENOSPC: "the disk is full",
        errno.EFBIG: "the file would be larger than this process may write",
        getattr(errno, "EDQUOT", -1): "the disk quota is used up",
        errno.EROFS: "the file system is read-only",
    }
    return reasons.get(error.errno or 0, (error.strerror or str(error)).lower())
