"""YCbCr of TIFF that is not JPEG: blocks of luma with one pair of chroma (TIFF 6.0, section 21)."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from operator import mul
from typing import NamedTuple

import numpy as np

from imgconv.io.images.header import DamagedError
from imgconv.io.images.picture import Image
from imgconv.io.images.shared.ifd import Directory, Tiff

_COEFFICIENTS, _REFERENCES = 529, 532
_BT_601 = (Fraction(299, 1000), Fraction(587, 1000), Fraction(114, 1000))
_FULL_RANGE = tuple(map(Fraction, (0, 255, 128, 255, 128, 255)))
_FITS = 1 << 52
"""Weights below it make sums that int64 holds."""


class YCbCr(NamedTuple):
    """How YCbCr becomes RGB: weights of each colour, one that is added, and the denominator."""

    weights: tuple[tuple[int, ...], ...]
    denominator: int


def ycbcr_of(file: Tiff, directory: Directory) -> YCbCr:
    """Read what a page says of its YCbCr.

    Raises
    ------
    DamagedError
        When it makes no sense.
    """
    red, green, blue = _rationals(file, directory, _COEFFICIENTS, _BT_601)
    references = _rationals(file, directory, _REFERENCES, _FULL_RANGE)
    spans = [white - black for black, white in zip(references[::2], references[1::2], strict=True)]
    if 0 in spans or green == 0:
        raise DamagedError("its YCbCr is a division by 0")
    of_y, of_cb, of_cr = (full / span for full, span in zip((255, 127, 127), spans, strict=True))
    to_red, to_blue = 2 - 2 * red, 2 - 2 * blue
    exact = [
        [of_y, Fraction(0), of_cr * to_red],
        [of_y, -of_cb * to_blue * blue / green, -of_cr * to_red * red / green],
        [of_y, of_cb * to_blue, Fraction(0)],
    ]
    for row in exact:
        row.append(-sum(map(mul, row, references[::2]), Fraction(0)))
    denominator = lcm(*(each.denominator for row in exact for each in row))
    weights = tuple(tuple(int(each * denominator) for each in row) for row in exact)
    return YCbCr(weights, denominator)


def _rationals(
    file: Tiff, directory: Directory, tag: int, default: tuple[Fraction, ...]
) -> tuple[Fraction, ...]:
    if tag not in directory:
        return default
    numbers = file.numbers(directory, tag)
    if len(numbers) != 2 * len(default) or 0 in numbers[1::2]:
        raise DamagedError(f"the values of tag {tag} make no sense")
    return tuple(map(Fraction, numbers[::2], numbers[1::2]))


def line_bytes(columns: int, subsampling: tuple[int, int]) -> int:
    """Return how many bytes a line of blocks takes."""
    across, down = subsampling
    return -(-columns // across) * (across * down + 2)


def unblocked(lines: Image, columns: int, subsampling: tuple[int, int]) -> Image:
    """Return Y, Cb and Cr of each pixel; those of a block have the same Cb and Cr.

    Parameters
    ----------
    lines : ndarray of uint8, shape (lines of blocks, bytes)
    columns : int
    subsampling : (int, int)
        Columns and rows of a block.
    """
    across, down = subsampling
    blocks = lines.reshape(len(lines), -1, across * down + 2)
    count = blocks.shape[1]
    result = np.empty((len(lines), down, count, across, 3), np.uint8)
    luma = blocks[..., : across * down].reshape(len(lines), count, down, across)
    result[..., 0] = luma.swapaxes(1, 2)
    result[..., 1:] = blocks[:, None, :, None, -2:]
    return result.reshape(len(lines) * down, count * across, 3)[:, :columns]


def to_rgb(stored: Image, meaning: YCbCr) -> Image:
    """Return RGB: the exact quotients, rounded half to even."""
    most = max(meaning.denominator, *(abs(each) for row in meaning.weights for each in row))
    kind = np.int64 if most < _FITS else object
    y, cb, cr = (stored[..., at].astype(kind) for at in range(3))
    result = np.empty(stored.shape, np.uint8)
    for at, (of_y, of_cb, of_cr, added) in enumerate(meaning.weights):
        doubled = 2 * (y * of_y + cb * of_cb + cr * of_cr + added) + meaning.denominator
        rounded, rest = doubled // (2 * meaning.denominator), doubled % (2 * meaning.denominator)
        rounded = rounded - ((rest == 0) & (rounded % 2 == 1))
        result[..., at] = np.clip(rounded, 0, 255).astype(np.uint8)
    return result
