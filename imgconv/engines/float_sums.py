"""Correlation of float32 images, exactly rounded.

A sum in float64 comes with a bound on its error. Where both ends of that interval round to the same
output the output is settled; the rest (ties, and sums that cancel) is computed again in whole
numbers, in units of 2**-173, of which every finite float32 is a multiple.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Correlation, Pixels, Tap, padded
from imgconv.engines.rounding import Integers, Quotients, clamped, round_floats
from imgconv.model.output import Depth

_UNIT_EXPONENT = 173
UNIT = 1 << _UNIT_EXPONENT
"""Every finite float32 is a whole number of these parts of 1."""

_ULP = 2.0**-53
_SAFE = Fraction(2) ** 800  # beyond it, float64 products may overflow or lose bits to underflow
_CHUNK = 1 << 16
_WINDOWS = 1 << 14  # that are looked at together
_DIFFERENT = 8


def correlate(job: Correlation, taps: list[Tap], shape: tuple[int, ...]) -> tuple[Pixels, int]:
    """Correlate one band of a float32 image; `taps` holds the weights that are not zero.

    Returns
    -------
    (ndarray, int)
        The rounded values, and how many had to be clamped.
    """
    with np.errstate(all="ignore"):
        value, error, finite = _bounded(job, taps, shape)
        low = round_floats(value - error, job.depth, job.rounding)
        result = round_floats(value + error, job.depth, job.rounding)
    doubtful = np.nonzero(finite & (low != result))
    for start in range(0, len(doubtful[0]), _CHUNK):
        at = tuple(axis[start : start + _CHUNK] for axis in doubtful)
        sums = _exact_sums([(weight, pixels[at]) for weight, pixels in taps], at[0].shape)
        exact = Quotients.of(sums, job.gain / UNIT, job.bias, job.absolute)
        if job.depth is Depth.F32:
            result[at] = exact.to_float32()
        else:
            result[at] = np.clip(
                exact.to_whole(job.rounding), job.depth.low - 1, job.depth.high + 1
            )
    return (result, 0) if job.depth is Depth.F32 else clamped(result, job.depth)


def extremes(taps: list[Tap], shape: tuple[int, ...]) -> list[Fraction]:
    """Return the least and the greatest exact sum of a band; nothing where none is finite."""
    finite = _finite(taps, shape)
    sums = _exact_sums([(weight, pixels[finite]) for weight, pixels in taps], (int(finite.sum()),))
    return [Fraction(int(sums.min()), UNIT), Fraction(int(sums.max()), UNIT)] if sums.size else []


def extremes_of(job: Correlation, values: Pixels) -> list[Fraction]:
    """Return the least and the greatest exact sum; nothing where none is finite.

    Parameters
    ----------
    job : Correlation
        Of a float32 image.
    values : ndarray
        No sum that is less than another has a greater value; what has a tap that is not finite is
        not finite.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return []
    source = padded(job)
    ends = []
    for end, choose in ((known.min(), min), (known.max(), max)):
        places = np.nonzero(values == end)
        found = []
        for start in range(0, len(places[0]), _WINDOWS):
            at = [axis[start : start + _WINDOWS] for axis in places]
            windows, weights = _windows(job, source, at)
            sums = _exact_sums(list(zip(weights, windows.T, strict=True)), (len(windows),))
            found += [choose(sums.tolist())]
        ends.append(Fraction(choose(found), UNIT))
    return ends


def _windows(
    job: Correlation, source: Pixels, places: list[NDArray[np.intp]]
) -> tuple[Pixels, list[int]]:
    """Return different windows at some places, and the weights of their taps.

    In a flat area all are the same: few different ones are looked for, and the others taken as
    they are.
    """
    rows, columns, channels = places
    down, across = job.geometry
    taps = [
        (weight, source[rows * down.stride + r * down.dilation,
                        columns * across.stride + c * across.dilation, channels])
        for r, line in enumerate(job.weights)
        for c, weight in enumerate(line)
        if weight
    ]  # fmt: skip
    rest = np.stack([pixels for _, pixels in taps], axis=1)
    known: list[Pixels] = []
    while len(rest) > 1 and len(known) < _DIFFERENT:
        known.append(rest[:1])
        rest = rest[(rest != rest[0]).any(axis=1)]
    return np.concatenate([*known, rest]), [weight for weight, _ in taps]


def nearly(taps: list[Tap], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the float64 sums of a band, not exact."""
    total = np.zeros(shape)
    with np.errstate(all="ignore"):
        for weight, pixels in taps:
            total += pixels * np.float64(weight)
    return total


def _bounded(job: Correlation, taps: list[Tap], shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Return float64 values, a bound on the error of each, and where every tap is finite.

    Where a tap is not finite the value is what IEEE 754 says, and its error 0.
    """
    size = sum(abs(weight) for weight, _ in taps)
    safe = size < _SAFE and 1 / _SAFE < abs(job.gain) < _SAFE and abs(job.bias) < _SAFE
    safe = safe and (job.bias == 0 or abs(job.bias) > 1 / _SAFE)
    total, magnitude = np.zeros(shape), np.zeros(shape)
    for weight, pixels in taps:
        # Where the weights are extreme only their signs matter: the finite sums are done exactly.
        product = pixels * np.float64(weight if safe else (weight > 0) - (weight < 0))
        total += product
        magnitude += np.abs(product)
    gain, bias = (
        (float(job.gain), float(job.bias)) if safe else (1.0 if job.gain > 0 else -1.0, 0.0)
    )
    value = total * gain + bias
    # Each of the len(taps) products and sums, the gain, the bias and the interval's own ends are
    # off by at most one part in 2**53 of magnitudes that add up to this; 2 % covers second order.
    error = 1.02 * _ULP * ((len(taps) + 8) * abs(gain) * magnitude + 4 * abs(bias))
    if job.depth is not Depth.F32:
        error += 2.0**-40  # floor(v + 1/2) rounds too
    finite = np.isfinite(magnitude)
    if not safe:
        error = np.full(shape, np.inf)
    return np.abs(value) if job.absolute else value, np.where(finite, error, 0), finite


def _finite(taps: list[Tap], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    finite = np.ones(shape, bool)
    for _, pixels in taps:
        finite &= np.isfinite(pixels)
    return finite


def _exact_sums(taps: list[Tap], shape: tuple[int, ...]) -> Integers:
    """Sum weight times pixel in units of 2**-173, as Python integers."""
    total = np.zeros(shape, object)
    for weight, pixels in taps:
        total += in_units(pixels) * weight
    return total


def in_units(pixels: Pixels) -> Integers:
    """Return finite float32 values as whole multiples of 2**-173, in Python integers."""
    mantissa, exponent = np.frexp(pixels)
    whole = np.ldexp(mantissa, 24).astype(np.int64).astype(object)
    shift: Integers = (exponent + (_UNIT_EXPONENT - 24)).astype(object)
    return whole << shift
