"""List files of this machine: folders are walked and patterns matched, in a stable order."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator

from imgconv.io.storage.base import STATE, SUFFIXES, ListedFile
from imgconv.io.storage.files import reason
from imgconv.model.errors import ImageReadError
from imgconv.system.paths import as_key, is_inside


def walk(folder: str) -> Iterator[ListedFile]:
    """Return the pictures in a folder and its subfolders, by suffix, in order.

    Hidden files and folders are left out, as a shell's ``*`` does. A link to a file in the tree
    counts; one that leads out of it is skipped; linked folders are not entered.

    A subfolder that cannot be read is given as a problem of its own.

    Raises
    ------
    ImageReadError
        When the folder itself cannot be read.
    """
    real_root = os.path.realpath(folder)
    prefixes = [""]
    while prefixes:
        prefix = prefixes.pop()
        path = os.path.join(folder, prefix)  # noqa: PTH118
        try:
            with os.scandir(path) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not prefix:
                raise ImageReadError(f"{path}: {reason(error)}") from None
            yield unlisted(folder, prefix.rstrip("/"), reason(error))
            continue
        folders = []
        for entry in inside:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(f"{prefix}{entry.name}/")
            elif entry.name.lower().endswith(SUFFIXES):
                yield _found(folder, prefix + entry.name, entry, real_root)
        prefixes += reversed(folders)


def unlisted(root: str, key: str, why: str) -> ListedFile:
    """Return what stands in a listing for a folder that cannot be listed."""
    words = f"this folder cannot be listed ({why}); its pictures are missing here"
    return ListedFile(root, key, problem=words, unlisted=True)


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
    inside = as_key(pattern[len(fixed) :]).lstrip("/")
    root = fixed or "."
    found = glob.iglob(inside, root_dir=root, recursive=True)  # noqa: PTH207
    for key in sorted(map(as_key, found)):
        if STATE in key.split("/") or os.path.isdir(os.path.join(root, key)):  # noqa: PTH112, PTH118
            continue
        yield one(root, key)
