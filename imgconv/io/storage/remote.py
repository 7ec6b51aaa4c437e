"""Files behind URLs, through fsspec: read whole, written whole or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from imgconv.io.storage.files import changed_error
from imgconv.io.storage.locations import Url
from imgconv.io.storage.services import (
    OBJECT_STORES,
    READ_ONLY,
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

_VERSIONS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "created")
"""What services call a fact that changes with the content."""

_LARGE = 64 << 20
"""Bytes from which a file is put in parts."""
_PAUSES = (0.5, 1.0, 2.0)
"""Seconds before a file is read again."""


class RemoteFile(NamedTuple):
    """A file of a listing.

    Attributes
    ----------
    url : Url
    size : int
    version : str
        Changes with the content: an ETag, or the time of the last change; "" where there is none.
    problem : str
        Why this is a folder that cannot be listed; "" for a file.
    """

    url: Url
    size: int
    version: str
    problem: str = ""


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
) -> None:
    """Write a file so that it appears whole, or stays as it was.

    Without `overwrite` an object store that can put on condition is asked to, so that of two
    writers one fails. S3 is asked to replace a file only while its version is `match`. Elsewhere a
    file is written first in the folder `aside`, by default its own.

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
                files.pipe_file(path, data, mode=mode, **_condition(url, data, match))
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
    if match and url.scheme in ("s3", "s3a") and len(data) < _LARGE:
        return {"IfMatch": match}
    return {}


def version_of(url: Url) -> str:
    """Return the version of a file, which changes with its content; "" where none is told.

    Raises
    ------
    ImageReadError
        When it is gone, or the service cannot say.
    """
    with failing_as(ImageReadError, url):
        files = file_system(url)
        return _version(files.info(path_of(files, url)))


def _version(facts: Mapping[str, Any]) -> str:
    found = next((facts[key] for key in _VERSIONS if facts.get(key)), "")
    return str(found.timestamp() if isinstance(found, datetime) else found)


def remove(url: Url) -> None:
    """Remove a file, if it is there."""
    with failing_as(ImageWriteError, url), suppress(FileNotFoundError):
        files = file_system(url)
        files.rm_file(path_of(files, url))


def listing(url: Url) -> Iterator[RemoteFile]:
    """List the files below a URL, folder by folder, in the order of their names.

    A subfolder that cannot be listed is given as a problem of its own.

    Raises
    ------
    ImageReadError
        When there is no such folder, or it cannot be listed.
    """
    prefixes = [""]
    while prefixes:
        prefix = prefixes.pop()
        try:
            with failing_as(ImageReadError, url / prefix if prefix else url):
                found = _inside(url, prefix)
        except ImageReadError as error:
            if not prefix:
                raise
            yield RemoteFile(url / prefix, 0, "", str(error).rpartition(": ")[2])
            continue
        folders = []
        for name, facts in found:
            if not name:
                yield from _below_empty_part(url, prefix)
            elif facts["type"] == "directory":
                folders.append(f"{prefix}/{name}".lstrip("/"))
            else:
                place = url / f"{prefix}/{name}".lstrip("/")
                yield RemoteFile(place, int(facts.get("size") or 0), _version(facts))
        prefixes += reversed(folders)


def _inside(url: Url, prefix: str) -> list[tuple[str, dict[str, Any]]]:
    """List a folder: names and facts, in order; a name is "" where the service has such a part."""
    files = file_system(url)
    base = path_of(files, url / prefix if prefix else url).rstrip("/")
    found = []
    for facts in files.ls(base, detail=True):
        path = str(facts["name"])
        name = path[len(base) :].removeprefix("/")
        marker = facts["type"] != "directory" and path.rstrip("/") == base
        if not marker:  # an object that stands for the folder itself
            found.append((name.rstrip("/"), facts))
    return sorted(found, key=lambda pair: pair[0])


def _below_empty_part(url: Url, prefix: str) -> Iterator[RemoteFile]:
    """List all that lies below ``prefix//``, where keys are any text."""
    try:
        with failing_as(ImageReadError, url / f"{prefix}/"):
            if not is_object_store(url):
                raise ImageReadError(f"{url}: names with an empty part cannot be asked for")
            found = _with_start(url / prefix if prefix else url, "/")
    except ImageReadError as error:
        yield RemoteFile(url / f"{prefix}/", 0, "", str(error).rpartition(": ")[2])
        return
    for rest, facts in found:
        place = url / (f"{prefix}/{rest}" if prefix else rest)
        yield RemoteFile(place, int(facts.get("size") or 0), _version(facts))


def _with_start(url: Url, start: str) -> list[tuple[str, dict[str, Any]]]:
    """List what lies below a URL with keys that begin with a text: keys and facts, in order."""
    files = file_system(url)
    base = path_of(files, url).rstrip("/")
    found = files.find(base, detail=True, prefix=start)
    keys = [(str(path)[len(base) + 1 :], facts) for path, facts in found.items()]
    return sorted((each for each in keys if each[0].startswith(start)), key=lambda each: each[0])


def list_names(url: Url, folder: str = "") -> dict[str, int]:
    """Return the names directly below a URL with their sizes; none where there is no folder.

    Parameters
    ----------
    url : Url
    folder : str, default ""
        Below it, with the ``/`` at its end; of an object store it may have empty parts.

    Raises
    ------
    ImageReadError
        When the service cannot say.
    """
    empty = f"/{folder}".find("//")
    if empty >= 0 and is_object_store(url):
        above, start = folder[:empty].rstrip("/"), folder[empty:]
        with failing_as(ImageReadError, url / folder):
            inside = _with_start(url / above if above else url, start)
        names = ((key[len(start) :], facts) for key, facts in inside)
        return {name: int(facts.get("size") or 0) for name, facts in names if "/" not in name}
    place = url / folder.rstrip("/") if folder else url
    with failing_as(ImageReadError, place):
        files = file_system(place)
        try:
            found = files.ls(path_of(files, place).rstrip("/"), detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        return {
            str(facts["name"]).rstrip("/").rpartition("/")[2]: int(facts.get("size") or 0)
            for facts in found
        }


def write_stream(url: Url, blocks: Iterable[bytes]) -> None:
    """Write a file of blocks so that it appears complete; one that is there is replaced.

    Raises
    ------
    ImageWriteError
        When it cannot be written.
    """
    with failing_as(ImageWriteError, url):
        files = file_system(url)
        path = path_of(files, url)
        if url.scheme not in OBJECT_STORES:
            _write_aside(files, path, blocks, True, path_of(files, url.parent))
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


def remove_old(folder: Url, seconds: float) -> None:
    """Remove the temporary files in a folder that were written so long ago, where the age is known.

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
            written = facts.get("mtime")
            age = written.timestamp() if hasattr(written, "timestamp") else written
            if str(facts["name"]).endswith(".part") and age and time.time() - age > seconds:
                with suppress(FileNotFoundError):
                    files.rm_file(facts["name"])


def is_object_store(url: Url) -> bool:
    """Return whether keys are any text, and no folders lie between them."""
    return url.scheme in OBJECT_STORES


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
