"""Owner, permissions and extended attributes of files, where the system has them."""

from __future__ import annotations

import contextlib
import os
import stat

from imgconv.system.folder import Folder


def read_attribute(path: str, name: str) -> bytes:
    """Return an extended attribute of a file; b"" where there is none."""
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except (OSError, AttributeError):
        return b""


def write_attribute(path: str, name: str, value: bytes) -> bool:
    """Write an extended attribute of a file; return whether it is kept."""
    try:
        os.setxattr(path, name, value)
    except (OSError, AttributeError):
        return False
    return True


def keeps_attributes(folder: str, name: str) -> bool:
    """Return whether the file system of a folder keeps extended attributes."""
    if not write_attribute(folder, name, b""):
        return False
    os.removexattr(folder, name)
    return True


def copy_attribute(source: int, target: int, name: str) -> None:
    """Copy an extended attribute from one open file to another, where that is possible."""
    with contextlib.suppress(OSError, AttributeError):
        os.setxattr(target, name, os.getxattr(source, name))


def set_times(opened: int, folder: Folder, name: str, status: os.stat_result) -> None:
    """Set the times of an open file to those of another, by its descriptor or else by its name."""
    if os.utime in os.supports_fd:
        os.utime(opened, ns=(status.st_atime_ns, status.st_mtime_ns))
    else:
        folder.set_times(name, status.st_atime_ns, status.st_mtime_ns)


def copy_all(source: Folder, name: str, target: Folder, part: str, *, without: str) -> None:
    """Copy owner, mode, ACL and attributes of a file to another one.

    Parameters
    ----------
    source, name : Folder, str
        The file that has them.
    target, part : Folder, str
        The file that gets them.
    without : str
        An extended attribute that is not copied.

    Raises
    ------
    OSError
        When the mode cannot be set.
    """
    read = source.open(name, os.O_RDONLY)
    try:
        written = target.open(part, os.O_RDONLY)
        try:
            status = os.fstat(read)
            with contextlib.suppress(PermissionError, AttributeError):
                os.fchown(written, status.st_uid, status.st_gid)
            target.set_mode(part, stat.S_IMODE(status.st_mode))
            for attribute in os.listxattr(read) if hasattr(os, "listxattr") else ():
                if attribute != without:
                    copy_attribute(read, written, attribute)
        finally:
            os.close(written)
    finally:
        os.close(read)
