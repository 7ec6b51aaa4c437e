"""The pictures of all that failed, in a folder that a CI can keep."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from imgconv.io.images import image_files
from imgconv.io.images.formats import format_for
from imgconv.jobs.golden.listed_folder import ListedFolder
from imgconv.jobs.golden.report_html import views_of
from imgconv.jobs.golden.result import CaseFinding, Status
from imgconv.model.output import Depth

LIST = ".imgconv-failures"
"""The file in the folder that lists the pictures of the last run."""
_PICTURE = re.compile(r"(?:[^/\n]+/)+(?:expected|actual|difference)\.(?:png|tiff)")


@dataclass
class FailureFolder:
    """A folder that holds the pictures of one run, those of an earlier one being removed.

    Parameters
    ----------
    files : ListedFolder
    """

    files: ListedFolder

    @classmethod
    def open(cls, folder: Path, *, overwrite: bool) -> FailureFolder:
        """Remove the pictures that the last run listed, and no other file.

        Raises
        ------
        OutputExistsError
            When the folder has files, lists none, and `overwrite` is not given.
        """
        return cls(ListedFolder.open(folder, LIST, _PICTURE, overwrite=overwrite))

    def write(self, finding: CaseFinding) -> None:
        """Write ``NAME/expected``, ``actual`` and ``difference`` of what did not pass.

        Raises
        ------
        ImageWriteError
            When they cannot be written.
        """
        if finding.result.status is Status.PASSED:
            return
        for view in views_of(finding):
            suffix = "png" if Depth.of(view.image.dtype) in (Depth.U8, Depth.U16) else "tiff"
            key = f"{finding.result.name}/{view.role}.{suffix}"
            data = image_files.encode(view.image, format_for(suffix, None), key)
            self.files.write(key, data)

    def close(self) -> None:
        """List what was written."""
        self.files.close()
