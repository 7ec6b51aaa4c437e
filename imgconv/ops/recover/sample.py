"""Parts of two pictures on which recipes are tried out: the middle, and the frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth
from imgconv.ops.image import Image
from imgconv.ops.recover.placement import Placement

_SIDE = 96
_CORNER = 40


class Sample(NamedTuple):
    """A part of each picture, and which pixels of the second are to be compared.

    Attributes
    ----------
    before, after : ndarray
    rows, columns : ndarray
        Rows and columns of `after` that count.
    """

    before: Image
    after: Image
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    def counted(self, image: Image) -> Image:
        """Return the pixels of a picture of the size of `after` that count."""
        return image[np.ix_(self.rows, self.columns)]


def unclipped(after: Image) -> NDArray[np.bool_]:
    """Return where values lie between the least and the greatest of their type."""
    depth = Depth.of(after.dtype)
    if depth is Depth.F32:
        return np.isfinite(after)
    return (after > depth.low) & (after < depth.high)


def middle_sample(before: Image, after: Image, placement: Placement, margin: int) -> Sample:
    """Return the part with the most texture that is least clipped, without its rim."""
    side = _SIDE + 2 * margin
    spans = [
        _best_span(before, after, placement, axis, side) for axis in (0, 1)
    ]  # each axis is chosen on its own: cheap, and good enough
    (top, bottom), (left, right) = spans
    down, across = placement.stride
    more = [
        max(taps - stride, 0) if placement.size is OutputSize.VALID else 0
        for taps, stride in zip(placement.taps, placement.stride, strict=True)
    ]
    part = before[top * down : bottom * down + more[0], left * across : right * across + more[1]]
    shown = after[top:bottom, left:right]
    rows, columns = (np.arange(margin, max(n - margin, margin + 1)) for n in shown.shape[:2])
    return Sample(part, shown, rows[rows < len(shown)], columns[columns < shown.shape[1]])


def _best_span(
    before: Image, after: Image, placement: Placement, axis: int, side: int
) -> tuple[int, int]:
    length, stride = after.shape[axis], placement.stride[axis]
    length = min(length, before.shape[axis] // stride) or 1
    if length <= side:
        return 0, length
    thin = tuple(slice(None, None, max(1, n // 512)) if a != axis else slice(None)
                 for a, n in enumerate(after.shape[:2]))  # fmt: skip
    inside = unclipped(after[thin]).mean(axis=tuple(a for a in range(after.ndim) if a != axis))
    moved = np.abs(np.diff(after[thin].astype(np.float32), axis=axis))
    texture = np.append(moved.mean(axis=tuple(a for a in range(after.ndim) if a != axis)), 0)
    worth = np.minimum(texture, np.quantile(texture, 0.9)) * inside
    sums = np.cumsum(np.append(0, worth[:length]))
    start = int(np.argmax(sums[side:] - sums[:-side]))
    return start, start + side


def frame_sample(before: Image, after: Image, placement: Placement, reach: int) -> Sample:
    """Return the four corners moved together: borders act on them as on the whole picture."""
    whole = [np.arange(n) for n in after.shape[:2]]
    if placement.size is OutputSize.VALID:
        return Sample(before, after, *whole)
    sources, targets, counted = [], [], []
    for axis in (0, 1):
        source, target, count = _ends(
            before.shape[axis], after.shape[axis], placement.stride[axis], reach
        )
        sources.append(source)
        targets.append(target)
        counted.append(count)
    return Sample(before[np.ix_(*sources)], after[np.ix_(*targets)], counted[0], counted[1])


def _ends(
    n: int, m: int, stride: int, reach: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return source and output positions of both ends, and which outputs the seam leaves alone."""
    keep = _CORNER + 2 * reach
    if m <= 2 * keep + 2:
        return np.arange(n), np.arange(m), np.arange(m)
    skipped = m - 2 * keep
    source = np.r_[0 : keep * stride, (keep + skipped) * stride : n]
    target = np.r_[0:keep, keep + skipped : m]
    free = -(-reach // stride) + 1
    return source, target, np.r_[0 : keep - free, keep + free : 2 * keep]
