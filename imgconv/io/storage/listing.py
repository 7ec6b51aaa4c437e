"""List files of this machine: folders are walked and patterns matched, in a stable order."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator

from imgconv.io.storage.base import STATE, SUFFIXES, ListedFile
from imgconv.io.storage.files import reason
from imgconv.model.errors import ImageReadError


def walk(folder: str) -> Iterator[ListedFile]:
    """Return the pictures in a folder and its subfolders, by suffix, in order.

    Hidden files and folders are left out, as a shell's ``*`` does. A link to a file in the tree
    counts; one that leads out of it is skipped; linked folders are not entered.

    Raises
    ------
    ImageReadError
        When a folder cannot be read.
    """
    yield from _walk(folder, "", os.path.realpath(folder))


def _walk(root: str, prefix: str, real_root: str) -> Iterator[ListedFile]:
    path = os.path.join(root, prefix)  # noqa: PTH118
    try:
        with os.scandir(path) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise ImageReadError(f"{path}: {reason(error)}") from None
    folders = []
    for entry in inside:
        name = entry.name
        if name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            folders.append(name)
        elif name.lower().endswith(SUFFIXES):
            yield _found(root, prefix + name, entry, real_root)
    for name in folders:
        yield from _walk(root, f"{prefix}{name}/", real_root)


def _found(root: str, key: str, entry: os.DirEntry[str], real_root: str) -> ListedFile:
    try:
        if entry.is_symlink():
            if not is_inside(os.path.realpath(entry.path), real_root):
                return ListedFile(root, key, problem=f"a link that leads out of {root}", skip=True)
            if entry.is_dir():
                return ListedFile(root, key, problem="a link to a folder", skip=True)
        return _checked(root, key, entry.stat())
    except OSError as error:
        return ListedFile(root, key, problem=reason(error))


def one(root: str, key: str) -> ListedFile:
    """Look at one file that was named."""
    found = ListedFile(root, key)
    try:
        return _checked(root, key, os.stat(found.path))  # noqa: PTH116
    except (OSError, ValueError) as error:
        said = reason(error) if isinstance(error, OSError) else str(error)
        return found._replace(problem=said)


def _checked(root: str, key: str, status: os.stat_result) -> ListedFile:
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        return ListedFile(root, key, problem=f"it is {what}")
    return ListedFile(root, key, status.st_size, status.st_mtime_ns)


def is_glob(text: str) -> bool:
    """Return whether a name that is no file is a pattern with ``*``, ``?`` or ``[``."""
    return glob.has_magic(text) and not os.path.lexists(text)


def matched(pattern: str) -> Iterator[ListedFile]:
    """Return the files that a pattern matches (``**``: any folders), keys relative to its root."""
    fixed = pattern
    while glob.has_magic(fixed):
        fixed = os.path.dirname(fixed)  # noqa: PTH120
    inside = pattern[len(fixed) :].lstrip("/")
    root = fixed or "."
    for key in sorted(glob.iglob(inside, root_dir=root, recursive=True)):  # noqa: PTH207
        if STATE in key.split("/") or os.path.isdir(os.path.join(root, key)):  # noqa: PTH112, PTH118
            continue
        yield one(root, key)


def is_inside(path: str, folder: str) -> bool:
    """Return whether a real path lies in a real folder, or is it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
