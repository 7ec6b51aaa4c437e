"""Files behind URLs, through fsspec: read whole, written whole or not at all.

Credentials come from where the library of each service looks for them (environment, configuration
files, agents), never through here.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from imgconv.io.storage.locations import Url
from imgconv.model.errors import (
    ImageReadError,
    ImageWriteError,
    ImgconvError,
    LimitError,
    MissingDependencyError,
    OutputExistsError,
)

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_READ_ONLY = ("http", "https")
_SSH = ("sftp", "ssh")
_OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "adl", "oss", "memory")
"""Where a put makes an object appear whole; elsewhere a file is written aside and renamed."""

_VERSIONS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "created")
"""What services call a fact that changes with the content."""

_LARGE = 64 << 20
"""Bytes from which a file is put in parts."""
_PAUSES = (0.5, 1.0, 2.0)
"""Seconds before a file is read again."""
_LONGEST_REASON = 120
_own = threading.local()


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
    with _failing_as(ImageReadError, url):
        files = _file_system(url)
        with files.open(_path(files, url), "rb") as file:
            data: bytes = file.read() if most is None else file.read(most + 1)
    return data


def _patiently(url: Url, call: Callable[[], bytes]) -> bytes:
    """Call again, after pauses that grow, as long as the service fails and not the file."""
    for pause in _PAUSES:
        try:
            return call()
        except ImageReadError as error:
            if not error.of_service or url.scheme in _READ_ONLY:
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
    with _failing_as(ImageReadError, url):
        files = _file_system(url)
        return bool(files.isfile(_path(files, url)))


def write_whole(
    url: Url, data: bytes, *, overwrite: bool = False, aside: Url | None = None
) -> None:
    """Write a file so that it appears whole, or stays as it was.

    Without `overwrite` an object store that can put on condition is asked to, so that of two
    writers one fails. Elsewhere a file is written first in the folder `aside`, by default its own.

    Raises
    ------
    OutputExistsError
        When the file is there and `overwrite` is not given.
    ImageWriteError
        When it cannot be written.
    """
    if url.scheme in _READ_ONLY:
        raise ImageWriteError(f"{url}: {url.scheme} can be read, not written")
    with _failing_as(ImageWriteError, url):
        files = _file_system(url)
        path = _path(files, url)
        try:
            if url.scheme in _OBJECT_STORES:
                files.pipe_file(path, data, mode="overwrite" if overwrite else "create")
            else:
                folder = _path(files, aside or url.parent)
                _write_aside(files, path, (data,), overwrite, folder)
        except FileExistsError:
            raise OutputExistsError(f"{url} exists", hint="--overwrite replaces it") from None


def remove(url: Url) -> None:
    """Remove a file, if it is there."""
    with _failing_as(ImageWriteError, url), suppress(FileNotFoundError):
        files = _file_system(url)
        files.rm_file(_path(files, url))


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
            with _failing_as(ImageReadError, url / prefix if prefix else url):
                found = _inside(url, prefix)
        except ImageReadError as error:
            if not prefix:
                raise
            yield RemoteFile(url / prefix, 0, "", str(error).rpartition(": ")[2])
            continue
        folders = []
        for name, facts in found:
            if not name:
                words = "names with an empty part cannot be asked for"
                yield RemoteFile(url / f"{prefix}/".lstrip("/"), 0, "", words)
            elif facts["type"] == "directory":
                folders.append(f"{prefix}/{name}".lstrip("/"))
            else:
                version = next((facts[key] for key in _VERSIONS if facts.get(key)), "")
                place = url / f"{prefix}/{name}".lstrip("/")
                yield RemoteFile(place, int(facts.get("size") or 0), str(version))
        prefixes += reversed(folders)


def _inside(url: Url, prefix: str) -> list[tuple[str, dict[str, Any]]]:
    """List a folder: names and facts, in order; a name is "" where the service has such a part."""
    files = _file_system(url)
    base = _path(files, url / prefix if prefix else url).rstrip("/")
    found = []
    for facts in files.ls(base, detail=True):
        path = str(facts["name"])
        name = path[len(base) :].removeprefix("/")
        marker = facts["type"] != "directory" and path.rstrip("/") == base
        if not marker:  # an object that stands for the folder itself
            found.append((name.rstrip("/"), facts))
    return sorted(found, key=lambda pair: pair[0])


def list_names(url: Url) -> dict[str, int]:
    """Return the names directly below a URL with their sizes; none where there is no folder.

    Raises
    ------
    ImageReadError
        When the service cannot say.
    """
    with _failing_as(ImageReadError, url):
        files = _file_system(url)
        try:
            found = files.ls(_path(files, url).rstrip("/"), detail=True)
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
    with _failing_as(ImageWriteError, url):
        files = _file_system(url)
        path = _path(files, url)
        if url.scheme not in _OBJECT_STORES:
            _write_aside(files, path, blocks, True, _path(files, url.parent))
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
    with _failing_as(ImageReadError, folder):
        files = _file_system(folder)
        try:
            found = files.ls(_path(files, folder), detail=True)
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
    return url.scheme in _OBJECT_STORES


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


def _path(files: AbstractFileSystem, url: Url) -> str:
    if url.scheme in _SSH:  # fsspec would drop tabs and line ends from it
        return url.path + url.query
    return str(files._strip_protocol(url.text))


def _file_system(url: Url) -> AbstractFileSystem:
    if url.scheme not in _SSH:
        return _opened(url.scheme, "")
    # paramiko mixes up the answers when threads share a connection.
    connections: dict[str, AbstractFileSystem] = _own.__dict__
    if url.host not in connections:
        connections[url.host] = _opened.__wrapped__(url.scheme, url.host)
    return connections[url.host]


@cache
def _opened(scheme: str, host: str) -> AbstractFileSystem:
    """Open a service, once; `host` is where to connect to by SSH."""
    try:
        import fsspec
    except ImportError:
        raise _missing(scheme) from None
    options: dict[str, Any] = {}
    if scheme in _SSH:
        options["host_key_policy"] = _known_hosts_only()
    elif scheme in _OBJECT_STORES:
        options["use_listings_cache"] = False
    try:
        files: AbstractFileSystem = fsspec.url_to_fs(f"{scheme}://{host}", **options)[0]
    except ImportError:
        raise _missing(scheme) from None
    return files


def _known_hosts_only() -> Any:
    """Return the rule of ssh itself: a host must be in known_hosts. fsspec would trust any."""
    try:
        import paramiko
    except ImportError:
        raise _missing("sftp") from None

    class KnownHosts(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
            del client
            known = Path.home() / ".ssh" / "known_hosts"
            if not known.exists() or not paramiko.HostKeys(str(known)).check(hostname, key):
                raise paramiko.SSHException(f"the key of {hostname} is not in {known}")

    return KnownHosts()


def _missing(scheme: str) -> MissingDependencyError:
    return MissingDependencyError(
        f"{scheme}:// needs libraries that are not installed",
        hint="pip install 'imgconv[remote]'",
    )


@contextmanager
def _failing_as(kind: type[ImageReadError | ImageWriteError], url: Url) -> Iterator[None]:
    """Turn whatever a service's library raises into one line; each has a family of its own."""
    try:
        yield
    except (ImgconvError, GeneratorExit):
        raise
    except FileNotFoundError:
        unreachable = ", or it cannot be reached" if url.scheme in _READ_ONLY else ""
        raise kind(f"{url}: no such file{unreachable}") from None
    except PermissionError:
        raise kind(f"{url}: permission denied") from None
    except NotImplementedError:
        raise kind(f"{url}: {url.scheme} cannot do this") from None
    except Exception as error:
        said = (str(error).splitlines() or [""])[0].split("?")[0].strip()
        reason = said if 0 < len(said) <= _LONGEST_REASON else type(error).__name__
        failure = kind(f"{url}: {reason}")
        if isinstance(failure, ImageReadError):
            failure.of_service = True
        raise failure from None
