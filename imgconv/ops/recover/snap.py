"""Weights of a fit as exact numbers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational, simplest
from imgconv.ops.recover.fit import Fit
from imgconv.ops.recover.placement import Placement

_DENOMINATORS = 4096
_DECIMALS = 7


def support(fit: Fit, placement: Placement) -> tuple[range, range]:
    """Return rows and columns of the window, from the output pixel, that carry weight.

    The output pixel's own place is among them, since an anchor lies inside a kernel.
    """
    rows, columns = fit.weights.shape
    top, left = fit.origin
    if placement.size is not OutputSize.SAME:
        return range(top, top + rows), range(left, left + columns)
    heavy = np.abs(fit.weights) > np.maximum(
        4.5 * fit.error, 1e-7 * np.abs(fit.weights).max(initial=0)
    )
    if not heavy.any():
        return range(1), range(1)
    found = []
    for axis, start in ((1, top), (0, left)):
        along = np.flatnonzero(heavy.any(axis=axis)) + start
        found.append(range(min(int(along[0]), 0), max(int(along[-1]), 0) + 1))
    return found[0], found[1]


def exact_kernels(fit: Fit, placement: Placement, scale: float = 1.0) -> Iterator[Kernel]:
    """Return kernels whose weights are near those of a fit, those of the least denominator first.

    Parameters
    ----------
    fit : Fit
    placement : Placement
    scale : float, optional
        Divides the weights.
    """
    weights, error = fit.weights / scale, fit.error / scale
    for unit in _units(weights, error):
        whole = np.rint(weights * unit)
        yield _kernel([[Fraction(int(w), unit) for w in row] for row in whole], fit, placement)
    digits = int(np.clip(np.ceil(-np.log10(max(float(error.max()), 1e-12))), 2, _DECIMALS))
    tens = 10**digits
    rounded = [[Fraction(round(float(w) * tens), tens) for w in row] for row in weights]
    if any(map(any, rounded)):
        yield _kernel(rounded, fit, placement)


def _units(weights: NDArray[np.float64], error: NDArray[np.float64]) -> list[int]:
    """Return denominators that make all weights whole, as far as they are known."""
    bound = 4 * error + 1e-7 * np.abs(weights).max(initial=0)
    found = []
    for unit in range(1, _DENOMINATORS + 1):
        scaled = weights * unit
        off = np.abs(scaled - np.rint(scaled))
        if (bound * unit).max(initial=0) > 0.3:
            break
        if (off <= bound * unit + 1e-9).all() and np.rint(scaled).any():
            found.append(unit)
            if len(found) == 3:
                break
    return found


def _kernel(rows: list[list[Fraction]], fit: Fit, placement: Placement) -> Kernel:
    weights: list[list[Rational]] = [[simplest(weight) for weight in row] for row in rows]
    anchor = None
    if placement.size is OutputSize.SAME:
        anchor = -fit.origin[0], -fit.origin[1]
    return Kernel(weights, anchor=anchor)


def offsets_of(value: float, depth_is_float: bool) -> list[Rational]:
    """Return exact numbers that an offset, known to about a half, may be."""
    if depth_is_float:
        near = simplest(Fraction(round(value * 2**20), 2**20))
        return [0] if abs(value) < 1e-5 else [near]
    whole = [round(value), round(value + 0.5), round(value - 0.5)]
    return list(dict.fromkeys([0, *whole] if abs(value) < 1.1 else whole))
