"""The pictures of all that failed, in a folder that a CI can keep."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from pathlib import Path

from imgconv.io.images import image_files
from imgconv.io.images.formats import format_for
from imgconv.io.storage import files
from imgconv.jobs.golden.report_html import views_of
from imgconv.jobs.golden.result import CaseFinding, Status
from imgconv.model.errors import ImageReadError, OutputExistsError
from imgconv.model.output import Depth

LIST = ".imgconv-failures"
"""The file in the folder that lists the pictures of the last run, a path on each line."""
_PICTURE = re.compile(r"(?:[^/\n]+/)+(?:expected|actual|difference)\.(?:png|tiff)")


@dataclass
class FailureFolder:
    """A folder that holds the pictures of one run, those of an earlier one being removed.

    Parameters
    ----------
    folder : Path
    """

    folder: Path
    _written: list[str] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @classmethod
    def open(cls, folder: Path, *, overwrite: bool) -> FailureFolder:
        """Remove the pictures that the last run listed, and no other file.

        Raises
        ------
        OutputExistsError
            When the folder has files, lists none, and `overwrite` is not given.
        """
        there = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        listed = files.stamp_of(folder / LIST) is not None
        if there and not listed and not overwrite:
            raise OutputExistsError(f"{folder} exists", hint="--overwrite writes into it")
        if listed:
            _remove_listed(folder)
        return cls(folder)

    def write(self, finding: CaseFinding) -> None:
        """Write ``NAME/expected``, ``actual`` and ``difference`` of what did not pass.

        Raises
        ------
        ImageWriteError
            When they cannot be written.
        """
        if finding.result.status is Status.PASSED:
            return
        for path in write_failure(finding, self.folder):
            with self._lock:
                self._written.append(path.relative_to(self.folder).as_posix())

    def close(self) -> None:
        """List what was written; without failures and without a folder there is nothing to do."""
        if self._written or self.folder.is_dir():
            text = "".join(f"{path}\n" for path in sorted(self._written))
            data = text.encode("utf-8", "surrogateescape")
            files.write_whole(self.folder / LIST, data, overwrite=True)


def _remove_listed(folder: Path) -> None:
    try:
        text = files.read_content(folder / LIST).data.decode("utf-8", "surrogateescape")
    except ImageReadError:
        return
    root = folder.resolve()
    for line in text.splitlines():
        path = folder / line
        inside = path.parent.resolve().is_relative_to(root)
        if _PICTURE.fullmatch(line) and inside and files.stamp_of(path) is not None:
            files.delete(path)
            _remove_empty(path.parent, folder)


def _remove_empty(inner: Path, folder: Path) -> None:
    """Remove a folder, and those above it up to the outer one, while they are empty."""
    while inner != folder and inner.is_dir() and not any(inner.iterdir()):
        inner.rmdir()
        inner = inner.parent


def write_failure(finding: CaseFinding, folder: Path) -> list[Path]:
    """Write the pictures of a result into ``folder/NAME``, and return their paths.

    Raises
    ------
    ImageWriteError
        When they cannot be written.
    """
    place, written = folder / finding.result.name, []
    for view in views_of(finding):
        suffix = "png" if Depth.of(view.image.dtype) in (Depth.U8, Depth.U16) else "tiff"
        path = place / f"{view.role}.{suffix}"
        files.make_folder(place)
        data = image_files.encode(view.image, format_for(suffix, None), str(path))
        files.write_whole(path, data, overwrite=True)
        written.append(path)
    return written
