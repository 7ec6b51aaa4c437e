"""Services that fsspec opens: connections, paths, and their errors as lines of imgconv.

Credentials come from where the library of each service looks for them (environment, configuration
files, agents), never through here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgconv.io.storage.locations import Url
from imgconv.model.errors import (
    ImageReadError,
    ImageWriteError,
    ImgconvError,
    MissingDependencyError,
)

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

READ_ONLY = ("http", "https")
SSH = ("sftp", "ssh")
S3 = ("s3", "s3a")
OBJECT_STORES = (*S3, "gs", "gcs", "az", "abfs", "adl", "oss", "memory")
"""Where a put makes an object appear whole; elsewhere a file is written aside and renamed."""
_LONGEST_REASON = 200
_SSH_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before a server that dropped a connection is asked again."""
_connecting = threading.BoundedSemaphore(4)
_own = threading.local()


def path_of(files: AbstractFileSystem, url: Url) -> str:
    """Return the path of a URL, as its service wants it."""
    if url.scheme in SSH:  # fsspec would drop tabs and line ends from it
        return url.path + url.query
    return str(files._strip_protocol(url.text))


def file_system(url: Url) -> AbstractFileSystem:
    """Return the service of a URL; by SSH each thread has a connection of its own."""
    if url.scheme not in SSH:
        return _opened(url.scheme, "")
    # paramiko mixes up the answers when threads share a connection.
    connections: dict[str, AbstractFileSystem] = _own.__dict__
    if url.host not in connections:
        connections[url.host] = _by_ssh(url.scheme, url.host)
    return connections[url.host]


@cache
def _opened(scheme: str, host: str) -> AbstractFileSystem:
    """Open a service, once."""
    return _open(scheme, host)


def _by_ssh(scheme: str, host: str) -> AbstractFileSystem:
    """Connect to a server, which may drop some of many that connect at a time (MaxStartups)."""
    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)  # it logs tracebacks of these
    for pause in _SSH_PAUSES:
        with _connecting:
            try:
                return _open(scheme, host)
            except (EOFError, ConnectionResetError):
                pass
            except Exception as error:
                if "protocol banner" not in str(error):
                    raise
        time.sleep(pause)
    with _connecting:
        return _open(scheme, host)


def _open(scheme: str, host: str) -> AbstractFileSystem:
    """Open a service; `host` is where to connect to by SSH."""
    try:
        import fsspec
    except ImportError:
        raise _missing(scheme) from None
    options: dict[str, Any] = {}
    if scheme in SSH:
        options["host_key_policy"] = _known_hosts_only()
    elif scheme in OBJECT_STORES:
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
def failing_as(kind: type[ImageReadError | ImageWriteError], url: Url) -> Iterator[None]:
    """Turn whatever a service's library raises into one line; each has a family of its own."""
    try:
        yield
    except (ImgconvError, GeneratorExit):
        raise
    except FileNotFoundError:
        unreachable = ", or it cannot be reached" if url.scheme in READ_ONLY else ""
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
