"""Apply a set of kernels: combine exact sums, then round once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Correlation, Engine, Filtered
from imgconv.engines.native import NativeEngine
from imgconv.engines.rounding import clamped, integers_up_to, round_floats
from imgconv.engines.select import select_engine
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Combine, KernelSet, SetOutput
from imgconv.model.output import Depth, OutputRange
from imgconv.model.settings import Settings
from imgconv.ops.image import Image
from imgconv.ops.linear.combined import combined, rounded
from imgconv.ops.linear.row_bands import RowBands
from imgconv.ops.linear.set_bands import combine_in_bands, in_common_units, sums_of
from imgconv.ops.linear.single import plan
from imgconv.ops.part import Extremes, Part
from imgconv.ops.windows import check_alike
from imgconv.system.threads import run_each

_DOUBT = 2.0**-46  # of squares of sums in float64, and of what they add up to


def apply_set(
    image: Image,
    kernels: KernelSet,
    settings: Settings,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    part: Part | None = None,
) -> Filtered:
    """Correlate a checked image, or a part of one, with every kernel of a set; combine the values.

    Returns
    -------
    Filtered
        For integer images and outputs the exactly rounded combined value, roots included (with
        ``rescale``, a root is computed in float64). For float32, computed in float64 and rounded.

    Raises
    ------
    ArgumentError
        When the kernels yield outputs of different sizes.
    """
    engine = engine or select_engine()
    jobs = _jobs(image, kernels, settings, threads, part)
    depth = jobs[0].depth
    _check_indices(kernels, depth)
    ends: Extremes = ()
    if settings.output_range is OutputRange.RESCALE and kernels.output is SetOutput.VALUE:
        ends = _ends_of(kernels, jobs, engine) if part is None else part.extremes
    if isinstance(engine, NativeEngine) and _read_the_same(jobs):
        known = _stretched(kernels, jobs, settings, ends)
        found = None if known is None else _by_core(kernels, known, engine)
        if found is not None:
            return found if image.ndim == 3 else found._replace(image=found.image[..., 0])
    unit, values = _in_common_units(jobs, [engine.sums(job) for job in jobs])
    if kernels.output is SetOutput.INDEX:
        result = _winners(values, kernels.combine).astype(depth.dtype), 0
    elif kernels.output is SetOutput.ORIENTATION:
        result = _orientation(_along_axes(kernels, values), depth), 0
    else:
        result = _combined(kernels.combine, values, unit, settings, jobs[0], ends)
    pixels, clipped = result
    return Filtered(pixels if image.ndim == 3 else pixels[..., 0], clipped)


def set_extremes(
    image: Image,
    kernels: KernelSet,
    settings: Settings,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    part: Part | None = None,
) -> Extremes:
    """Return what ``OutputRange.RESCALE`` must know of a part: the ends of the combined values."""
    engine = engine or select_engine()
    return _ends_of(kernels, _jobs(image, kernels, settings, threads, part), engine)


def _stretched(
    kernels: KernelSet, jobs: list[Correlation], settings: Settings, ends: Extremes
) -> list[Correlation] | None:
    """Return jobs with the stretch of ``OutputRange.RESCALE``; None where it is in floats."""
    job = jobs[0]
    if settings.output_range is not OutputRange.RESCALE or kernels.output is not SetOutput.VALUE:
        return jobs
    if job.image.dtype == np.float32 or job.depth is Depth.F32 or not ends:
        return None
    root = kernels.combine is Combine.ROOT_SUM_SQUARES
    gain, bias = _stretch(ends, root, root, job)
    unit = in_common_units(jobs)[0]
    return [each._replace(gain=each.gain * gain / unit, bias=bias) for each in jobs]


def _read_the_same(jobs: list[Correlation]) -> bool:
    """Return whether all members have the same rows: in bands each has those that it reads."""
    first = jobs[0].image
    return all(
        job.image.shape == first.shape and job.image.ctypes.data == first.ctypes.data
        for job in jobs[1:]
    )


def _by_core(kernels: KernelSet, jobs: list[Correlation], engine: NativeEngine) -> Filtered | None:
    """Return the result by the core where it can."""
    if kernels.output is not SetOutput.ORIENTATION:
        return combine_in_bands(kernels, jobs, engine)
    sums = sums_of(jobs, engine, wide=True) if _directions_hold(kernels, jobs) else None
    found = None if sums is None else _directions(kernels, jobs, sums, engine)
    return found or _directions_in_bands(kernels, jobs, engine)


def _directions_hold(kernels: KernelSet, jobs: list[Correlation]) -> bool:
    """Return whether the core's gradients are off by no more than a part of themselves.

    Sums of floats that have an error must not be taken from one another.
    """
    (_, bx), (_, ay) = _inverse_moments(kernels) or ((1.0, 0.0), (1.0, 0.0))
    return jobs[0].image.dtype != np.float32 or bx == ay == 0


def _directions_in_bands(
    kernels: KernelSet, jobs: list[Correlation], engine: NativeEngine
) -> Filtered:
    """Return directions by the definition, a band at a time."""
    first = jobs[0]
    out = np.empty((*first.geometry.out_shape, first.image.shape[2]), first.depth.dtype)
    readers = [RowBands(job) for job in jobs]

    def fill(span: tuple[int, int]) -> None:
        parts = [
            job._replace(image=rows.read(*span), geometry=rows.geometry(*span), threads=1)
            for job, rows in zip(jobs, readers, strict=True)
        ]
        values = _in_common_units(parts, [engine.sums(part) for part in parts])[1]
        out[slice(*span)] = _orientation(_along_axes(kernels, values), first.depth)

    run_each(fill, readers[0].spans(), first.threads)
    return Filtered(out, 0)


def _directions(
    kernels: KernelSet, jobs: list[Correlation], sums: list[Any], engine: NativeEngine
) -> Filtered | None:
    """Return directions by the core, and the few that it leaves open by the definition."""
    unit = math.lcm(*(job.gain.denominator for job in jobs))
    factors = [float(job.gain * unit) for job in jobs]
    (ax, bx), (by, ay) = _inverse_moments(kernels) or ((1.0, 0.0), (1.0, 0.0))
    moments = factors[0] * ax, factors[1] * bx, factors[1] * by, factors[0] * ay
    found = engine.sets.directions(jobs, sums, moments)
    if found is None:
        return None
    out, open_ones = found
    if open_ones.places.size:
        values = [these * factor for these, factor in zip(open_ones.sums, factors, strict=True)]
        out.reshape(-1)[open_ones.places] = _orientation(
            _along_axes(kernels, values), jobs[0].depth
        )
    return Filtered(out, 0)


def _check_indices(kernels: KernelSet, depth: Depth) -> None:
    if kernels.output is not SetOutput.INDEX or depth is Depth.F32:
        return
    if len(kernels.kernels) - 1 > depth.high:
        raise ArgumentError(
            f"{len(kernels.kernels)} kernels have indices beyond {depth.high}, the most that "
            f"{depth.value} holds",
            hint="use depth u16",
        )


def _jobs(
    image: Image,
    kernels: KernelSet,
    settings: Settings,
    threads: int | None,
    part: Part | None,
) -> list[Correlation]:
    """Return the members' correlations."""
    if settings.border is Border.IGNORE:
        raise ArgumentError(
            f"padding ignore scales the weights inside to the kernel's sum, and "
            f"{kernels.name or 'a set'} is a set of kernels, whose values are compared",
            hint="choose another padding, such as replicate",
        )
    jobs = [plan(image, kernel, settings, threads, part) for kernel in kernels.kernels]
    check_alike(kernels, [job.geometry for job in jobs])
    return jobs


