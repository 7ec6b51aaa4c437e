"""How two pictures of different sizes lie on one canvas."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.ops.compare.difference import per_pixel

Image = NDArray[Any]


class Gap(NamedTuple):
    """Rows or columns that only one of two pictures has.

    Attributes
    ----------
    at : int
        Of the canvas, the first of them.
    more : int
        How many the new picture has more than the expected one; negative: it has fewer.
    common : int
        How many both have.
    """

    at: int = 0
    more: int = 0
    common: int = 0


class CanvasPlacement(NamedTuple):
    """How two pictures of different sizes are laid over each other.

    Attributes
    ----------
    rows, columns : Gap
        Where each axis of the smaller one is opened.
    common, differing : int
        The pixels that both have, and how many of them differ.
    """

    rows: Gap
    columns: Gap
    common: int
    differing: int


def place(expected: Image, actual: Image) -> CanvasPlacement | None:
    """Lay two images over each other so that the most pixels agree.

    Rows that only one has are looked for at the top, at the bottom and, where the columns agree,
    in between; columns likewise.

    Parameters
    ----------
    expected, actual : ndarray, shape (rows, columns[, channels])

    Returns
    -------
    CanvasPlacement or None
        None for images of different types or channels, or of the same size.

    Examples
    --------
    >>> image = np.arange(24, dtype=np.uint8).reshape(6, 4)
    >>> placement = place(image[:4], image)
    >>> placement.rows, placement.differing
    (Gap(at=4, more=2, common=4), 0)
    """
    same_kind = expected.dtype == actual.dtype and expected.shape[2:] == actual.shape[2:]
    if not same_kind or expected.shape == actual.shape:
        return None
    candidates = [
        _candidates(expected, actual, axis, expected.shape[1 - axis] == actual.shape[1 - axis])
        for axis in (0, 1)
    ]
    found = []
    for rows, columns in itertools.product(*candidates):
        apart = per_pixel(*_common(expected, actual, rows, columns))
        found.append(CanvasPlacement(rows, columns, apart.size, int(np.count_nonzero(apart))))
    return min(found, key=lambda one: one.differing)


def _candidates(expected: Image, actual: Image, axis: int, between: bool) -> list[Gap]:
    """Return the places at which an axis may be opened, the likeliest first."""
    count = actual.shape[axis] - expected.shape[axis]
    if count == 0:
        return [Gap(common=expected.shape[axis])]
    length = min(expected.shape[axis], actual.shape[axis])
    places = [length, 0]
    if between:
        one, other = expected.swapaxes(0, axis), actual.swapaxes(0, axis)
        head = _agreeing(one[:length], other[:length])
        tail = _agreeing(one[::-1][:length], other[::-1][:length])
        places += [head, length - tail]
    return [Gap(at, count, length) for at in dict.fromkeys(places)]


def _agreeing(one: Image, other: Image) -> int:
    """Return how many rows agree before the first that does not."""
    differ = (one != other).reshape(len(one), -1).any(axis=1)
    return int(np.argmax(differ)) if differ.any() else len(one)


def _common(expected: Image, actual: Image, rows: Gap, columns: Gap) -> tuple[Image, Image]:
    """Return the pixels that both images have."""
    for axis, gap in enumerate((rows, columns)):
        extra = range(gap.at, gap.at + abs(gap.more))
        if gap.more > 0:
            actual = np.delete(actual, extra, axis)
        elif gap.more < 0:
            expected = np.delete(expected, extra, axis)
    return expected, actual


def describe_placement(placement: CanvasPlacement, subject: str) -> str:
    """Describe what one picture has more or fewer, and whether the rest agrees.

    Examples
    --------
    >>> describe_placement(CanvasPlacement(Gap(4, 12, 4), Gap(0, 0, 4), 16, 0), "B")
    'B has 12 more rows at the bottom; the rest is equal'
    """
    said = [
        _words(gap, noun, ends)
        for gap, noun, ends in (
            (placement.rows, "row", ("top", "bottom")),
            (placement.columns, "column", ("left", "right")),
        )
        if gap.more
    ]
    rest = "the rest is equal"
    if placement.differing:
        share = 100 * placement.differing / placement.common
        rest = f"of the rest {placement.differing} pixels differ ({share:.3g} %)"
    return f"{subject} has {' and '.join(said)}; {rest}"


def _words(gap: Gap, noun: str, ends: tuple[str, str]) -> str:
    count, than = abs(gap.more), "more" if gap.more > 0 else "fewer"
    where = f"at {noun} {gap.at}"
    if gap.at in (0, gap.common):
        where = f"at the {ends[gap.at == gap.common]}"
    return f"{count} {than} {noun}{'' if count == 1 else 's'} {where}"


def expand(
    image: Image, placement: CanvasPlacement, *, new: bool
) -> tuple[Image, NDArray[np.bool_]]:
    """Put an image on the common canvas.

    Parameters
    ----------
    image : ndarray
    placement : CanvasPlacement
    new : bool
        Whether it is the new picture, and not the expected one.

    Returns
    -------
    (ndarray, ndarray of bool)
        The canvas, and which of its pixels the image has.
    """
    present = np.ones(image.shape[:2], bool)
    for axis, gap in enumerate((placement.rows, placement.columns)):
        if (gap.more < 0) if new else (gap.more > 0):
            places = [gap.at] * abs(gap.more)
            image = np.insert(image, places, 0, axis)
            present = np.insert(present, places, False, axis)
    return image, present
