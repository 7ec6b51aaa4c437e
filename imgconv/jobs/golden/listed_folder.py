"""A folder for the files of one run, those of an earlier run being removed and no others."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from pathlib import Path

from imgconv.io.storage import files
from imgconv.model.errors import ImageReadError, OutputExistsError


@dataclass
class ListedFolder:
    """A folder with a file that lists what the last run wrote there, a path on each line.

    Parameters
    ----------
    folder : Path
    list_name : str
        The name of that file.
    """

    folder: Path
    list_name: str
    _written: list[str] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @classmethod
    def open(
        cls, folder: Path, list_name: str, removable: re.Pattern[str], *, overwrite: bool
    ) -> ListedFolder:
        """Remove what the last run listed, as far as it has a removable name, and nothing else.

        Raises
        ------
        OutputExistsError
            When the folder has files, lists none, and `overwrite` is not given.
        """
        there = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        listed = files.stamp_of(folder / list_name) is not None
        if there and not listed and not overwrite:
            raise OutputExistsError(f"{folder} exists", hint="--overwrite writes into it")
        if listed:
            _remove_listed(folder, list_name, removable)
        return cls(folder, list_name)

    def write(self, key: str, data: bytes) -> None:
        """Write a file, in whichever thread.

        Raises
        ------
        ImageWriteError
            When it cannot be written.
        """
        path = self.folder / key
        files.make_folder(path.parent)
        files.write_whole(path, data, overwrite=True)
        with self._lock:
            self._written.append(key)

    def close(self) -> None:
        """List what was written; without files and without a folder there is nothing to do."""
        if self._written or self.folder.is_dir():
            text = "".join(f"{path}\n" for path in sorted(self._written))
            data = text.encode("utf-8", "surrogateescape")
            files.write_whole(self.folder / self.list_name, data, overwrite=True)


def _remove_listed(folder: Path, list_name: str, removable: re.Pattern[str]) -> None:
    try:
        text = files.read_content(folder / list_name).data.decode("utf-8", "surrogateescape")
    except ImageReadError:
        return
    root = folder.resolve()
    for line in text.splitlines():
        path = folder / line
        inside = path.parent.resolve().is_relative_to(root)
        if removable.fullmatch(line) and inside and files.stamp_of(path) is not None:
            files.delete(path)
            _remove_empty(path.parent, folder)


def _remove_empty(inner: Path, folder: Path) -> None:
    """Remove a folder, and those above it up to the outer one, while they are empty."""
    while inner != folder and inner.is_dir() and not any(inner.iterdir()):
        inner.rmdir()
        inner = inner.parent
