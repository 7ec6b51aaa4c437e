"""What a layer reads: a picture, a stack of pages, or an array in a .npy file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.io.images import image_files
from imgconv.io.layers.arrays import open_arrays
from imgconv.model.errors import ArgumentError, ImageReadError
from imgconv.model.output import Depth

Image = NDArray[Any]


def read_input(path: Path, axes: int) -> Image:
    """Read the input of a layer whose windows slide along `axes` axes.

    Parameters
    ----------
    path : Path
        An image; for three axes one of several pages, such as a TIFF; a .npy array for any.
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
    else:
        try:
            array = _pages(path) if axes == 3 else image_files.read_image(path)
        except ImageReadError as error:
            raise _without_salvage(error) from None
    if array.ndim not in (axes, axes + 1) or array.size == 0:
        names = {1: "length", 2: "rows, columns", 3: "depth, rows, columns"}[axes]
        raise ImageReadError(
            f"{path}: its shape is {array.shape}; a {axes}-D layer reads ({names}) or "
            f"({names}, channels)",
            hint="use --weights with as many axes, or a .npy of that shape" if axes != 2 else None,
        )
    return array[..., None] if array.ndim == axes else array


def _pages(path: Path) -> Image:
    """Read pages as depth: all of one size and type."""
    pages = image_files.read_picture(path).pages
    if len({(page.shape, page.dtype) for page in pages}) != 1:
        raise ImageReadError(f"{path}: its pages differ in size or type")
    return np.stack(pages)


def _without_salvage(error: ImageReadError) -> ImageReadError:
    """Leave out the hint at an option that layers do not have."""
    hint = error.hint if error.hint and "--salvage" not in error.hint else None
    return ImageReadError(error.message, hint)
