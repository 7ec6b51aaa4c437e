"""The parts of a picture that do not count in a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgconv.model.errors import RecipeError
from imgconv.ops.compare.difference import Rectangle


def counted_pixels(
    ignore: Sequence[Rectangle | Path], shape: tuple[int, ...], name: str
) -> NDArray[np.bool_] | None:
    """Return which pixels count, shape (rows, columns); None where all do.

    Parameters
    ----------
    ignore : sequence of Rectangle or Path
        Rectangles, and masks: pictures whose pixels above 0 do not count.
    shape : tuple of int
        Of the picture.
    name : str
        Of the picture, for messages.

    Raises
    ------
    RecipeError
        When a rectangle lies outside the picture, or a mask has another size.
    ImageReadError
        When a mask cannot be read.
    """
    if not ignore:
        return None
    counted = np.ones(shape[:2], bool)
    for part in ignore:
        if isinstance(part, Path):
            counted &= ~_mask(part, shape, name)
            continue
        rows, columns = part.row + part.rows, part.column + part.columns
        if rows > shape[0] or columns > shape[1]:
            raise RecipeError(
                f"{name}: ignore {list(part)} reaches outside {shape[0]} x {shape[1]}"
            )
        counted[part.row : rows, part.column : columns] = False
    return counted


def _mask(path: Path, shape: tuple[int, ...], name: str) -> NDArray[np.bool_]:
    from imgconv.io.images import image_files

    mask = image_files.read_image(path)
    if mask.shape[:2] != shape[:2]:
        raise RecipeError(
            f"{path}: the mask is {mask.shape[0]} x {mask.shape[1]}, the picture of "
            f"{name} {shape[0]} x {shape[1]}"
        )
    ignored = mask > 0 if mask.ndim == 2 else (mask[..., :3] > 0).any(axis=2)
    return np.asarray(ignored)
