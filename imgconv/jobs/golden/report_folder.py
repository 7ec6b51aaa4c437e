"""A report as a folder: a page, and its pictures as files that it loads when they are shown."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imgconv.jobs.golden.listed_folder import ListedFolder
from imgconv.jobs.reports.report_page import View

LIST = ".imgconv-report"
"""The file in the folder that lists the pictures of the last report."""
PAGE = "index.html"
_PICTURE = re.compile(r"pictures/[0-9a-f]{16}-(?:expected|actual|difference)\.png")


def is_folder(path: Path) -> bool:
    """Return whether a report is a folder: one that is there, or a new name without a suffix.

    Examples
    --------
    >>> is_folder(Path("report")), is_folder(Path("report.html"))
    (True, False)
    """
    return path.is_dir() or not (path.suffix or os.path.lexists(path))


@dataclass
class ReportFolder:
    """A folder that holds the page of one run with its pictures.

    Parameters
    ----------
    files : ListedFolder
    """

    files: ListedFolder

    @classmethod
    def open(cls, folder: Path, *, overwrite: bool) -> ReportFolder:
        """Remove the pictures that the last report listed, and no other file.

        Raises
        ------
        OutputExistsError
            When the folder has files, lists none, and `overwrite` is not given.
        """
        return cls(ListedFolder.open(folder, LIST, _PICTURE, overwrite=overwrite))

    def picture_writer(self, name: str) -> Callable[[View, bytes], str]:
        """Return a function that writes a PNG of a case and gives the address on the page.

        Names of cases may be anything, so files are called by their hash.
        """
        stem = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]

        def write(view: View, png: bytes) -> str:
            key = f"pictures/{stem}-{view.role}.png"
            self.files.write(key, png)
            return key

        return write

    def close(self, page: bytes) -> None:
        """Write the page, and list the pictures."""
        self.files.write(PAGE, page)
        self.files.close()
