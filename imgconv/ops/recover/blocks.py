"""Blocks of a JPEG as seen in pixels: cosine transforms, and the steps they were rounded to."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.ops.image import Image

Floats = NDArray[np.float64]
SIDE = 8
_MOST_BLOCKS = 4096
_MOST_SIDE = 1536
_LEAST_COUNT = 30
_LEAST_PERIODIC = 3
_LARGEST_STEP = 120
_OFF = 1.05
"""How far, in levels, a coefficient may be from a multiple of its step: pixels were rounded."""
_NOTHING = 1.5
_NEARLY_ALL = 0.93
_OFTEN = 0.1


class QuantizationSteps(NamedTuple):
    """Steps of the coefficients that were found.

    Attributes
    ----------
    size : ndarray, shape (8, 8)
        0 where too few coefficients tell, or it is too small to be seen.
    """

    size: Floats


def cosines() -> Floats:
    """Return the orthonormal transform of 8 values."""
    k, n = np.arange(SIDE)[:, None], np.arange(SIDE)[None]
    basis = np.cos(np.pi * (2 * n + 1) * k / (2 * SIDE)) * math.sqrt(2 / SIDE)
    basis[0] /= math.sqrt(2)
    return np.asarray(basis, np.float64)


def luminance(image: Image) -> Floats:
    """Return the channel Y of JPEG; what is gray already is that."""
    if image.ndim == 2:
        return image.astype(np.float64)
    return np.asarray(image[..., :3] @ np.array([0.299, 0.587, 0.114]), np.float64)


def blocks_of(plane: Floats) -> Floats:
    """Return the blocks of 8 x 8 from the top left, those that are whole."""
    rows, columns = (n // SIDE for n in plane.shape)
    cut = plane[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE)
    return np.asarray(cut.transpose(0, 2, 1, 3).reshape(-1, SIDE, SIDE))


def central(image: Image) -> Image:
    """Return the middle of a large image, from where a block begins."""
    rows, columns = (
        slice(start, start + _MOST_SIDE)
        for start in (max(0, n - _MOST_SIDE) // (2 * SIDE) * SIDE for n in image.shape[:2])
    )
    return image[rows, columns]


def unclipped_blocks(image: Image) -> NDArray[np.bool_]:
    """Return for each block whether no value of it is black or white."""
    inside = np.asarray((image > 0) & (image < 255))
    flat = inside if inside.ndim == 2 else np.all(inside, axis=2)
    return np.asarray(blocks_of(flat.astype(np.float64)).all(axis=(1, 2)))


def transformed(blocks: Floats) -> Floats:
    """Return the cosine transforms of blocks."""
    basis = cosines()
    return np.asarray(basis @ blocks @ basis.T)


def find_steps(image: Image) -> QuantizationSteps | None:
    """Return the steps that transforms of blocks are multiples of, or None where there are none.

    Examples
    --------
    >>> find_steps(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)) is None
    True
    """
    if image.dtype != np.uint8 or min(image.shape[:2]) < 4 * SIDE:
        return None
    image = central(image)
    blocks = blocks_of(luminance(image))[unclipped_blocks(image)]
    blocks = blocks[:: max(1, len(blocks) // _MOST_BLOCKS)]
    turned = transformed(blocks - 128)
    sizes = np.zeros((SIDE, SIDE))
    for i in range(SIDE):
        for j in range(SIDE):
            sizes[i, j] = _step(turned[:, i, j])
    coarse = int((sizes > 2).sum()) - int(sizes[0, 0] > 2)
    return QuantizationSteps(sizes) if coarse >= _LEAST_PERIODIC else None


def _step(values: Floats) -> float:
    """Return the largest step that nearly all values are multiples of.

    0 where too few values tell, or the step is too small to be seen.
    """
    large = values[np.abs(values) > _NOTHING]
    if len(large) < _LEAST_COUNT:
        return 0.0
    often = len(large) > _OFTEN * len(values)
    for step in range(min(_LARGEST_STEP, int(np.abs(large).max()) + 1), 1 if often else 2, -1):
        off = np.abs(large - np.rint(large / step) * step)
        # Of values of any size, three quarters would be as near.
        if float(np.mean(off < min(_OFF, 0.375 * step))) > _NEARLY_ALL:
            return float(step)
    return 0.0