def _in_common_units(
    jobs: list[Correlation], sums: list[Image]
) -> tuple[Fraction, list[NDArray[Any]]]:
    """Return a unit and whole multiples of it that are the members' exact values."""
    unit, factors = in_common_units(jobs)
    if sums[0].dtype == np.float64:
        return unit, [s * f for s, f in zip(sums, factors, strict=True)]
    largest = max(max(int(np.abs(s).max()), 1) * abs(f) for s, f in zip(sums, factors, strict=True))
    number = integers_up_to(largest * largest * len(sums))
    return unit, [s.astype(number) * f for s, f in zip(sums, factors, strict=True)]


def _winners(values: list[NDArray[Any]], combine: Combine) -> NDArray[Any]:
    stacked: NDArray[Any] = np.stack(
        values if combine is Combine.MAX else [np.abs(v) for v in values]
    )
    return np.asarray(np.argmax(stacked, axis=0))


def _along_axes(kernels: KernelSet, values: list[NDArray[Any]]) -> list[NDArray[np.float64]]:
    """Turn the values of a pair into a gradient along x and y.

    A kernel answers a ramp by its first moments, so a pair that looks along other directions, as
    that of Roberts does, is put right by the inverse of its moments. Where there is none (a kernel
    without moments) the values stay as they are.
    """
    a, b = (value.astype(np.float64) for value in values)
    inverse = _inverse_moments(kernels)
    if inverse is None:
        return [a, b]
    (of_a, less_b), (of_b, less_a) = inverse
    with np.errstate(invalid="ignore"):
        x = a * of_a - b * less_b
        y = b * of_b - a * less_a
    return [x + 0.0, y + 0.0]  # no -0: a flat area has direction 0


