"""A linear filter whose results wrap around at the ends of a byte."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth
from imgconv.ops.recover.fit import Fit, Floats, WindowMatrix, fit_window, take_windows
from imgconv.ops.recover.snap import exact_kernels
from imgconv.ops.recover.tryout import Trial

_LEVELS = 256
_REACHES = (1, 2)
_PLACES = 12_000
_ROUNDS = 6
_TOTALS = (0, 1, 2, -1, 3, 4, 5, 6, 7, 8)
"""What weights may add up to."""
_CALM = 0.3
"""Share of the places, those of the least contrast, that the first fit uses."""


def wrapped_kernel(trial: Trial) -> Kernel | None:
    """Return the kernel whose results, taken modulo 256, make a picture of bytes, or None.

    Where a picture has little contrast, results stay near 0 or near the pixel itself, by how much
    the weights add up to; a fit there tells how often results elsewhere have wrapped.
    """
    for reach in _REACHES:
        across = trial.placement.offsets((reach, reach))
        windows = take_windows(
            trial.before, trial.after, trial.placement, (reach, reach), most=_PLACES, clipped=True
        )
        if len(windows.values) < _PLACES // 10:
            return None
        matrix = windows.matrix(across, slice(None))
        for total in _TOTALS:
            fit = _unwrapped(windows, matrix, across, total)
            if fit is not None and fit.exact:
                return next(exact_kernels(fit, trial.placement), None)
    return None


def _unwrapped(
    windows: WindowMatrix, matrix: Floats, across: tuple[range, range], total: int
) -> Fit | None:
    """Return a fit to results put back to where they were before they wrapped."""
    contrast = np.ptp(matrix, axis=1)
    calm = np.flatnonzero((contrast > 0) & (contrast <= np.quantile(contrast, _CALM)))
    predicted = total * matrix[:, matrix.shape[1] // 2]
    chosen: NDArray[np.intp] = calm
    fit: Fit | None = None
    for _ in range(_ROUNDS):
        turns = np.rint((predicted - windows.values) / _LEVELS)
        whole = windows._replace(values=windows.values + _LEVELS * turns)
        fit = fit_window(_some(whole, chosen), across, Depth.U8)
        if fit is None:
            return None
        if len(chosen) == len(matrix) and fit.rms > _LEVELS / 16:
            return None
        again = matrix @ fit.weights.ravel() + fit.offset
        if len(chosen) == len(matrix) and np.abs(again - predicted).max() < 1:
            break
        predicted, chosen = again, np.arange(len(matrix))
    return fit


def _some(windows: WindowMatrix, chosen: NDArray[np.intp]) -> WindowMatrix:
    before, rows, columns, channels, values = windows
    return WindowMatrix(before, rows[chosen], columns[chosen], channels[chosen], values[chosen])
