"""Blocks of a JPEG as seen in the pixels: cosine transforms and the steps that they were rounded to."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.ops.image import Image

Floats = NDArray[np.float64]
SIDE = 8
_MOST_BLOCKS = 4096
_LEAST_COUNT = 30
_LEAST_PERIODIC = 3
_LARGEST_STEP = 120
_OFF = 0.35
"""How far, in levels, a coefficient may be from a multiple of its step: pixels were rounded."""


class Steps(NamedTuple):
    """Steps of the coefficients that were found.

    Attributes
    ----------
    size : ndarray, shape (8, 8)
        0 where too few coefficients tell.
    """

    size: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where the step is known."""
        return self.size > 0


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


def transformed(blocks: Floats) -> Floats:
    """Return the cosine transforms of blocks."""
    basis = cosines()
    return np.asarray(basis @ blocks @ basis.T)


def find_steps(image: Image) -> Steps | None:
    """Return the steps that the transforms of blocks are multiples of, or None where there are none.

    Examples
    --------
    >>> find_steps(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)) is None
    True
    """
    if image.dtype != np.uint8 or min(image.shape[:2]) < 4 * SIDE:
        return None
    blocks = blocks_of(luminance(image))
    blocks = blocks[:: max(1, len(blocks) // _MOST_BLOCKS)]
    whole = (blocks.min(axis=(1, 2)) > 0) & (blocks.max(axis=(1, 2)) < 255)
    turned = transformed(blocks[whole] - 128)
    sizes = np.zeros((SIDE, SIDE))
    for i in range(SIDE):
        for j in range(SIDE):
            sizes[i, j] = _step(turned[:, i, j])
    steps = Steps(sizes)
    return steps if int(steps.known.sum() - steps.known[0, 0]) >= _LEAST_PERIODIC else None


def _step(values: Floats) -> float:
    """Return the largest step that nearly all values are multiples of; 0 for none, or too few."""
    for step in range(_LARGEST_STEP, 2, -1):
        nearest = np.rint(values / step)
        large = nearest != 0
        off = np.abs(values - nearest * step)
        if int(large.sum()) < _LEAST_COUNT:
            continue
        # Values between multiples would be off by a quarter of a step.
        limit = min(3 * _OFF, step / 3)
        if float(np.mean(off[large] < limit)) > 0.97 and float(np.mean(off < limit)) > 0.97:
            return float(step)
    return 0.0
