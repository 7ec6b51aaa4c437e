"""The photographs that scikit-image ships, as files."""

from __future__ import annotations

from pathlib import Path

from imgconv.io.images.image_files import write_image
from imgconv.model.errors import ImageWriteError

PHOTOGRAPHS = (
    "astronaut",
    "camera",
    "chelsea",
    "coffee",
    "coins",
    "hubble_deep_field",
    "moon",
    "page",
    "rocket",
    "text",
)
"""Names in `skimage.data`; all lie in the wheel, so that nothing is fetched."""


def write_samples(folder: Path, *, overwrite: bool = False) -> tuple[list[Path], list[Path]]:
    """Write the photographs as PNG files.

    Returns
    -------
    (list of Path, list of Path)
        What was written, and what was there and was left alone.

    Raises
    ------
    ImageWriteError
        When the folder cannot be made or a file cannot be written.
    """
    from skimage import data

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageWriteError(f"{folder}: {(error.strerror or str(error)).lower()}") from None
    written, kept = [], []
    for name in PHOTOGRAPHS:
        path = folder / f"{name}.png"
        if path.exists() and not overwrite:
            kept.append(path)
            continue
        write_image(path, getattr(data, name)(), overwrite=overwrite)
        written.append(path)
    return written, kept
