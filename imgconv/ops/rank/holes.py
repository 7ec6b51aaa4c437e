"""Order statistics of the values that count."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.model.border import Border
from imgconv.model.output import Rounding
from imgconv.model.steps.base import Step
from imgconv.model.steps.rank import OrderStatistic
from imgconv.model.steps.windowed import Windowed
from imgconv.ops.context import StepContext
from imgconv.ops.image import Image
from imgconv.ops.rank.extremes import ends_of
from imgconv.ops.rank.statistics import midpoint_between, range_between
from imgconv.ops.windows import surroundings, windows_of

Flags = NDArray[np.bool_]
_AT_ONCE = 1 << 22  # values of windows that are gathered at a time
STATISTICS = ("median", "rank", "min", "max", "range", "midpoint")


def statistic_with_holes(
    whole: Image,
    image: Image,
    valid: Flags,
    step: Step,
    context: StepContext,
    min_valid: Fraction,
) -> tuple[Image, Flags]:
    """Return an order statistic of the values that count under each window, and where there is one.

    Parameters
    ----------
    whole : ndarray
        The statistic of all values, which is right where all count.
    image, valid : ndarray
        What the step sees, and which of its values count.
    step : Step
        Of one of the kinds in `STATISTICS`.
    context : StepContext
    min_valid : Fraction
        The least share of a window that must count.
    """
    assert isinstance(step, Windowed)
    footprint = np.array(step.window.rows, bool)
    views = _windows(image, step, context), _windows(valid, step, context)
    counts = sum(
        views[1][..., r, c].astype(np.int32) for r, c in zip(*np.nonzero(footprint), strict=True)
    )
    taps = int(footprint.sum())
    result, touched = whole.copy(), np.asarray(counts < taps)
    places = np.nonzero(touched)
    chunk = max(1, _AT_ONCE // taps)
    for first in range(0, len(places[0]), chunk):
        at = tuple(place[first : first + chunk] for place in places)
        result[at] = _statistic(step, context.settings.rounding)(
            views[0][at][:, footprint], views[1][at][:, footprint] != 0
        )
    share = counts * min_valid.denominator >= min_valid.numerator * taps
    return result, np.asarray((counts > 0) & share)


def _windows(array: Image, step: Windowed, context: StepContext) -> Image:
    """Return a view of every window; a constant outside counts, and what is ignored does not."""
    settings, outside = context.settings, None
    if array.dtype == np.bool_:
        outside = 0 if settings.border is Border.IGNORE else 1
        array = array.view(np.uint8)
    if settings.border is Border.IGNORE:
        settings = settings._replace(border=Border.CONSTANT, border_value=0)
        if context.part is not None:
            array = _inside_only(array, context)
    around, geometry = surroundings(array, step.extents[0], settings, context.part, outside)
    return windows_of(around, geometry)


def _inside_only(band: Image, context: StepContext) -> Image:
    """Return a band of which the rows outside the image are 0."""
    part = context.part
    assert part is not None
    positions = np.arange(part.first, part.first + len(band))
    inside = (positions >= 0) & (positions < part.length)
    shape = (-1,) + (1,) * (band.ndim - 1)
    return np.where(inside.reshape(shape), band, np.zeros((), band.dtype))


def _statistic(step: Windowed, rounding: Rounding) -> Callable[[Image, Flags], Image]:
    """Return the function of lists of values and of which of them count."""
    if isinstance(step, OrderStatistic):
        return lambda values, flags: _ranked(values, flags, step.share)
    if step.kind == "range":
        return lambda values, flags: range_between(*_ends(values, flags))
    return lambda values, flags: midpoint_between(*_ends(values, flags), rounding)


def _ends(values: Image, flags: Flags) -> tuple[Image, Image]:
    return _ranked(values, flags, Fraction(0)), _ranked(values, flags, Fraction(1))


def _ranked(values: Image, flags: Flags, share: Fraction) -> Image:
    """Return the value at a share of those that count; NaN where one of these is."""
    greatest: Any = ends_of(values.dtype)[1]
    ordered = np.sort(np.where(flags, values, np.asarray(greatest, values.dtype)), axis=1)
    counts = flags.sum(axis=1, dtype=np.int64)
    ranks = -(-counts * share.numerator // share.denominator)
    found = np.take_along_axis(ordered, np.maximum(ranks, 1)[:, None] - 1, axis=1)[:, 0]
    if values.dtype == np.float32:
        odd = (np.isnan(values) & flags).any(axis=1)
        found = np.where(odd, np.float32(np.nan), found) + np.float32(0)
    return found
