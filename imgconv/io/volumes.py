"""What a layer reads: a picture, a stack of pages, or an array in a .npy file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.io import files, images
from imgconv.io.arrays import open_arrays
from imgconv.io.formats import sniff
from imgconv.model.errors import ArgumentError, ImageReadError
from imgconv.model.output import Depth

Image = NDArray[Any]


def read_input(path: Path, axes: int) -> Image:
    """Read the input of a layer whose windows slide along `axes` axes.

    Parameters
    ----------
    path : Path
        An image; for three axes a TIFF of several pages; a .npy array for any.
    axes : {1, 2, 3}

    Returns
    -------
    ndarray, shape ([[depth,] rows,] columns, channels)
        uint8, uint16, int16 or float32.

    Raises
    ------
    ImageReadError
        When it cannot be read, or has another number of axes.
    """
    if path.suffix.lower() == ".npy":
        array = open_arrays(path, ImageReadError).read("")
        try:
            Depth.of(array.dtype)
        except ArgumentError as error:
            raise ImageReadError(f"{path}: {error.message}", error.hint) from None
    elif axes == 3:
        array = _pages(path)
    else:
        array = images.read_image(path)
    if array.ndim not in (axes, axes + 1) or array.size == 0:
        names = {1: "length", 2: "rows, columns", 3: "depth, rows, columns"}[axes]
        raise ImageReadError(
            f"{path}: its shape is {array.shape}; a {axes}-D layer reads ({names}) or "
            f"({names}, channels)",
            hint="--weights of as many axes, or a .npy of that shape" if axes != 2 else None,
        )
    return array[..., None] if array.ndim == axes else array


def _pages(path: Path) -> Image:
    """Read the pages of a TIFF as depth: all of one size and type, gray or RGB."""
    import tifffile

    data = files.read_bytes(path)
    kind = sniff(data)
    if kind is None or kind.name != "tiff":
        raise ImageReadError(
            f"{path}: a 3-D layer reads a TIFF of several pages, or a .npy array",
            hint="weights of 2 axes (filters, channels, rows, columns) read pictures",
        )
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            described = {(page.shape, page.dtype) for page in tiff.pages}
            if len(described) != 1:
                raise ImageReadError(f"{path}: its pages differ in size or type")
            array = np.stack([page.asarray() for page in tiff.pages])
    except ImageReadError:
        raise
    except Exception:  # whatever tifffile meets in damaged data
        raise ImageReadError(f"{path}: the tiff data is damaged or cut short") from None
    try:
        Depth.of(array.dtype)
    except ArgumentError as error:
        raise ImageReadError(f"{path}: {error.message}", error.hint) from None
    return array
