"""Which known kernel a fit is nearest to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel
from imgconv.ops.recover.fit import Fit
from imgconv.ops.recover.placement import Placement
from imgconv.ops.recover.result import Known

Floats = NDArray[np.float64]
OVERHANG = 2
"""By how much a kernel may reach out of a window: its outermost weights may be too small to see."""
_MOST_LOST = 0.03


class Match(NamedTuple):
    """A known kernel in the place of the fitted one.

    Attributes
    ----------
    known : Known
    excess : float
        Root mean square of what the result changes by, in levels, its mean left aside.
    flipped : bool
        Whether it is turned by 180 degrees, as convolution does.
    negative : bool
        Whether its sign is changed, as in a negative.
    """

    known: Known
    excess: float
    flipped: bool = False
    negative: bool = False

    @property
    def kernel(self) -> Kernel:
        """The kernel as it stands in the bank."""
        kernel: Kernel = self.known.step
        return kernel


def placed(
    weights: Floats, anchor: tuple[int, int], fit: Fit, placement: Placement
) -> Floats | None:
    """Return weights in the window of a fit, or None where they do not fit in."""
    shape = fit.weights.shape
    if placement.size is not OutputSize.SAME:
        return weights if weights.shape == shape else None
    top, left = (-anchor[a] - fit.origin[a] for a in (0, 1))
    rows, columns = weights.shape
    heavy = np.argwhere(weights)
    if heavy.size == 0:
        return None
    corner = np.array([top, left])
    first, last = heavy.min(axis=0) + corner, heavy.max(axis=0) + corner
    if (first < -OVERHANG).any() or (last >= np.array(shape) + OVERHANG).any():
        return None
    wide = np.zeros((shape[0] + 2 * rows + 2, shape[1] + 2 * columns + 2))
    down, across = top + rows + 1, left + columns + 1
    if down < 0 or across < 0:
        return None
    wide[down : down + rows, across : across + columns] = weights
    inside = wide[rows + 1 : rows + 1 + shape[0], columns + 1 : columns + 1 + shape[1]]
    lost = np.abs(wide).sum() - np.abs(inside).sum()
    return inside if lost <= _MOST_LOST * np.abs(wide).sum() else None


def excess_of(fit: Fit, weights: Floats) -> float:
    """Return by how much other weights change the result of a fit: the root of the mean square."""
    away = (fit.weights - weights).ravel()
    return float(np.sqrt(max(float(away @ fit.gram @ away), 0.0)))


def nearest(
    fit: Fit, known: Iterable[Known], placement: Placement, *, scale: float = 1.0, most: int = 8
) -> list[Match]:
    """Return the known kernels that change the result of a fit least, the nearest first."""
    found = []
    seen: dict[bytes, str] = {}
    for entry in known:
        kernel = entry.kernel
        if kernel is None:
            continue
        for flipped in (False, True):
            own, anchor = entry.floats, kernel.anchor
            if flipped:
                own = own[::-1, ::-1]
                anchor = own.shape[0] - 1 - anchor[0], own.shape[1] - 1 - anchor[1]
            weights = placed(own, anchor, fit, placement)
            if weights is None:
                continue
            key = weights.tobytes()
            if flipped and seen.get(key) == entry.name:
                continue
            seen[key] = entry.name
            for sign in (1, -1):
                excess = excess_of(fit, sign * scale * weights)
                found.append(Match(entry, excess, flipped, sign < 0))
    found.sort(
        key=lambda match: (match.excess, match.negative, match.flipped, len(match.known.name))
    )
    return found[:most]


def name_of(kernel: Kernel, known: Iterable[Known]) -> str | None:
    """Return what a kernel is called, up to a factor, or None."""
    form = kernel.integer_form
    for entry in known:
        candidate = entry.kernel
        if candidate is None or candidate.shape != kernel.shape:
            continue
        other = candidate.integer_form
        if other.bias or candidate.anchor != kernel.anchor or not other.gain:
            continue
        factor = form.gain / other.gain
        if other.weights != form.weights:
            if tuple(tuple(-w for w in row) for row in other.weights) != form.weights:
                continue
            factor = -factor
        return entry.name if factor == 1 else f"{entry.name} times {factor}"
    return None
