"""Feature maps into files: arrays, TIFF pages, one PNG a channel, or a labelled montage."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np

from imgconv.io.images import image_files
from imgconv.io.images.formats import FORMATS, format_for
from imgconv.io.storage import files
from imgconv.model.errors import ImageWriteError, OutputExistsError
from imgconv.ops.layers.feature_maps import Normalization, montage, show_maps
from imgconv.ops.layers.network import FeatureMaps

_PAGE_NAME = 285
_UNSAFE = re.compile(r"[^A-Za-z0-9_.=+-]+")
_LONGEST_NAME = 60


def check_maps_target(target: Path, *, overwrite: bool = False) -> None:
    """Check before the work what `write_maps` would refuse after it.

    Raises
    ------
    ImageWriteError
        When the suffix says no form of output, or nothing can be written there.
    OutputExistsError
        When it is there, and `overwrite` is not given; a folder may be there when it is empty.
    """
    if not is_folder(target):
        if _form(target) == "picture":
            format_for(None, target)
        files.check_target(target, overwrite=overwrite)
        return
    if target.is_dir():
        if not overwrite and any(target.iterdir()):
            raise OutputExistsError(f"{target} is not empty", hint="--overwrite writes into it")
    elif target.exists():
        raise ImageWriteError(f"{target} is a file", hint="give a folder, or OUT with a suffix")
    elif not target.parent.is_dir():
        raise ImageWriteError(f"{target}: the folder {target.parent} does not exist")


def is_folder(target: Path) -> bool:
    """Return whether an output is a folder of pictures: it has no suffix, or is one already."""
    return target.is_dir() or not target.suffix


def write_maps(
    target: Path,
    maps: FeatureMaps,
    *,
    normalization: Normalization = Normalization.EACH,
    across: int | None = None,
    overwrite: bool = False,
) -> None:
    """Write feature maps.

    Parameters
    ----------
    target : Path
        ``.npy``: the float32 array, (rows, columns, channels). ``.npz``: the same as
        ``feature_maps``, and ``names``. ``.tiff``: float32 pages, one a channel (for a volume,
        one a channel and depth), named. A picture (``.png``, ...): a labelled montage. A folder:
        a PNG for each channel.
    maps : FeatureMaps
    normalization : Normalization, default "each"
        Of pictures; arrays and TIFF hold the values themselves.
    across : int, optional
        Maps in a row of the montage.
    overwrite : bool, default False

    Raises
    ------
    ImageWriteError
        When it cannot be written.
    OutputExistsError
        When it is there and `overwrite` is not given.
    """
    check_maps_target(target, overwrite=overwrite)
    if is_folder(target):
        _write_folder(target, maps, normalization, overwrite)
        return
    encoders = {"npy": _npy, "npz": _npz, "tiff": _tiff}
    form = _form(target)
    if form in encoders:
        data = encoders[form](maps)
    else:
        _check_flat(target, maps)
        sheet = montage(show_maps(maps.values, maps.names, normalization), across)
        data = image_files.encode(sheet, format_for(None, target), str(target))
    files.write_whole(target, data, overwrite=overwrite)


def _form(target: Path) -> str:
    suffix = target.suffix.lower()
    return {".npy": "npy", ".npz": "npz", ".tif": "tiff", ".tiff": "tiff"}.get(suffix, "picture")


def _check_flat(target: Path, maps: FeatureMaps) -> None:
    if maps.values.ndim != 3:
        raise ImageWriteError(
            f"{target}: {maps.values.ndim - 1}-D feature maps cannot be saved as an image",
            hint="write .npy, .npz or .tiff",
        )


def _npy(maps: FeatureMaps) -> bytes:
    stream = io.BytesIO()
    np.save(stream, maps.values, allow_pickle=False)
    return stream.getvalue()


def _npz(maps: FeatureMaps) -> bytes:
    stream = io.BytesIO()
    names = np.array(maps.names)
    np.savez(stream, allow_pickle=False, feature_maps=maps.values, names=names)
    return stream.getvalue()


def _tiff(maps: FeatureMaps) -> bytes:
    import tifffile

    stream = io.BytesIO()
    values = maps.values if maps.values.ndim > 2 else maps.values[None]
    with tifffile.TiffWriter(stream) as tiff:
        for c, name in enumerate(maps.names):
            label = name.encode("ascii", "replace").decode()
            volume = values[..., c]
            for plane in volume.reshape(-1, *volume.shape[-2:]):
                tiff.write(
                    np.ascontiguousarray(plane),
                    photometric="minisblack",
                    metadata=None,
                    software=False,
                    contiguous=False,
                    extratags=[(_PAGE_NAME, "s", 0, label, True)],
                )
    return stream.getvalue()


def _write_folder(
    target: Path, maps: FeatureMaps, normalization: Normalization, overwrite: bool
) -> None:
    _check_flat(target, maps)
    png = next(kind for kind in FORMATS if kind.name == "png")
    digits = len(str(len(maps.names) - 1))
    try:
        target.mkdir(exist_ok=True)
    except OSError as error:
        raise ImageWriteError(f"{target}: {(error.strerror or str(error)).lower()}") from None
    for c, shown in enumerate(show_maps(maps.values, maps.names, normalization)):
        name = _UNSAFE.sub("_", shown.name).strip("_.")[:_LONGEST_NAME] or "map"
        path = target / f"{c:0{digits}d}-{name}.png"
        files.write_whole(
            path, image_files.encode(shown.levels, png, str(path)), overwrite=overwrite
        )
