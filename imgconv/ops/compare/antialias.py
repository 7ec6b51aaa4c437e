"""Which pixels are antialiased (V. Vysniauskas, Anti-aliased Pixel and Intensity Slope Detector).

A pixel is antialiased in a picture when at most two of its eight neighbours are as bright as it,
one is darker and one brighter, and the darkest or the brightest of them lies in an area: at least
three of that one's own neighbours have its colour, in both pictures. Beyond the edge of a picture
lies one neighbour of the pixel's own colour.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]
_STEPS = tuple((r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c)
_LUMA = (0.299, 0.587, 0.114)


def antialiased_in_both(
    expected: Image, actual: Image, marked: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which of the marked pixels are antialiased in both images, shape (rows, columns).

    Parameters
    ----------
    expected, actual : ndarray, shape (rows, columns[, channels])
    marked : ndarray of bool, shape (rows, columns)
        The pixels that are looked at.
    """
    rows, columns = np.nonzero(marked)
    found = np.zeros(marked.shape, bool)
    if rows.size:
        areas = _in_area(expected) & _in_area(actual)
        both = _slopes(expected, areas, rows, columns) & _slopes(actual, areas, rows, columns)
        found[rows[both], columns[both]] = True
    return found


def _slopes(
    image: Image, areas: NDArray[np.bool_], rows: NDArray[Any], columns: NDArray[Any]
) -> NDArray[np.bool_]:
    """Return which pixels lie on a slope from an area to something else."""
    bright = _brightness(image)
    height, width = bright.shape
    at_edge = (rows == 0) | (columns == 0) | (rows == height - 1) | (columns == width - 1)
    equal = at_edge.astype(int)
    least, most = np.zeros(rows.size), np.zeros(rows.size)
    dark_area, bright_area = np.zeros(rows.size, bool), np.zeros(rows.size, bool)
    for step_row, step_column in _STEPS:
        row, column = rows + step_row, columns + step_column
        inside = (row >= 0) & (column >= 0) & (row < height) & (column < width)
        row, column = np.where(inside, row, rows), np.where(inside, column, columns)
        change = bright[row, column] - bright[rows, columns]
        equal += inside & (change == 0)
        darker, brighter = change < least, change > most
        least, most = np.where(darker, change, least), np.where(brighter, change, most)
        dark_area = np.where(darker, areas[row, column], dark_area)
        bright_area = np.where(brighter, areas[row, column], bright_area)
    slope: NDArray[np.bool_] = (equal <= 2) & (least < 0) & (most > 0) & (dark_area | bright_area)
    return slope


def _brightness(image: Image) -> NDArray[np.float64]:
    if image.ndim == 2 or image.shape[2] < 3:
        return np.asarray(image.reshape(*image.shape[:2], -1)[..., 0], np.float64)
    return np.asarray(image[..., :3] @ np.array(_LUMA))


def _in_area(image: Image) -> NDArray[np.bool_]:
    """Return which pixels have at least three neighbours of their own colour."""
    height, width = image.shape[:2]
    alike = np.zeros((height, width), np.int8)
    alike[[0, -1]] = 1
    alike[:, [0, -1]] = 1
    for row, column in _STEPS:
        here = np.s_[max(0, -row) : height - max(0, row), max(0, -column) : width - max(0, column)]
        there = np.s_[max(0, row) : height + min(0, row), max(0, column) : width + min(0, column)]
        same = image[here] == image[there]
        alike[here] += same if same.ndim == 2 else same.all(axis=2)
    return np.asarray(alike > 2)
