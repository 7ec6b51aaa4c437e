"""How much of the filtered value each pixel gets: regions, a mask, and the fade at their edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.errors import ArgumentError
from imgconv.model.region import WHITE, Region, Selection
from imgconv.ops.image import Image, has_alpha

Weights = NDArray[np.uint16]
MaskRows = Callable[[int, int], Weights]
"""Returns rows `start` to `stop` of the weights of a mask."""
_TILE = 256  # rows and columns whose distances are measured at once


def mask_weights(mask: Image, name: str = "the mask") -> Weights:
    """Return the weights of a mask as shares of 65535: white is all, black nothing.

    Parameters
    ----------
    mask : ndarray, shape (rows, columns) or (rows, columns, channels)
        bool, uint8, uint16, or float32 from 0 to 1. Colours must be gray, alpha opaque.
    name : str
        For messages.

    Raises
    ------
    ArgumentError
        For another type, colours, transparency, or floats that are no shares.

    Examples
    --------
    >>> mask_weights(np.array([[0, 1, 255]], np.uint8))
    array([[    0,   257, 65535]], dtype=uint16)
    """
    gray = _one_channel(mask, name)
    if gray.dtype == np.bool_:
        return np.where(gray, np.uint16(WHITE), np.uint16(0))
    if gray.dtype == np.uint8:
        return gray.astype(np.uint16) * np.uint16(257)
    if gray.dtype == np.uint16:
        return gray
    if gray.dtype not in (np.float32, np.float64):
        raise ArgumentError(
            f"{name} is {gray.dtype}; a mask is black and white, 8 or 16 bits, or floats 0 to 1"
        )
    if not ((gray >= 0) & (gray <= 1)).all():
        raise ArgumentError(f"{name} has values that are not from 0 to 1, as those of a float mask")
    return np.rint(gray.astype(np.float64) * WHITE).astype(np.uint16)


def _one_channel(mask: Image, name: str) -> Image:
    if mask.ndim == 2:
        return mask
    if has_alpha(mask):
        white = 1 if mask.dtype.kind == "f" else np.iinfo(mask.dtype).max
        if (mask[..., -1] != white).any():
            raise ArgumentError(
                f"{name} has transparent pixels", hint="flatten it: white is filtered, black is not"
            )
        mask = mask[..., :-1]
    gray = mask[..., 0]
    if any((mask[..., channel] != gray).any() for channel in range(1, mask.shape[2])):
        raise ArgumentError(
            f"{name} has colours; a mask is gray",
            hint="convert it first: imgconv gray MASK gray.png",
        )
    return gray


def check_mask_size(mask: Sequence[int], image: Sequence[int], name: str = "the mask") -> None:
    """Check that a mask is as large as an image.

    Raises
    ------
    ArgumentError
        When it is not.
    """
    if tuple(mask[:2]) != tuple(image[:2]):
        raise ArgumentError(
            f"{name} is {mask[0]} x {mask[1]}, the image {image[0]} x {image[1]} (rows x columns)",
            hint="a mask has the size of the image, upright",
        )


def weights_of_rows(
    selection: Selection,
    size: tuple[int, int],
    start: int,
    stop: int,
    columns: tuple[int, int] | None = None,
    mask: MaskRows | None = None,
) -> Weights:
    """Return the weights of some rows of an image.

    Parameters
    ----------
    selection : Selection
    size : (int, int)
        Rows and columns of the image.
    start, stop : int
    columns : (int, int), optional
        The first column and the one after the last; default all.
    mask : callable, optional
        Gives the rows of the mask.

    Returns
    -------
    ndarray of uint16, shape (stop - start, columns)
        With a feather of n, the weight at a distance d (Euclidean) from the nearest pixel of
        weight 0 is multiplied by ``min(1, d / (n + 1))``, and rounded to shares of 65535. Beyond
        the edge of the image nothing has weight 0.

    Raises
    ------
    ArgumentError
        When a region reaches outside.
    """
    for region in selection.regions:
        region.check_inside(*size)
    first, last = columns or (0, size[1])
    around = selection.feather + 1 if selection.feather else 0
    top, bottom = max(start - around, 0), min(stop + around, size[0])
    left, right = max(first - around, 0), min(last + around, size[1])
    plane = _plain(selection, top, bottom, left, right, mask)
    inner = slice(start - top, stop - top), slice(first - left, last - left)
    if not selection.feather:
        return plane
    return _faded(plane, inner, selection.feather)


def _plain(
    selection: Selection, top: int, bottom: int, left: int, right: int, mask: MaskRows | None
) -> Weights:
    """Return the weights of a rectangle, before they are faded."""
    if mask is None:
        plane = np.full((bottom - top, right - left), WHITE, np.uint16)
    else:
        plane = mask(top, bottom)[:, left:right]
        if selection.mask_invert:
            plane = WHITE - plane
    if not selection.regions:
        return plane
    inside = np.zeros(plane.shape, bool)
    for row, column, rows, columns in selection.regions:
        inside[
            max(row - top, 0) : max(row + rows - top, 0),
            max(column - left, 0) : max(column + columns - left, 0),
        ] = True
    return np.where(inside, plane, np.uint16(0))


def _faded(plane: Weights, inner: tuple[slice, slice], feather: int) -> Weights:
    """Return the inner part of weights, faded towards those that are 0."""
    reach = feather + 1
    found = plane[inner].copy()
    for row in range(0, found.shape[0], _TILE):
        for column in range(0, found.shape[1], _TILE):
            tile = found[row : row + _TILE, column : column + _TILE]
            if not tile.any():
                continue
            top, left = row + inner[0].start, column + inner[1].start
            high, low = max(top - reach, 0), max(left - reach, 0)
            seen = plane[high : top + tile.shape[0] + reach, low : left + tile.shape[1] + reach]
            squares = _squared_distances(seen)[
                top - high : top - high + tile.shape[0], left - low : left - low + tile.shape[1]
            ]
            shares = np.minimum(np.sqrt(squares) / reach, 1.0)
            tile[:] = np.rint(tile * shares).astype(np.uint16)
    return found


def _squared_distances(plane: Weights) -> NDArray[np.float64]:
    """Return the squared distance of each pixel from the nearest one of weight 0; whole numbers."""
    selected = (plane != 0).astype(np.uint8)
    if selected.all():
        return np.full(plane.shape, np.inf)
    cv2 = load_cv2()
    distances = cv2.distanceTransform(selected, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    squares: NDArray[np.float64] = np.rint(np.square(distances.astype(np.float64)))
    return squares


def box_of(region: Region) -> tuple[slice, slice]:
    """Return the rows and columns of a region."""
    return (
        slice(region.row, region.row + region.rows),
        slice(region.column, region.column + region.columns),
    )


def bounding_box(flags: NDArray[Any]) -> Region | None:
    """Return the least rectangle that holds every value that is not 0; None where all are."""
    rows, columns = np.flatnonzero(flags.any(axis=1)), np.flatnonzero(flags.any(axis=0))
    if not len(rows):
        return None
    top, left = int(rows[0]), int(columns[0])
    return Region(top, left, int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left)
