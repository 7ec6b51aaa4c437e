"""The pictures of all that failed, in a folder that a CI can keep."""

from __future__ import annotations

from pathlib import Path

from imgconv.io.images import image_files
from imgconv.io.images.formats import format_for
from imgconv.io.storage import files
from imgconv.jobs.golden.report_html import views_of
from imgconv.jobs.golden.result import CaseFinding, Status
from imgconv.model.errors import OutputExistsError
from imgconv.model.output import Depth

_ROLES = ("expected", "actual", "difference")


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Say now that pictures may not go there.

    Raises
    ------
    OutputExistsError
        When something is there and `overwrite` is not given.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not overwrite:
        raise OutputExistsError(f"{folder} exists", hint="--overwrite writes into it")


def write_failure(finding: CaseFinding, folder: Path) -> None:
    """Write ``NAME/expected``, ``actual`` and ``difference``, and remove what is of an earlier run.

    Raises
    ------
    ImageWriteError
        When they cannot be written.
    """
    place = folder / finding.result.name
    for role in _ROLES:
        for suffix in ("png", "tiff"):
            files.delete(place / f"{role}.{suffix}")
    if finding.result.status is Status.PASSED:
        return
    for view in views_of(finding):
        suffix = "png" if Depth.of(view.image.dtype) in (Depth.U8, Depth.U16) else "tiff"
        path = place / f"{view.role}.{suffix}"
        files.make_folder(place)
        data = image_files.encode(view.image, format_for(suffix, None), str(path))
        files.write_whole(path, data, overwrite=True)
