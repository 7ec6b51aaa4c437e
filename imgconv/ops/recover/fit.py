"""Weights of a linear filter by least squares over a window, robust against outliers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.output import Depth
from imgconv.ops.image import Image
from imgconv.ops.recover.placement import Placement
from imgconv.ops.recover.sample import unclipped

Floats = NDArray[np.float64]
_MOST_SAMPLES = 24_000
_BLOCK = 4096
_ROUNDS = 3


class Fit(NamedTuple):
    """What least squares found.

    Attributes
    ----------
    weights : ndarray, shape (rows, columns)
    error : ndarray
        Standard errors of the weights.
    offset : float
    origin : (int, int)
        Row and column of the window, relative to the output pixel, where `weights` begins.
    gram : ndarray
        Mean products of the window's values, less their means.
    rms : float
        Of what is left, without outliers.
    explained : float
        Share of the variance, 0 to 1, outliers included.
    exact : bool
        Whether no more than rounding is left.
    samples : int
    """

    weights: Floats
    error: Floats
    offset: float
    origin: tuple[int, int]
    gram: Floats
    rms: float
    explained: float
    exact: bool
    samples: int


class WindowMatrix(NamedTuple):
    """Where windows are taken, and what came out there."""

    before: Image
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    channels: NDArray[np.intp]
    values: Floats

    def matrix(self, across: tuple[range, range], chosen: slice | NDArray[np.intp]) -> Floats:
        """Return the values under the window, one row for each place."""
        rows, columns = self.rows[chosen], self.columns[chosen]
        channels = self.channels[chosen]
        parts = [
            self.before[rows + dy, columns + dx, channels] for dy in across[0] for dx in across[1]
        ]
        return np.stack(parts, axis=1).astype(np.float64)


def take_windows(
    before: Image,
    after: Image,
    placement: Placement,
    reach: tuple[int, int],
    seed: int = 0,
    *,
    most: int = _MOST_SAMPLES,
    clipped: bool = False,
) -> WindowMatrix:
    """Return windows at random places where no border is near.

    Unless `clipped`, the output is neither the least nor the greatest value of its type there.
    """
    planes = before if before.ndim == 3 else before[..., None]
    shown = after if after.ndim == 3 else after[..., None]
    rng = np.random.default_rng(seed)
    limits = []
    for axis, offsets in enumerate(placement.offsets(reach)):
        stride = placement.stride[axis]
        low = -(-max(0, -offsets[0]) // stride)
        high = min(shown.shape[axis], (before.shape[axis] - 1 - max(offsets[-1], 0)) // stride + 1)
        limits.append((low, max(high, low)))
    area = (limits[0][1] - limits[0][0]) * (limits[1][1] - limits[1][0])
    colours = 1 if shown.shape[2] < 3 else 3
    count = min(4 * most, area * colours)
    if area < 1:
        empty = np.zeros(0, np.intp)
        return WindowMatrix(planes, empty, empty, empty, np.zeros(0))
    flat = rng.integers(area * colours, size=count) if count < area * colours else np.arange(count)
    channel, place = flat // area, flat % area
    width = limits[1][1] - limits[1][0]
    row, column = place // width + limits[0][0], place % width + limits[1][0]
    values = shown[row, column, channel]
    good = np.arange(count) if clipped else np.flatnonzero(unclipped(values))
    good = rng.permutation(good)[:most]
    down, across = placement.stride
    return WindowMatrix(
        planes,
        row[good] * down,
        column[good] * across,
        channel[good],
        values[good].astype(np.float64),
    )


def fit_window(windows: WindowMatrix, across: tuple[range, range], depth: Depth) -> Fit | None:
    """Return the weights that explain the values best, or None where there are too few places."""
    unknowns = len(across[0]) * len(across[1])
    places = min(len(windows.values), max(6000, 16 * unknowns))
    if places < 3 * unknowns + 20:
        return None
    chosen = np.arange(places)
    keep = np.ones(places, bool)
    weights, offset = np.zeros(unknowns), 0.0
    left, gram, mean = windows.values[chosen], np.eye(unknowns), np.zeros(unknowns)
    blocks = [chosen[i : i + _BLOCK] for i in range(0, places, _BLOCK)]
    small = unknowns <= 400
    kept = [windows.matrix(across, block) for block in blocks] if small else []
    for _ in range(_ROUNDS):
        gram, mean, moment, level = _moments(windows, across, blocks, keep, kept)
        weights = _solved(gram, moment)
        offset = level - float(mean @ weights)
        left = np.concatenate([
            windows.values[block] - offset
            - (kept[i] if small else windows.matrix(across, block)) @ weights
            for i, block in enumerate(blocks)
        ])  # fmt: skip
        typical = 1.4826 * float(np.median(np.abs(left - np.median(left))))
        bound = max(5 * typical, 1e-5 if depth is Depth.F32 else 0.75)
        again = np.abs(left) <= bound
        if again.sum() < 2 * unknowns + 20 or (again == keep).all():
            break
        keep = again
    inside = left[keep]
    rms = float(np.sqrt(np.mean(inside**2)))
    variance = float(np.var(windows.values[chosen])) or 1.0
    spread = _inverse_diagonal(gram) * rms**2 / max(int(keep.sum()) - unknowns, 1)
    shape = len(across[0]), len(across[1])
    return Fit(
        weights.reshape(shape),
        np.sqrt(spread).reshape(shape),
        offset,
        (across[0][0], across[1][0]),
        gram,
        rms,
        1 - float(np.mean(left**2)) / variance,
        _is_exact(left, depth, windows.values),
        int(keep.sum()),
    )


def _is_exact(left: Floats, depth: Depth, values: Floats) -> bool:
    if depth is Depth.F32:
        scale = float(np.abs(values).max()) or 1.0
        return float(np.quantile(np.abs(left), 0.995)) <= 4e-7 * scale
    return float(np.quantile(np.abs(left), 0.99)) <= 0.7  # values near a bound lean to one side


def _moments(
    windows: WindowMatrix,
    across: tuple[range, range],
    blocks: list[NDArray[np.intp]],
    keep: NDArray[np.bool_],
    kept: list[Floats],
) -> tuple[Floats, Floats, Floats, float]:
    """Return the mean products of windows and values, less their means, and the means."""
    unknowns = len(across[0]) * len(across[1])
    gram, moment = np.zeros((unknowns, unknowns)), np.zeros(unknowns)
    total = max(int(keep.sum()), 1)
    level = float(windows.values[: len(keep)][keep].mean())
    shift: Floats | None = None
    summed: Floats = np.zeros(unknowns)
    values_sum = 0.0
    for i, block in enumerate(blocks):
        taken = keep[block]
        matrix = (kept[i] if kept else windows.matrix(across, block))[taken]
        if shift is None:
            shift = np.asarray(matrix.sum(axis=0) / max(len(matrix), 1), np.float64)
        matrix = matrix - shift
        values = windows.values[block][taken] - level
        gram += matrix.T @ matrix
        moment += matrix.T @ values
        summed += matrix.sum(axis=0)
        values_sum += float(values.sum())
    mean: Floats = summed / total
    gram = gram / total - np.outer(mean, mean)
    moment = moment / total - mean * (values_sum / total)
    return gram, mean + (0 if shift is None else shift), moment, level + values_sum / total


def _solved(gram: Floats, moment: Floats) -> Floats:
    ridge = 1e-13 * float(np.trace(gram)) / len(gram)
    solved = np.linalg.solve(gram + max(ridge, 1e-30) * np.eye(len(gram)), moment)
    return np.asarray(solved, np.float64)


def _inverse_diagonal(gram: Floats) -> Floats:
    ridge = 1e-13 * float(np.trace(gram)) / len(gram)
    result: Floats = np.diag(np.linalg.inv(gram + max(ridge, 1e-30) * np.eye(len(gram)))).copy()
    return np.maximum(result, 0)
