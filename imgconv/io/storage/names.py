"""Names for files that are written: taken only where that loses nothing, and on the disk."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path


def give_name(partial: Path, target: Path, *, replace: bool) -> None:
    """Return a staged file its name, and fail if that is taken and not to be replaced."""
    if replace:
        partial.replace(target)
        return
    try:
        os.link(partial, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        if target.exists():
            raise FileExistsError(target) from None
        partial.replace(target)  # a file system without hard links
        return
    partial.unlink()


def sync_folders(folders: Iterable[Path]) -> None:
    """Wait until the names in these folders are on the disk, where the system can."""
    for folder in folders:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
