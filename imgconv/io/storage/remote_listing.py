"""Listings behind URLs: folder by folder, and of keys with empty parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from imgconv.io.storage.locations import Url
from imgconv.io.storage.services import OBJECT_STORES, failing_as, file_system, path_of
from imgconv.model.errors import ImageReadError

_VERSIONS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "created")
"""What services call a fact that changes with the content."""


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


def is_object_store(url: Url) -> bool:
    """Return whether keys are any text, and no folders lie between them."""
    return url.scheme in OBJECT_STORES


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
                yield RemoteFile(place, int(facts.get("size") or 0), version_in(facts))
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
        yield RemoteFile(place, int(facts.get("size") or 0), version_in(facts))


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


def version_in(facts: Mapping[str, Any]) -> str:
    """Return what changes with the content, of the facts that a service tells."""
    found = next((facts[key] for key in _VERSIONS if facts.get(key)), "")
    return str(found.timestamp() if isinstance(found, datetime) else found)
