"""Files behind URLs, through fsspec: read whole, written whole or not at all."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from imgconv.io.storage.files import changed_error
from imgconv.io.storage.locations import Url
from imgconv.io.storage.remote_listing import version_in
from imgconv.io.storage.services import (
    OBJECT_STORES,
    READ_ONLY,
    S3,
    failing_as,
    file_system,
    path_of,
)
from imgconv.model.errors import (
    ImageReadError,
    ImageWriteError,
    LimitError,
    OutputExistsError,
)

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_MARK = "imgconv"
"""Name of the metadata of an object that was written in place."""
_TIMES = ("mtime", "LastModified", "created")
"""What services call the time of the last change."""
_LARGE = 64 << 20
"""Bytes from which a file is put in parts."""
_PAUSES = (0.5, 1.0, 2.0)
"""Seconds before a file is read again."""


def read_bytes(url: Url, most: int | None = None) -> bytes:
    """Read a whole file.

    Raises
    ------
    ImageReadError
        When it is missing or cannot be read.
    LimitError
        When it has more bytes than `most`.
    """
    data = _patiently(url, lambda: _read(url, most))
    if most is not None and len(data) > most:
        raise LimitError(f"{url}: larger than {most} bytes, the most that is read")
    return data


def _read(url: Url, most: int | None) -> bytes:
    with failing_as(ImageReadError, url):
        files = file_system(url)
        with files.open(path_of(files, url), "rb") as file:
            data: bytes = file.read() if most is None else file.read(most + 1)
    return data


def _patiently(url: Url, call: Callable[[], bytes]) -> bytes:
    """Call again, after pauses that grow, as long as the service fails and not the file."""
    for pause in _PAUSES:
        try:
            return call()
        except ImageReadError as error:
            if not error.of_service or url.scheme in READ_ONLY:
                raise
        time.sleep(pause)
    return call()


def exists(url: Url) -> bool:
    """Return whether there is a file.

    Raises
    ------
    ImageReadError
        When the service cannot say.
    """
    with failing_as(ImageReadError, url):
        files = file_system(url)
        return bool(files.isfile(path_of(files, url)))


def write_whole(
    url: Url,
    data: bytes,
    *,
    overwrite: bool = False,
    aside: Url | None = None,
    match: str = "",
    mark: bytes = b"",
) -> None:
    """Write a file so that it appears whole, or stays as it was.

    Without `overwrite` an object store that can put on condition is asked to, so that of two
    writers one fails. S3 is asked to replace a file only while its version is `match`, and keeps a
    `mark` with it. Elsewhere a file is written first in the folder `aside`, by default its own.

    Raises
    ------
    OutputExistsError
        When the file is there and `overwrite` is not given.
    ImageWriteError
        When it cannot be written, or its version is another.
    """
    if url.scheme in READ_ONLY:
        raise ImageWriteError(f"{url}: {url.scheme} can be read, not written")
    with failing_as(ImageWriteError, url):
        files = file_system(url)
        path = path_of(files, url)
        try:
            if url.scheme in OBJECT_STORES:
                mode = "overwrite" if overwrite else "create"
                special = _condition(url, data, match) | _metadata(url, mark)
                files.pipe_file(path, data, mode=mode, **special)
            else:
                folder = path_of(files, aside or url.parent)
                _write_aside(files, path, (data,), overwrite, folder)
        except FileExistsError:
            raise OutputExistsError(f"{url} exists", hint="--overwrite replaces it") from None
        except OSError as error:
            if match and _refused_condition(error):
                raise changed_error(url.path.rpartition("/")[2]) from None
            raise


def _refused_condition(error: OSError) -> bool:
    """Return whether S3 refused a put since the version is another."""
    response = getattr(error.__cause__, "response", {})
    code = response.get("Error", {}).get("Code", "")
    return code in ("PreconditionFailed", "ConditionalRequestConflict", "412")


def _condition(url: Url, data: bytes, match: str) -> dict[str, str]:
    """Return the argument by which a put depends on a version; S3 knows one, in one request."""
    return {"IfMatch": match} if match and url.scheme in S3 and len(data) < _LARGE else {}


def _metadata(url: Url, mark: bytes) -> dict[str, Any]:
    """Return the argument by which a put keeps a mark with the file."""
    return {"Metadata": {_MARK: mark.hex()}} if mark and keeps_marks(url) else {}


def keeps_marks(url: Url) -> bool:
    """Return whether a service keeps a mark with a file."""
    return url.scheme in S3


def mark_of(url: Url) -> bytes:
    """Return the mark that is kept with a file; b"" where there is none.

    Raises
    ------
    ImageReadError
        When the file is gone, or the service cannot say.
    """
    if not keeps_marks(url):
        return b""
    with failing_as(ImageReadError, url):
        files = file_system(url)
        text = str(files.metadata(path_of(files, url)).get(_MARK, ""))
        return bytes.fromhex(text) if re.fullmatch("[0-9a-f]+", text) else b""


def version_of(url: Url) -> str:
    """Return the version of a file, which changes with its content; "" where none is told.

    Raises
    ------
    ImageReadError
        When it is gone, or the service cannot say.
    """
    with failing_as(ImageReadError, url):
        files = file_system(url)
        return version_in(files.info(path_of(files, url)))


def size_of(url: Url) -> int | None:
    """Return the bytes of a file; None where there is none.

    Raises
    ------
    ImageReadError
        When the service cannot say.
    """
    with failing_as(ImageReadError, url):
        files = file_system(url)
        try:
            return int(files.info(path_of(files, url))["size"])
        except FileNotFoundError:
            return None


def remove(url: Url) -> None:
    """Remove a file, if it is there."""
    with failing_as(ImageWriteError, url), suppress(FileNotFoundError):
        files = file_system(url)
        files.rm_file(path_of(files, url))


def write_stream(url: Url, blocks: Iterable[bytes], aside: Url | None = None) -> None:
    """Write a file of blocks so that it appears complete; one that is there is replaced.

    Where a put does not make it appear whole, it is written first in the folder `aside`, by default
    its own.

    Raises
    ------
    ImageWriteError
        When it cannot be written.
    """
    with failing_as(ImageWriteError, url):
        files = file_system(url)
        path = path_of(files, url)
        if url.scheme not in OBJECT_STORES:
            _write_aside(files, path, blocks, True, path_of(files, aside or url.parent))
            return
        rest = iter(blocks)
        head = bytearray()
        for block in rest:
            head += block
            if len(head) >= _LARGE:
                break
        else:
            files.pipe_file(path, bytes(head))
            return
        with files.open(path, "wb") as file:  # in parts; the object appears when it is closed
            file.write(head)
            for block in rest:
                file.write(block)


def remove_old(folder: Url, seconds: float, start: str = "", end: str = ".part") -> None:
    """Remove files in a folder that were written so long ago, where the age is known.

    Parameters
    ----------
    folder : Url
    seconds : float
    start, end : str
        Of the names of files that are meant, by default temporary ones.

    Raises
    ------
    ImageReadError
        When the service cannot say.
    """
    with failing_as(ImageReadError, folder):
        files = file_system(folder)
        try:
            found = files.ls(path_of(files, folder), detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return
        for facts in found:
            name = str(facts["name"]).rpartition("/")[2]
            if not (name.startswith(start) and name.endswith(end)):
                continue
            written: Any = next((facts[key] for key in _TIMES if facts.get(key)), None)
            when = written.timestamp() if isinstance(written, datetime) else written
            if when and time.time() - when > seconds:
                with suppress(FileNotFoundError):
                    files.rm_file(facts["name"])


def _write_aside(
    files: AbstractFileSystem, path: str, blocks: Iterable[bytes], overwrite: bool, aside: str
) -> None:
    by_ssh = files.protocol == "sftp" or "sftp" in files.protocol
    partial = f"{aside.rstrip('/')}/.{os.urandom(8).hex()}.part"
    if not overwrite and files.exists(path):
        raise FileExistsError(path)
    for folder in {path.rpartition("/")[0], aside.rstrip("/")}:
        _make_folder(files, folder)
    try:
        with files.open(partial, "wb") as file:
            for block in blocks:
                file.write(block)
        if by_ssh and not overwrite:
            files.ftp.rename(partial, path)  # SFTP's own rename fails where the name is taken
        else:
            files.mv(partial, path)
    except BaseException:
        with suppress(Exception):
            files.rm_file(partial)
        if by_ssh and not overwrite and files.exists(path):
            raise FileExistsError(path) from None
        raise


def _make_folder(files: AbstractFileSystem, folder: str) -> None:
    """Make a folder and those above it; at each of them another writer may be quicker."""
    for attempt in range(folder.count("/"), -1, -1):
        try:
            files.makedirs(folder, exist_ok=True)
        except OSError:
            if files.isdir(folder):
                return
            if not attempt:
                raise
        else:
            return
