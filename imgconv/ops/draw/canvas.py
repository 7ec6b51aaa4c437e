"""The difference of two pictures of different sizes, drawn on one canvas."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.ops.compare.placement import CanvasPlacement, expand
from imgconv.ops.draw.view import eight_bits, highlight

Image = NDArray[Any]
ADDED, REMOVED = (40, 150, 70), (60, 90, 200)
"""Colours of what only the new picture has, and of what only the expected one has."""


def highlight_placed(
    expected: Image, actual: Image, placement: CanvasPlacement
) -> NDArray[np.uint8]:
    """Draw what differs where both pictures have pixels, and mark what only one has.

    Rows and columns that only the new picture has are green, those that only the expected one has
    are blue; both show the picture through stripes.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
    """
    before, has_before = expand(expected, placement, new=False)
    after, has_after = expand(actual, placement, new=True)
    both = has_before & has_after
    same = before.copy()
    same[both] = after[both]
    picture = highlight(before, same)
    picture[~has_before & ~has_after] = 255
    for only, image, colour in (
        (has_after & ~has_before, after, ADDED),
        (has_before & ~has_after, before, REMOVED),
    ):
        picture[only] = _striped(image, colour)[only]
    return picture


def _striped(image: Image, colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    shown = eight_bits(image)
    gray = shown if shown.ndim == 2 else shown[..., :3].mean(axis=2)
    solid = np.empty((*shown.shape[:2], 3), np.uint8)
    solid[...] = colour
    solid[...] = np.rint(0.7 * solid + 0.3 * gray[..., np.newaxis])
    rows, columns = np.ogrid[: gray.shape[0], : gray.shape[1]]
    solid[(rows + columns) % 8 == 0] = colour
    return solid
