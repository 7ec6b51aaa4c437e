"""Sums over the pixels that count: exact quotients, as those of alpha are."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Correlation, Engine, padded, weight_sums
from imgconv.engines.rounding import integers_up_to
from imgconv.engines.select import select_engine
from imgconv.model.border import Border
from imgconv.model.kernel import Kernel
from imgconv.model.nodata import antisymmetric
from imgconv.model.output import Depth, OutputRange
from imgconv.model.settings import Settings
from imgconv.ops.image import Image
from imgconv.ops.linear.single import plan
from imgconv.ops.linear.weighed_values import WeighedValues, stretched
from imgconv.ops.linear.weighted import without_outside
from imgconv.ops.part import Part

Flags = NDArray[np.bool_]


class Counted(NamedTuple):
    """A correlation over the pixels that count.

    Attributes
    ----------
    image : ndarray, shape (rows, columns, channels)
    clipped : int
    covered : ndarray of bool, of the same shape
        Where there is a result; elsewhere the image is not defined.
    """

    image: Image
    clipped: int
    covered: Flags


def filter_counted(
    image: Image,
    valid: Flags,
    kernel: Kernel,
    settings: Settings,
    min_valid: Fraction,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    part: Part | None = None,
    whole: Image | None = None,
) -> Counted:
    """Filter an image of which some pixels do not count.

    Parameters
    ----------
    image : ndarray, shape (rows, columns, channels)
    valid : ndarray of bool, of the same shape
        What a border takes from the image counts as it does there; a constant outside counts.
    kernel : Kernel
        With a sum, or with opposite weights across its middle.
    settings : Settings
    min_valid : Fraction
        The least share of the weights' magnitude.
    threads, engine, part
        As for `apply_sums`.
    whole : ndarray, optional
        The result where every pixel under the kernel counts, which is then not computed again.

    Returns
    -------
    Counted
        ``scale * sum(w) * sum(w v c) / sum(w v) + offset`` for v = 1 where a pixel counts and else
        0, rounded once from the exact quotient (float32 from float64). There is a result where
        ``sum(w v)`` has the sign of ``sum(w)``.
        For opposite weights, the sum is over pairs ``|w| (c - c')`` of which both pixels count, and
        it is divided by the sum of their ``|w|`` and multiplied by that of all.
    """
    chosen = engine or select_engine()
    depth = settings.depth or Depth.of(image.dtype)
    job = plan(image, kernel, settings._replace(depth=depth), threads, part)
    flags = plan(valid.view(np.uint8), kernel, settings._replace(border_value=0), threads, part)
    counts = flags.image
    if part is not None and settings.border is Border.IGNORE:
        counts = without_outside(counts, kernel, settings, part)
    outside = 0 if settings.border is Border.IGNORE else 1
    known = np.where(counts != 0, job.image, np.zeros((), image.dtype))
    counting = flags._replace(image=counts.astype(np.uint8), border_value=outside)
    summing = job._replace(image=known)
    values, magnitude, total = (
        _pairs(summing, counting) if kernel.sum == 0 else _means(summing, counting, chosen)
    )
    share = magnitude * min_valid.denominator >= min_valid.numerator * total
    covered = values.known & share
    gain, bias = job.gain * values.weight, job.bias
    if settings.output_range is OutputRange.RESCALE:
        gain, bias = stretched(values.quotients(covered).ends(), gain, bias, depth)
    wanted = covered if whole is None else covered & (magnitude != total)
    shape, dtype = wanted.shape, np.dtype(depth.dtype)
    pixels = np.zeros(shape, dtype) if whole is None else whole.reshape(shape).copy()
    quotients = values.quotients(wanted)
    pixels[wanted], clipped = quotients.rounded(gain, bias, job.absolute, settings.rounding, depth)
    return Counted(pixels, clipped, covered)


class _Sums(NamedTuple):
    """Exact sums above and below, and what they are multiplied by."""

    above: NDArray[Any]
    below: NDArray[Any]
    weight: int

    @property
    def known(self) -> Flags:
        """Where the quotient is that of the weights that counted."""
        return np.asarray(self.below > 0)

    def quotients(self, where: Flags) -> WeighedValues:
        """Return the quotients of some pixels, all of them known."""
        return WeighedValues(self.above[where], self.below[where])


def _means(
    summing: Correlation, counting: Correlation, engine: Engine
) -> tuple[_Sums, NDArray[Any], int]:
    """Return sums of a kernel that has one, the magnitude of what counted, and that of all."""
    weights = summing.weights
    positive, negative = weight_sums(weights)
    weight, total = positive - negative, positive + negative
    sign = 1 if weight > 0 else -1
    above, below = engine.sums(summing), engine.sums(counting)
    magnitude = below * sign
    if total != abs(weight):
        magnitude = engine.sums(counting._replace(weights=_magnitudes(weights)))
    return _Sums(above * sign, below * sign, weight), magnitude, total


@lru_cache(maxsize=8)  # one object for all tiles of an image: plans are kept by it
def _magnitudes(weights: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(map(abs, row)) for row in weights)


def _pairs(summing: Correlation, counting: Correlation) -> tuple[_Sums, NDArray[Any], int]:
    """Return sums over pairs of opposite taps that both count."""
    pixels, counts = padded(summing), padded(counting)
    weights = summing.weights
    taps = [(r, c) for r, row in enumerate(weights) for c, weight in enumerate(row) if weight > 0]
    total = sum(weights[r][c] for r, c in taps)
    number: Any = np.float64
    if pixels.dtype != np.float32:
        info = np.iinfo(pixels.dtype)
        number = integers_up_to((info.max - info.min) * total)
    out = (*summing.geometry.out_shape, pixels.shape[2])
    above, below = np.zeros(out, number), np.zeros(out, np.int64 if total < 1 << 61 else object)
    for r, c in taps:
        other = len(weights) - 1 - r, len(weights[0]) - 1 - c
        places = _under(summing, (r, c)), _under(summing, other)
        both = (counts[places[0]] != 0) & (counts[places[1]] != 0)
        with np.errstate(invalid="ignore"):
            apart = pixels[places[0]].astype(number) - pixels[places[1]].astype(number)
            above += np.where(both, apart, 0) * weights[r][c]
        below += both * weights[r][c]
    return _Sums(above, below, total), below, total


def _under(job: Correlation, tap: tuple[int, int]) -> tuple[slice, slice]:
    """Return the places of an array with its border that lie under a tap."""
    starts = [at * axis.dilation for at, axis in zip(tap, job.geometry, strict=True)]
    rows, columns = (
        slice(start, start + (axis.out - 1) * axis.stride + 1, axis.stride)
        for start, axis in zip(starts, job.geometry, strict=True)
    )
    return rows, columns


def pairs_defined(kernel: Kernel) -> bool:
    """Return whether a kernel without a sum is one of differences of opposite pixels."""
    return antisymmetric(kernel.integer_form.weights)