def _inverse_moments(
    kernels: KernelSet,
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return what the values of a pair are multiplied by along x and along y, if there is such."""
    (ax, ay), (bx, by) = (_moments(kernel) for kernel in kernels.kernels)
    determinant = ax * by - ay * bx
    if determinant == 0:
        return None
    along_x = float(by / determinant), float(ay / determinant)
    return along_x, (float(ax / determinant), float(bx / determinant))


def _moments(kernel: Kernel) -> tuple[Fraction, Fraction]:
    """Return what a kernel answers to ramps of slope 1 along x and y."""
    x = sum(c * weight for row in kernel.weights for c, weight in enumerate(row))
    y = sum(r * weight for r, row in enumerate(kernel.weights) for weight in row)
    return Fraction(kernel.scale * x), Fraction(kernel.scale * y)


def _orientation(values: list[NDArray[Any]], depth: Depth) -> Image:
    x, y = (value.astype(np.float64) for value in values)
    turns = np.arctan2(y, x) / (2 * math.pi) % 1.0
    if depth is Depth.F32:
        angles = (turns * 360).astype(np.float32)
        return np.where(angles == 360, np.float32(0), angles)  # a hair below a full turn
    turns = np.nan_to_num(turns)
    levels = depth.high + 1 - depth.low
    return (np.rint(turns * levels) % levels + depth.low).astype(depth.dtype)


def _combined(
    combine: Combine,
    values: list[NDArray[Any]],
    unit: Fraction,
    settings: Settings,
    job: Correlation,
    ends: Extremes,
) -> tuple[Image, int]:
    root = combine is Combine.ROOT_SUM_SQUARES
    whole = combined(combine, values)
    gain, bias = unit, job.bias
    if settings.output_range is OutputRange.RESCALE and ends:
        gain, bias = _stretch(ends, root or whole.dtype == np.float64, root, job)
    if whole.dtype == np.float64 or (root and job.depth is Depth.F32):
        base = np.sqrt(whole.astype(np.float64)) if root else whole
        return _from_floats(base * float(gain) + float(bias), settings, job)
    return rounded(combine, whole, gain, bias, job)


def _ends_of(kernels: KernelSet, jobs: list[Correlation], engine: Engine) -> Extremes:
    """Return the least and the greatest finite value; nothing where there is none."""
    sums = [engine.sums(job) for job in jobs]
    if sums[0].dtype != np.float64:  # whole numbers, perhaps large: those that may be ends
        near = _near_the_ends(kernels.combine, sums, in_common_units(jobs)[1])
        sums = [each[near] for each in sums]
    whole = combined(kernels.combine, _in_common_units(jobs, sums)[1])
    known = whole[np.isfinite(whole)] if whole.dtype == np.float64 else whole
    return (known.min(), known.max()) if known.size else ()


def _near_the_ends(
    combine: Combine, sums: list[NDArray[Any]], factors: Sequence[int]
) -> NDArray[np.bool_]:
    """Return which combined values may be the least or the greatest, by their floats."""
    if max(int(np.abs(s).max()) * abs(f) for s, f in zip(sums, factors, strict=True)) > 1 << 400:
        return np.ones(sums[0].shape, bool)
    floats = combined(
        combine, [s.astype(np.float64) * float(f) for s, f in zip(sums, factors, strict=True)]
    )
    off = np.abs(floats) * _DOUBT
    least, greatest = (floats + off).min(), (floats - off).max()
    return np.asarray((floats - off <= least) | (floats + off >= greatest))


def _stretch(
    ends: Extremes, floats: bool, root: bool, job: Correlation
) -> tuple[Fraction, Fraction]:
    """Return the gain and bias that stretch the values to the range of the type."""
    known = [math.sqrt(end) for end in ends] if root else ends
    low, high = (Fraction(float(e)) if floats else Fraction(int(e)) for e in known)
    if low == high:
        return Fraction(0), Fraction(job.depth.low)
    factor = (job.depth.high - job.depth.low) / (high - low)
    return factor, job.depth.low - low * factor


def _from_floats(
    values: NDArray[np.float64], settings: Settings, job: Correlation
) -> tuple[Image, int]:
    if settings.output_range is OutputRange.ABS:
        values = np.abs(values)
    with np.errstate(all="ignore"):
        rounded = round_floats(values, job.depth, job.rounding)
    return (rounded, 0) if job.depth is Depth.F32 else clamped(rounded, job.depth)
