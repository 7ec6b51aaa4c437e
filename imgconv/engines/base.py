"""The interface of engines: a correlation and its result."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from imgconv.model.border import Border
from imgconv.model.geometry import Axis, Geometry
from imgconv.model.output import Depth, Rounding

_Indices = NDArray[np.intp]
Pixels = NDArray[Any]
"""uint8, uint16, int16 or float32, shape (rows, columns, channels)."""

Tap = tuple[int, Pixels]
"""A whole weight and the pixels that it meets, one for each output value."""


class Correlation(NamedTuple):
    """One correlation, completely specified.

    The output is ``clamp(round(value))`` with ``value = gain * sum(weights * taps) + bias``, or
    its absolute value, all of it exact.

    Attributes
    ----------
    image : ndarray, shape (rows, columns, channels)
        uint8, uint16, int16 or float32; never modified.
    weights : tuple of tuples of int
        Whole weights, not flipped.
    gain, bias : Fraction
        Applied to the sum of whole products.
    absolute : bool
        Whether the absolute value is taken.
    border : Border
    border_value : int or float
        Value outside under ``Border.CONSTANT``; one that the image's type holds.
    geometry : Geometry
    depth : Depth
        Of the output.
    rounding : Rounding
        For integer outputs.
    threads : int
        Largest number of threads.
    """

    image: Pixels
    weights: tuple[tuple[int, ...], ...]
    gain: Fraction
    bias: Fraction
    absolute: bool
    border: Border
    border_value: int | float
    geometry: Geometry
    depth: Depth
    rounding: Rounding
    threads: int


class Filtered(NamedTuple):
    """The result of a correlation.

    Attributes
    ----------
    image : ndarray, shape (out rows, out columns, channels)
        Of the requested depth.
    clipped : int
        Number of values that lay outside the type's range before they were clamped.
    """

    image: Pixels
    clipped: int


class Engine(Protocol):
    """Anything that computes correlations. All exact engines give the same bits."""

    name: str

    def correlate(self, job: Correlation) -> Filtered:
        """Compute one correlation."""
        ...

    def extremes(self, job: Correlation) -> tuple[Fraction, Fraction]:
        """Return the least and the greatest ``sum(weights * taps)`` over the output, exactly.

        Values that are not finite are left out; (0, 0) where nothing is left.
        """
        ...

    def sums(self, job: Correlation) -> Pixels:
        """Return ``sum(weights * taps)``: whole numbers, exact, for an integer image; float64 else.

        Gain, bias, depth and rounding of the job are ignored.
        """
        ...


def largest_sum(job: Correlation) -> int:
    """Return a bound on the magnitude of every sum of an integer image."""
    positive, negative = weight_sums(job.weights)
    if job.image.dtype == np.int16:
        return 32768 * (positive + negative)
    return int(np.iinfo(job.image.dtype).max) * max(positive, negative)


@lru_cache(maxsize=32)  # bands and tiles ask again
def weight_sums(weights: tuple[tuple[int, ...], ...]) -> tuple[int, int]:
    """Return the sum of the weights above 0, and the magnitude of that of the others.

    Examples
    --------
    >>> weight_sums(((1, -3), (0, 1)))
    (2, 3)
    """
    positive = sum(weight for row in weights for weight in row if weight > 0)
    return positive, positive - sum(map(sum, weights))


def padded(job: Correlation) -> Pixels:
    """Return the image with everything around it that a tap reads, as one array."""
    return surrounded(job.image, job.geometry, job.border, job.border_value)


def surrounded(
    image: Pixels, geometry: Geometry, border: Border, border_value: int | float
) -> Pixels:
    """Return an image with everything around it that a geometry reads, as one array."""
    rows, columns = geometry.rows, geometry.columns
    if rows.span == (0, rows.length) and columns.span == (0, columns.length):
        return image
    above, inside, below = _sources(border, rows)
    order = np.concatenate([above, np.arange(inside.start, inside.stop), below])
    body = image[order]
    body[order < 0] = border_value
    left, inside_columns, right = _sources(border, columns)
    sides = body[:, left], body[:, right]
    sides[0][:, left < 0] = border_value
    sides[1][:, right < 0] = border_value
    return np.concatenate([sides[0], body[:, inside_columns], sides[1]], axis=1)


def _sources(border: Border, axis: Axis) -> tuple[_Indices, slice, _Indices]:
    """Return the source of each position before, inside and after the image; -1 is the constant."""
    start, stop = axis.span

    def outside(first: int, last: int) -> _Indices:
        found = (border.source_index(i, axis.length) for i in range(first, last))
        return np.array([-1 if i is None else i for i in found], np.intp)

    first = min(max(start, 0), axis.length)
    last = max(min(stop, axis.length), first)
    return outside(start, min(stop, 0)), slice(first, last), outside(max(start, axis.length), stop)
