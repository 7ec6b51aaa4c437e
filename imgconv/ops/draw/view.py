"""Pictures for eyes: in 8 bits, and with what differs made plain."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.model.output import Depth, OutputRange
from imgconv.model.recipe import Recipe
from imgconv.model.settings import Settings
from imgconv.ops.compare.difference import per_pixel
from imgconv.ops.pipeline.run import run_recipe

Image = NDArray[Any]
_FADED = 0.35


def eight_bits(image: Image) -> NDArray[np.uint8]:
    """Return an image as a screen shows it: white stays white, and what is no number is black."""
    if image.dtype == np.uint8:
        return image
    finite = np.nan_to_num(image) if image.dtype == np.float32 else image
    settings = Settings(depth=Depth.U8, output_range=OutputRange.FULL)
    shown: NDArray[np.uint8] = run_recipe(finite, Recipe(settings=settings)).image
    return shown


def highlight(expected: Image, actual: Image) -> NDArray[np.uint8]:
    """Draw what differs in yellow to red, the more the redder, over a faded gray of the expected.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        A pixel that differs in the least is drawn as plainly as any other.
    """
    base = eight_bits(expected)
    gray = base if base.ndim == 2 else base[..., :3].mean(axis=2)
    faded = np.rint(gray * _FADED + 255 * (1 - _FADED) * 0.9).astype(np.uint8)
    picture = np.repeat(faded[..., np.newaxis], 3, axis=2)
    apart = per_pixel(expected, actual)
    differs = apart > 0
    if differs.any():
        finite = np.isfinite(apart)
        most = float(np.max(apart, where=finite, initial=0)) or 1.0
        strength = np.where(finite, apart / most, 1.0)[differs]
        picture[differs, 0] = 225
        picture[differs, 1] = np.rint(150 * (1 - strength))
        picture[differs, 2] = 0
    return picture
