"""Coefficients of a compressed picture: between what each lay, and what a window gives there."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.ops.image import Image
from imgconv.ops.recover.blocks import (
    SIDE,
    QuantizationSteps,
    blocks_of,
    luminance,
    transformed,
    unclipped_blocks,
)

Floats = NDArray[np.float64]
LARGEST_REACH = 6
_MOST_BLOCKS = 600
LEAST_BLOCKS = 24
_CLEAR = 6
"""Levels from black and white within which a block may have been clipped before."""
_SURELY_CLEAR = 1.5
"""The same, of the values that a filter gives before they are compressed."""
_MOST_OFF = 1.6
"""How far, in levels, a coefficient of a block that was not clipped is from a multiple at most."""
_EIGHTH = 1 / 16
"""libjpeg rounds eighths of a level, halves away from 0: results begin half an eighth earlier."""


class CoefficientRows(NamedTuple):
    """Places of blocks, and between what their coefficients lay.

    Attributes
    ----------
    before : ndarray
        Luminance of the picture before.
    channels : ndarray, shape (rows, columns, channels)
        The picture before itself: each channel may have been clipped.
    rows, columns : ndarray
        Where blocks begin.
    chosen : ndarray of bool, shape (8, 8)
        Which coefficients of a block are used.
    low, high : ndarray, shape (blocks, chosen)
    """

    before: Floats
    channels: Image
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    chosen: NDArray[np.bool_]
    low: Floats
    high: Floats

    def matrix(self, reach: int) -> Floats:
        """Return what each weight of a window, and last the offset, adds to each coefficient."""
        offset = np.zeros((SIDE, SIDE))
        offset[0, 0] = SIDE
        columns = [
            transformed(self._moved(self.before, dy, dx))[:, self.chosen].ravel()
            for dy in range(-reach, reach + 1)
            for dx in range(-reach, reach + 1)
        ]
        columns.append(np.tile(offset[self.chosen], len(self.rows)))
        return np.stack(columns, axis=1)

    def _moved(self, plane: NDArray[Any], dy: int, dx: int) -> Floats:
        """Return the blocks of a plane, so many rows down and columns to the right."""
        away = np.arange(SIDE)
        at = self.rows[:, None, None] + dy + away[:, None], self.columns[:, None, None] + dx + away
        return np.asarray(plane[at], np.float64)

    def unclipped(self, weights: Floats, reach: int) -> NDArray[np.bool_]:
        """Return for each block whether weights, and last an offset, give no black or white."""
        square = weights[:-1].reshape(2 * reach + 1, -1)
        clear = np.ones(len(self.rows), bool)
        for channel in range(self.channels.shape[2]):
            plane = self.channels[..., channel]
            made = np.full((len(self.rows), SIDE, SIDE), float(weights[-1]))
            for (i, j), weight in np.ndenumerate(square):
                made += weight * self._moved(plane, i - reach, j - reach)
            low, high = made.min(axis=(1, 2)), made.max(axis=(1, 2))
            clear &= (low > _SURELY_CLEAR) & (high < 255 - _SURELY_CLEAR)
        return clear

    def only(self, blocks: NDArray[np.bool_]) -> CoefficientRows:
        """Return some of the blocks."""
        return self._replace(
            rows=self.rows[blocks],
            columns=self.columns[blocks],
            low=self.low[blocks],
            high=self.high[blocks],
        )

    def without(self, kinds: NDArray[np.bool_]) -> CoefficientRows:
        """Return all blocks without some of the chosen coefficients."""
        chosen = self.chosen.copy()
        chosen[chosen] = ~kinds
        return self._replace(chosen=chosen, low=self.low[:, ~kinds], high=self.high[:, ~kinds])


def coefficient_rows(
    before: Image, after: Image, steps: QuantizationSteps
) -> CoefficientRows | None:
    """Return the blocks to look at, those of most detail; None where there are too few."""
    plane, shown = luminance(before), luminance(after)
    margin = -(-LARGEST_REACH // SIDE)
    count = shown.shape[0] // SIDE, shown.shape[1] // SIDE
    blocks = blocks_of(shown)
    clear = unclipped_blocks(after, _CLEAR) & (blocks.std(axis=(1, 2)) > 0)
    where = np.arange(len(blocks))
    row, column = where // count[1], where % count[1]
    inside = (row >= margin) & (row < (shown.shape[0] // SIDE) - margin)
    inside &= (column >= margin) & (column < count[1] - margin)
    good = np.flatnonzero(inside & clear)
    chosen = steps.size > 0
    shift = np.zeros((SIDE, SIDE))
    shift[0, 0] = 128 * SIDE  # JPEG codes values less 128
    multiple = (transformed(blocks[good]) - shift)[:, chosen] / steps.size[chosen]
    off = np.abs(multiple - np.rint(multiple)) * steps.size[chosen]
    whole = off.max(axis=1, initial=0) < _MOST_OFF
    good, multiple = good[whole], np.rint(multiple[whole])
    if len(good) < LEAST_BLOCKS:
        return None
    detail = np.argsort(-blocks[good].std(axis=(1, 2)))[:_MOST_BLOCKS]
    good, multiple = good[detail], multiple[detail]
    bottom, top = _between(multiple, steps.size[chosen])
    return CoefficientRows(
        plane,
        before if before.ndim == 3 else before[..., None],
        row[good] * SIDE,
        column[good] * SIDE,
        chosen,
        bottom + shift[chosen],
        top + shift[chosen],
    )


def _between(multiple: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Return the least and the greatest values that are rounded to multiples of a step."""
    half = step / 2 - _EIGHTH
    low = multiple * step - np.where(multiple > 0, half + 2 * _EIGHTH, half)
    high = multiple * step + np.where(multiple < 0, half + 2 * _EIGHTH, half)
    return np.asarray(low), np.asarray(high)
