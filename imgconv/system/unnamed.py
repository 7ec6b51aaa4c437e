"""Files that have no name until they are whole: of a process that is killed, nothing stays."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

_DESCRIPTORS = "/proc/self/fd"


def open_unnamed(folder: Path) -> BinaryIO | None:
    """Open a new file without a name, to be written and read; None where that is not possible.

    It is gone when it is closed, unless it was given a name.
    """
    flag = getattr(os, "O_TMPFILE", None)  # Linux, and not on every file system
    if flag is None or not os.path.isdir(_DESCRIPTORS):  # noqa: PTH112
        return None

    def opened(_: str, __: int) -> int:
        return os.open(folder, flag | os.O_RDWR, 0o666)

    try:
        # Libraries ask a file for its name, and a bare descriptor has a number there.
        return open(folder / "unnamed", "w+b", opener=opened)
    except OSError:
        return None


def set_mode(file: BinaryIO, mode: int) -> None:
    """Set the permissions of an unnamed file."""
    os.fchmod(file.fileno(), mode)


def name_unnamed(file: BinaryIO, target: Path, *, replace: bool) -> None:
    """Name an unnamed file.

    Raises
    ------
    FileExistsError
        When the name is taken, and it is not to be replaced.
    """
    try:
        _link(file, target)
    except FileExistsError:
        if not replace:
            raise
        # Nothing gives it a name that is taken: for a moment it has another one.
        partial = target.with_name(f".{target.name[:100]}.{os.urandom(6).hex()}.part")
        _link(file, partial)
        try:
            partial.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise


def _link(file: BinaryIO, name: Path) -> None:
    """Link an open file; a folder must be named for Python to follow the link in /proc."""
    folder = os.open(name.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        source = f"{_DESCRIPTORS}/{file.fileno()}"
        os.link(source, name.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)
