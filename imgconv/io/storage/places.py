"""Rename staged outputs: folders are opened first, and a name replaces only what it should.

A folder is opened once and used by its descriptor, so that one that is swapped for a link during a
run does not send outputs elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections import OrderedDict

from imgconv.io.storage import durable
from imgconv.io.storage.base import InPlaceRules, OutputPlacement
from imgconv.io.storage.files import Identity, changed_error
from imgconv.io.storage.listing import is_inside
from imgconv.io.storage.write_through import write_through
from imgconv.model.errors import ImageWriteError, OutputExistsError

MARK = "user.imgconv"
"""Extended attribute of an output that was written in place."""
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_MOST_OPEN = 32


class OutputFolders:
    """Descriptors of the folders of outputs.

    Parameters
    ----------
    root : str
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._real_root = ""
        self._open: OrderedDict[str, int] = OrderedDict()
        self.touched: set[str] = set()

    def descriptor(self, folder: str) -> int:
        """Return the descriptor of a folder, which is made if need be.

        Raises
        ------
        ImageWriteError
            When it is a link that leads out of the root.
        OSError
            When it cannot be made.
        """
        if folder in self._open:
            self._open.move_to_end(folder)
            return self._open[folder]
        if not folder:
            self._real_root = os.path.realpath(self._root)
            found = os.open(self._root, _FOLDER)
        else:
            above, _, name = folder.rpartition("/")
            found = self._inside(self.descriptor(above), above, name, folder)
        while len(self._open) >= _MOST_OPEN:
            os.close(self._open.popitem(last=False)[1])
        self._open[folder] = found
        return found

    def _inside(self, parent: int, above: str, name: str, folder: str) -> int:
        try:
            found = os.open(name, _FOLDER, dir_fd=parent)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):  # another machine may be quicker
                os.mkdir(name, dir_fd=parent)
            self.touched.add(f"{self._root}/{above}")
            found = os.open(name, _FOLDER, dir_fd=parent)
        if stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            path = f"{self._root}/{folder}"
            if not is_inside(os.path.realpath(path), self._real_root):
                os.close(found)
                raise ImageWriteError(f"{path} is a link that leads out of {self._root}")
        return found

    def close(self) -> None:
        """Close all of them."""
        while self._open:
            os.close(self._open.popitem()[1])


def place(placement: OutputPlacement, parts: int, folder: int, rules: InPlaceRules) -> None:
    """Rename a staged output to its key.

    Parameters
    ----------
    placement : OutputPlacement
    parts, folder : int
        Descriptors of the folders of the staged file and of the output.
    rules : InPlaceRules

    Raises
    ------
    OutputExistsError
        When something has the name, and is not to be replaced.
    ImageWriteError
        When what has the name is not what was expected.
    OSError
        When it cannot be renamed.
    """
    name = placement.key.rpartition("/")[2]
    part = placement.staged.name
    if not placement.replace:
        try:
            durable.rename_new(part, name, parts, folder)
        except FileExistsError:
            raise OutputExistsError(
                f"{placement.key} exists", hint="--overwrite replaces it"
            ) from None
        return
    if placement.expected is not None:
        applied = rules if placement.in_place else InPlaceRules(hard_links="split")
        _replace_expected(placement, parts, folder, applied)
        return
    with contextlib.suppress(FileNotFoundError):
        there = os.stat(name, dir_fd=folder)
        os.chmod(part, stat.S_IMODE(there.st_mode), dir_fd=parts)
    os.replace(part, name, src_dir_fd=parts, dst_dir_fd=folder)


def _replace_expected(
    placement: OutputPlacement, parts: int, folder: int, rules: InPlaceRules
) -> None:
    """Replace a file that is still what it was; whoever changes it meanwhile keeps his version.

    Where the system exchanges names in one step, what came out is looked at, and put back if it is
    not what was expected. (What somebody writes later into a file that he had opened before is
    lost with it: no rename can prevent that.)
    """
    name, part = placement.key.rpartition("/")[2], placement.staged.name
    backup = rules.backup
    there = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if Identity.of(there) != placement.expected:
        raise changed_error(placement.key)
    if there.st_nlink > 1 and rules.hard_links == "refuse":
        raise ImageWriteError(
            f"{placement.key}: it has {there.st_nlink} hard links, and the others would keep the "
            "old picture",
            hint="--hard-links split replaces this name alone, keep replaces the content of all",
        )
    if backup and _exists(name + backup, folder):
        raise OutputExistsError(
            f"{placement.key}{backup} exists", hint="give another --backup suffix, or move it"
        )
    if there.st_nlink > 1 and rules.hard_links == "keep":
        write_through(placement, parts, folder, backup, MARK)
        return
    _copy_attributes(name, there, folder, part, parts)
    if not durable.exchange(part, name, parts, folder):
        if backup:
            os.link(name, name + backup, src_dir_fd=folder, dst_dir_fd=folder)
        os.replace(part, name, src_dir_fd=parts, dst_dir_fd=folder)
        return
    if Identity.of(os.stat(part, dir_fd=parts, follow_symlinks=False)) != placement.expected:
        _put_back(part, name, parts, folder)
        raise changed_error(placement.key)
    if backup:
        durable.rename_new(part, name + backup, parts, folder)
    else:
        os.unlink(part, dir_fd=parts)


def _put_back(part: str, name: str, parts: int, folder: int) -> None:
    """Exchange again; where somebody wrote the name in between, the newest version has it."""
    mine = os.stat(name, dir_fd=folder, follow_symlinks=False)
    durable.exchange(part, name, parts, folder)
    out = os.stat(part, dir_fd=parts, follow_symlinks=False)
    if (out.st_dev, out.st_ino) != (mine.st_dev, mine.st_ino):
        durable.exchange(part, name, parts, folder)


def _copy_attributes(name: str, there: os.stat_result, folder: int, part: str, parts: int) -> None:
    """Copy owner, mode, ACL and attributes to a staged file from the one that it replaces."""
    source = os.open(name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0), dir_fd=folder)
    try:
        target = os.open(part, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0), dir_fd=parts)
        try:
            with contextlib.suppress(PermissionError):
                os.fchown(target, there.st_uid, there.st_gid)
            os.fchmod(target, stat.S_IMODE(there.st_mode))
            for attribute in os.listxattr(source) if hasattr(os, "listxattr") else ():
                if attribute != MARK:
                    with contextlib.suppress(OSError):
                        os.setxattr(target, attribute, os.getxattr(source, attribute))
        finally:
            os.close(target)
    finally:
        os.close(source)


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
