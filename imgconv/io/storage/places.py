"""Rename staged outputs: folders are opened first, and a name replaces only what it should.

A folder is opened once and used by its descriptor, so that one that is swapped for a link during a
run does not send outputs elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections import OrderedDict

from imgconv.io.storage.base import InPlaceRules, OutputPlacement
from imgconv.io.storage.files import Identity, changed_error
from imgconv.io.storage.write_through import write_through
from imgconv.model.errors import ImageWriteError, OutputExistsError
from imgconv.system import durable
from imgconv.system.attributes import copy_all
from imgconv.system.folder import Folder
from imgconv.system.paths import is_inside

MARK = "user.imgconv"
"""Extended attribute of an output that was written in place."""
_MOST_OPEN = 32


class OutputFolders:
    """The folders of outputs, each opened once.

    Parameters
    ----------
    root : str
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._real_root = ""
        self._open: OrderedDict[str, Folder] = OrderedDict()
        self.touched: set[str] = set()

    def folder(self, folder: str) -> Folder:
        """Return an open folder, which is made if need be.

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
            found = Folder(self._root, follow=True)
        else:
            above, _, name = folder.rpartition("/")
            found = self._inside(self.folder(above), above, name, folder)
        while len(self._open) >= _MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        self._open[folder] = found
        return found

    def _inside(self, parent: Folder, above: str, name: str, folder: str) -> Folder:
        try:
            found = Folder(name, inside=parent, follow=True)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):  # another machine may be quicker
                parent.make(name)
            self.touched.add(f"{self._root}/{above}")
            found = Folder(name, inside=parent, follow=True)
        if stat.S_ISLNK(parent.stat(name).st_mode):
            path = f"{self._root}/{folder}"
            if not is_inside(os.path.realpath(path), self._real_root):
                found.close()
                raise ImageWriteError(f"{path} is a link that leads out of {self._root}")
        return found

    def close(self) -> None:
        """Close all of them."""
        while self._open:
            self._open.popitem()[1].close()


def place(placement: OutputPlacement, parts: Folder, folder: Folder, rules: InPlaceRules) -> None:
    """Rename a staged output to its key.

    Parameters
    ----------
    placement : OutputPlacement
    parts, folder : Folder
        The folders of the staged file and of the output.
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
        there = folder.stat(name, follow=True)
        parts.set_mode(part, stat.S_IMODE(there.st_mode))
    folder.replace(name, parts, part)


def _replace_expected(
    placement: OutputPlacement, parts: Folder, folder: Folder, rules: InPlaceRules
) -> None:
    """Replace a file that is still what it was; whoever changes it meanwhile keeps his version.

    Where the system exchanges names in one step, what came out is looked at, and put back if it is
    not what was expected. (What somebody writes later into a file that he had opened before is
    lost with it: no rename can prevent that.)
    """
    name, part = placement.key.rpartition("/")[2], placement.staged.name
    backup = rules.backup
    there = folder.stat(name)
    if Identity.of(there) != placement.expected:
        raise changed_error(placement.key)
    if there.st_nlink > 1 and rules.hard_links == "refuse":
        raise ImageWriteError(
            f"{placement.key}: it has {there.st_nlink} hard links, and the others would keep the "
            "old picture",
            hint="--hard-links split replaces this name alone, keep replaces the content of all",
        )
    if backup and folder.has(name + backup):
        raise OutputExistsError(
            f"{placement.key}{backup} exists", hint="give another --backup suffix, or move it"
        )
    if there.st_nlink > 1 and rules.hard_links == "keep":
        write_through(placement, parts, folder, backup, MARK)
        return
    copy_all(folder, name, parts, part, without=MARK)
    if not durable.exchange(part, name, parts, folder):
        if backup:
            folder.link(name + backup, folder, name)
        folder.replace(name, parts, part)
        return
    if Identity.of(parts.stat(part)) != placement.expected:
        _put_back(part, name, parts, folder)
        raise changed_error(placement.key)
    if backup:
        durable.rename_new(part, name + backup, parts, folder)
    else:
        parts.unlink(part)


def _put_back(part: str, name: str, parts: Folder, folder: Folder) -> None:
    """Exchange again; where somebody wrote the name in between, the newest version has it."""
    mine = folder.stat(name)
    durable.exchange(part, name, parts, folder)
    out = parts.stat(part)
    if (out.st_dev, out.st_ino) != (mine.st_dev, mine.st_ino):
        durable.exchange(part, name, parts, folder)
