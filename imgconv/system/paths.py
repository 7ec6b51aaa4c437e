"""Names and paths, by the rules of the system or of one that is named.

Keys of files are relative paths with ``/`` everywhere; paths have what the system writes. The
parameter `flavour` is `os.path`, or `ntpath` in the tests, which is what `os.path` is on Windows.
"""

from __future__ import annotations

import os
import re
from types import ModuleType
from typing import NamedTuple

IS_WINDOWS = os.name == "nt"
"""Whether file names are those of Windows; the tests set it."""

_DEVICES = re.compile(
    r"(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$)\s*(?:\..*)?",
    re.IGNORECASE,
)
_NOT_IN_NAMES = re.compile(r'[<>:"|?*\\\x00-\x1f]')
_LONGEST_PATH = 259
_LONGEST_FOLDER = 247


class Located(NamedTuple):
    """A file by a folder and the key that it has there."""

    root: str
    key: str


def as_key(path: str, flavour: ModuleType = os.path) -> str:
    r"""Return a relative path with ``/``.

    Examples
    --------
    >>> import ntpath
    >>> as_key("raw\\a.png", ntpath), as_key("raw/a.png")
    ('raw/a.png', 'raw/a.png')
    """
    return path if flavour.sep == "/" else path.replace(flavour.sep, "/")


def comparable(path: str, flavour: ModuleType = os.path) -> str:
    r"""Return one text for all spellings of a real path: with ``/``, and letter case as it counts.

    Examples
    --------
    >>> import ntpath
    >>> comparable("C:\\Photos", ntpath), comparable("/Photos")
    ('c:/photos', '/Photos')
    """
    return as_key(flavour.normcase(path), flavour)


def is_inside(path: str, folder: str, flavour: ModuleType = os.path) -> bool:
    r"""Return whether a real path or a URL lies in a folder, or is it.

    Examples
    --------
    >>> import ntpath
    >>> is_inside("C:\\photos\\a", "c:/Photos", ntpath)
    True
    >>> is_inside("/photos2", "/photos")
    False
    """
    path, folder = comparable(path, flavour), comparable(folder, flavour)
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def split(path: str, flavour: ModuleType = os.path) -> Located:
    r"""Return the folder of a path, and its name there.

    Examples
    --------
    >>> import ntpath
    >>> split("C:\\raw\\a.png", ntpath)
    Located(root='C:\\raw', key='a.png')
    >>> split("a.png")
    Located(root='.', key='a.png')
    """
    folder, name = flavour.split(path)
    if folder.endswith(":") and flavour.sep != "/":
        folder += "."  # the working folder of a drive
    return Located(folder or ".", name)


def mirrored(path: str, flavour: ModuleType = os.path) -> Located | None:
    r"""Return the key that a path has as it stands, an absolute one below its root.

    None for a path that leads out of the working folder.

    Examples
    --------
    >>> import ntpath
    >>> mirrored("D:\\raw\\a.png", ntpath)
    Located(root='D:/', key='raw/a.png')
    >>> mirrored("raw/./a.png")
    Located(root='.', key='raw/a.png')
    """
    drive, rest = flavour.splitdrive(flavour.normpath(path))
    key = as_key(rest, flavour)
    if key.startswith("../"):
        return None
    if key.startswith("/"):
        return Located(f"{drive}/", key.lstrip("/"))
    return Located(f"{drive}." if drive else ".", key)


def name_problem(name: str) -> str:
    """Return why the system has no file of this name; "" where it can have one.

    Elsewhere than on Windows every name is one that is not empty.
    """
    if not IS_WINDOWS:
        return ""
    if _DEVICES.fullmatch(name):
        return f"on Windows {name} is a device, not a file"
    if name.endswith((".", " ")) and name not in (".", ".."):
        return f"on Windows no name ends with {name[-1]!r}: {name!r}"
    if found := _NOT_IN_NAMES.search(name):
        return f"on Windows no name has {found[0]!r} in it: {name!r}"
    return ""


def path_problem(path: str) -> str:
    """Return why the system may not take a path that is not there; "" where it should."""
    length = len(os.path.abspath(path))  # noqa: PTH100
    if not IS_WINDOWS or path.startswith("\\\\?\\") or length <= _LONGEST_FOLDER:
        return ""
    return (
        f"no such file; its path has {length} characters, and Windows takes more than "
        f"{_LONGEST_PATH} ({_LONGEST_FOLDER} of a folder) only where long paths are enabled"
    )
