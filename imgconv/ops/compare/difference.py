"""How a picture changed, and whether a tolerance allows that (``levels/1`` and other metrics)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.tolerance import METRICS, Tolerance
from imgconv.ops.compare.antialias import antialiased_in_both
from imgconv.ops.compare.appearance import appearances
from imgconv.ops.compare.metrics import absolute_difference
from imgconv.ops.compare.perceptual import describe_broken, measure_metric

Image = NDArray[Any]
_WINDOW = 16


class Rectangle(NamedTuple):
    """A rectangle of pixels: its first row and column, and how many it has."""

    row: int
    column: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Change:
    """How a picture differs from the one expected.

    Attributes
    ----------
    pixels, differing : int
        The pixels that count, and how many of them differ by more than the tolerance's level.
    unequal : int
        How many differ at all.
    max_abs_diff : float
    mean : float
        The greatest mean of (new - expected) of any channel, with its sign.
    bounding_box : Rectangle or None
        Around all that differ by more than the level; else around all that differ at all.
    worst_window : Rectangle or None
        The window with the most of them; its side is that of the tolerance's density, or 16.
    worst_count : int
    antialiased : int
        How many pixels were left out because they are antialiased in both pictures.
    metrics : dict
        The values of the other metrics that the tolerance limits.
    broken : tuple of str
        The limits that are not kept, in words; empty when the change passes.
    """

    pixels: int
    differing: int
    unequal: int
    max_abs_diff: float
    mean: float
    bounding_box: Rectangle | None
    worst_window: Rectangle | None
    worst_count: int
    antialiased: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    broken: tuple[str, ...] = ()


def judge(
    expected: Image, actual: Image, tolerance: Tolerance, counted: NDArray[np.bool_] | None = None
) -> Change:
    """Measure how an image differs from another of the same shape and type.

    Parameters
    ----------
    expected, actual : ndarray, shape (rows, columns[, channels])
    tolerance : Tolerance
    counted : ndarray of bool, shape (rows, columns), optional
        The pixels that count; default all.

    Examples
    --------
    >>> expected = np.zeros((4, 5), np.uint8)
    >>> actual = expected.copy()
    >>> actual[1, 2:4] = 9
    >>> change = judge(expected, actual, Tolerance())
    >>> change.bounding_box, change.broken
    (Rectangle(row=1, column=2, rows=1, columns=2), ('2 of 20 pixels differ (10 %), none may',))
    """
    pixels = int(expected.shape[0] * expected.shape[1] if counted is None else counted.sum())
    side = tolerance.density[1] if tolerance.density else _WINDOW
    part = changed_part(expected, actual, margin=side)
    if part is None:
        return _unchanged(pixels, tolerance)
    cut = np.s_[part.row : part.row + part.rows, part.column : part.column + part.columns]
    counts = np.ones((part.rows, part.columns), bool) if counted is None else counted[cut]
    look = tolerance.alpha == "look"
    before, after = expected[cut], actual[cut]
    pairs = appearances(before, after) if look else [(before, after)]
    apart = per_pixel(*pairs[0])
    for pair in pairs[1:]:
        apart = np.maximum(apart, per_pixel(*pair))
    apart[~counts] = 0
    over = apart > tolerance.level
    marked = over if over.any() else apart > 0
    window, count = worst_window(marked, side)
    densest = count if over.any() else 0
    smooth = 0
    if tolerance.antialias == "ignore" and over.any():
        ignored = antialiased_in_both(before, after, over)
        smooth = int(ignored.sum())
        over = over & ~ignored
    change = Change(
        pixels=pixels,
        differing=int(over.sum()),
        unequal=int(np.count_nonzero(apart)),
        max_abs_diff=float(np.max(apart, where=over, initial=0) if smooth else apart.max()),
        mean=max((_drift(*pair, counts, pixels) for pair in pairs), key=abs),
        bounding_box=_moved(bounding_box(marked), part),
        worst_window=_moved(window, part),
        worst_count=count,
        antialiased=smooth,
        metrics=_measured(expected, actual, tolerance, counted),
    )
    return replace(change, broken=_broken(change, tolerance, densest))


def changed_part(expected: Image, actual: Image, margin: int) -> Rectangle | None:
    """Return the part outside which two images are equal, with a margin; None for equal ones.

    What is not equal is mostly a small part, and all else need not be looked at again.
    """
    if expected is actual:
        return None
    rows = np.flatnonzero(_unequal(expected, actual).any(axis=1))
    if not rows.size:
        return None
    first, last = max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1
    band = _unequal(expected[rows[0] : rows[-1] + 1], actual[rows[0] : rows[-1] + 1])
    width = expected.shape[1]
    columns = np.flatnonzero(band.any(axis=0).reshape(width, -1).any(axis=1))
    left, right = max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1
    return Rectangle(first, left, min(last, expected.shape[0]) - first, min(right, width) - left)


def _unequal(expected: Image, actual: Image) -> NDArray[np.bool_]:
    """Return which values differ, a row of them for each row; two NaN are equal."""
    differ = expected != actual
    if expected.dtype == np.float32:
        differ &= ~(np.isnan(expected) & np.isnan(actual))
    return np.asarray(differ.reshape(len(expected), -1))


def _moved(box: Rectangle | None, part: Rectangle) -> Rectangle | None:
    """Return a box of a part as one of the whole."""
    return box and box._replace(row=box.row + part.row, column=box.column + part.column)


def _unchanged(pixels: int, tolerance: Tolerance) -> Change:
    equal = {"psnr": math.inf, "ssim": 1.0, "ciede2000": 0.0, "flip": 0.0}
    metrics = {name: equal[name] for name in METRICS if getattr(tolerance, name) is not None}
    return Change(pixels, 0, 0, 0.0, 0.0, None, None, 0, metrics=metrics)


def _measured(
    expected: Image, actual: Image, tolerance: Tolerance, counted: NDArray[np.bool_] | None
) -> dict[str, float]:
    """Measure by the metrics that have a limit; ignored pixels are as expected."""
    asked = [name for name in METRICS if getattr(tolerance, name) is not None]
    if asked and counted is not None:
        actual = np.where(counted if actual.ndim == 2 else counted[..., None], actual, expected)
    look = tolerance.alpha == "look"
    return {name: measure_metric(name, expected, actual, look=look) for name in asked}


def per_pixel(expected: Image, actual: Image) -> Image:
    """Return the greatest difference of any channel, shape (rows, columns)."""
    if expected.dtype == np.float32:
        apart: Image = absolute_difference(expected, actual)
    elif expected.dtype == np.int16:
        apart = np.abs(expected.astype(np.int32) - actual)
    else:  # without widening: it is the larger one less the smaller
        apart = np.maximum(expected, actual) - np.minimum(expected, actual)
    if apart.ndim == 2:
        return apart
    greatest = apart[..., 0].copy()
    for channel in range(1, apart.shape[2]):  # much faster than max over so short an axis
        np.maximum(greatest, apart[..., channel], out=greatest)
    return greatest


def bounding_box(marked: NDArray[np.bool_]) -> Rectangle | None:
    """Return the least box around the marked pixels."""
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if not rows.size:
        return None
    first, last = (int(rows[0]), int(columns[0])), (int(rows[-1]), int(columns[-1]))
    return Rectangle(*first, last[0] - first[0] + 1, last[1] - first[1] + 1)


def worst_window(marked: NDArray[np.bool_], side: int) -> tuple[Rectangle | None, int]:
    """Find the window of side x side with the most marked pixels, and how many those are.

    An integral image gives every window's count by three additions. In a smaller image the window
    is cut to it.
    """
    height, width = min(side, marked.shape[0]), min(side, marked.shape[1])
    total = np.zeros((marked.shape[0] + 1, marked.shape[1] + 1), np.int32)
    np.cumsum(np.cumsum(marked, axis=0, dtype=np.int32), axis=1, out=total[1:, 1:])
    counts = total[height:, width:] - total[:-height, width:]
    counts -= total[height:, :-width] - total[:-height, :-width]
    row, column = np.unravel_index(int(np.argmax(counts)), counts.shape)
    most = int(counts[row, column])
    return (Rectangle(int(row), int(column), height, width) if most else None), most


def _drift(expected: Image, actual: Image, counts: NDArray[np.bool_], pixels: int) -> float:
    """Return the mean change of the channel that drifted most; NaN and infinity are left out."""
    shape = (*expected.shape[:2], -1)
    means = [0.0]
    for before, after in zip(
        np.moveaxis(expected.reshape(shape), 2, 0),
        np.moveaxis(actual.reshape(shape), 2, 0),
        strict=True,
    ):
        with np.errstate(invalid="ignore"):
            if expected.dtype == np.float32:
                change = after.astype(np.float64) - before
                change[~np.isfinite(change)] = 0
            else:
                change = np.subtract(after, before, dtype=np.int32)
        total = change.sum(where=counts, dtype=np.float64)
        means.append(float(total) / max(1, pixels))
    return max(means, key=abs)


def _broken(change: Change, tolerance: Tolerance, densest: int) -> tuple[str, ...]:
    said: list[str | None] = []
    most = tolerance.share * change.pixels
    if change.differing > most:
        by = f" by more than {tolerance.level:g}" if tolerance.level else ""
        share = f"{100 * change.differing / change.pixels:.3g} %"
        allowed = f"{int(most) or 'none'} may"
        said.append(f"{change.differing} of {change.pixels} pixels differ{by} ({share}), {allowed}")
    if tolerance.limit is not None and change.max_abs_diff > tolerance.limit:
        said.append(
            f"the greatest difference is {change.max_abs_diff:g}, the limit {tolerance.limit:g}"
        )
    if tolerance.mean is not None and abs(change.mean) > tolerance.mean:
        said.append(f"the mean drifted by {change.mean:+.3g}, at most {tolerance.mean:g} may")
    if tolerance.density is not None and densest > tolerance.density[0]:
        most_there, side = tolerance.density
        said.append(f"{densest} pixels differ in one window of {side} x {side}, {most_there} may")
    for name, value in change.metrics.items():
        said.append(describe_broken(name, value, getattr(tolerance, name)))
    return tuple(filter(None, said))
