"""Sums that are divided by sums of weights: of alpha, or of the weights inside the image."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Engine, Filtered
from imgconv.engines.means import Quotient
from imgconv.engines.native import NativeEngine
from imgconv.engines.rounding import integers_up_to
from imgconv.engines.select import select_engine
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import Axis, plan_geometry
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth, OutputRange
from imgconv.model.settings import Settings
from imgconv.ops.image import Image
from imgconv.ops.linear.inside import mean_at_edges
from imgconv.ops.linear.single import plan
from imgconv.ops.linear.weighed_values import WeighedValues, shares, stretched
from imgconv.ops.linear.weighted_bands import each_band, ends_in_bands, mean_in_bands
from imgconv.ops.part import Part

_WORD = 1 << 16
_MOST_COST = 6.0  # nanoseconds for a value, above which sums by other paths are cheaper
_MOST_COST_OF_FLOATS = 100.0  # those have no other path but the definition


def filter_inside(
    image: Image,
    kernel: Kernel,
    settings: Settings,
    threads: int | None,
    engine: Engine | None,
    part: Part | None,
) -> Filtered:
    """Filter an image under ``Border.IGNORE``: the weights inside, scaled to the kernel's sum.

    Returns
    -------
    Filtered
        ``scale * sum(w) * sum(w c) / sum(w) + offset`` with the last two sums over the image, the
        exact quotient rounded once. Where the weights inside do not add up to the sign of the
        whole, they are not scaled.

    Raises
    ------
    ArgumentError
        For a kernel that adds up to 0.
    """
    if kernel.sum == 0:
        raise ArgumentError(
            f"{kernel.name or 'the matrix'} adds up to 0, so that padding ignore cannot scale the "
            f"weights inside to its sum",
            hint="choose another padding, such as replicate",
        )
    colours = image if image.ndim == 3 else image[..., None]
    filtered = mean_at_edges(colours, kernel, settings, threads, engine, part)
    if filtered is None:
        counts = np.ones_like(colours[..., :1])
        filtered = weighted(colours, counts, kernel, settings, threads, engine, part)
        filtered = filtered._replace(image=filtered.image[..., :-1])
    return filtered if image.ndim == 3 else filtered._replace(image=filtered.image[..., 0])


def of_alpha(settings: Settings, depth: Depth) -> Settings:
    """Return the settings for alpha that is carried along: outside everything is opaque."""
    border = Border.CONSTANT if settings.border is Border.IGNORE else settings.border
    return settings._replace(
        output_range=OutputRange.FULL, white=depth.high, border_value=depth.high, border=border
    )


def _parts(colours: Image, opacity: Image) -> list[tuple[Image, int]]:
    """Return images that an engine takes, and factors, whose sum is exactly colour times alpha."""
    if colours.dtype == np.uint8:
        return [(colours.astype(np.uint16) * opacity, 1)]
    if colours.dtype == np.float32:
        with np.errstate(over="ignore", invalid="ignore"):
            product = colours.astype(np.float64) * opacity
            high = product.astype(np.float32)
            low = np.where(np.isfinite(high), product - high, 0).astype(np.float32)
        return [(high, 1), (low, 1)]
    whole = colours.astype(np.int64) * opacity
    high = (whole >> 16).astype(colours.dtype)
    return [(high, _WORD), ((whole & (_WORD - 1)).astype(np.uint16), 1)]


def weighted(
    colours: Image,
    opacity: Image,
    kernel: Kernel,
    settings: Settings,
    threads: int | None,
    engine: Engine | None,
    part: Part | None,
) -> Filtered:
    """Filter with a kernel that has a sum: alpha weighs, and is divided out again.

    Parameters
    ----------
    colours, opacity : ndarray
        Views of one array, in which the weights stand after the colours, save a copy.
    kernel, settings, threads, engine, part
        As for `apply_sums`.
    """
    return _by_core(colours, opacity, kernel, settings, threads, engine, part) or _by_definition(
        colours, opacity, kernel, settings, threads, engine, part
    )


def _joined(colours: Image, opacity: Image) -> Image:
    """Return both as one array, without a copy where they lie beside one another."""
    channels = colours.shape[2]
    apart = opacity.ctypes.data - colours.ctypes.data
    near = colours.strides[2] == opacity.strides[2] == colours.itemsize == opacity.itemsize
    pixel = (channels + 1) * colours.itemsize
    alike = near and colours.strides == opacity.strides and colours.strides[1] == pixel
    if alike and apart == channels * colours.itemsize:
        shape = (*colours.shape[:2], channels + 1)
        return np.lib.stride_tricks.as_strided(colours, shape, colours.strides)
    return np.concatenate([colours, opacity], axis=2)


def _by_core(
    colours: Image,
    opacity: Image,
    kernel: Kernel,
    settings: Settings,
    threads: int | None,
    engine: Engine | None,
    part: Part | None,
) -> Filtered | None:
    """Filter by the core, in bands; None where it cannot."""
    chosen = engine or select_engine()
    if not isinstance(chosen, NativeEngine):
        return None
    depth_in = Depth.of(colours.dtype)
    depth = settings.depth or depth_in
    ignores = settings.border is Border.IGNORE
    stretches = settings.output_range is OutputRange.RESCALE

    def means(values: Image, weights: Image, gain: Fraction | None = None) -> Filtered | None:
        joined = _joined(values, weights)
        job = plan(joined, kernel, settings._replace(depth=depth), threads, part)
        image = without_outside(job.image, kernel, settings, part) if ignores else job.image
        weight = sum(sum(row) for row in job.weights)
        quotient = Quotient(
            job.gain * weight if gain is None else gain,
            job.bias if gain is None else Fraction(0),
            Fraction(depth.high, depth_in.high * weight),
            0 if ignores else depth_in.high,
        )

        if stretches and gain is None:
            ends = ends_in_bands(image, job, quotient, chosen)
            if ends is None:
                return None
            stretch = stretched(ends, quotient.gain, quotient.bias, depth)
            quotient = quotient._replace(gain=stretch[0], bias=stretch[1])

        def definition(band: Image, start: int, stop: int) -> Filtered:
            place = _piece(image, kernel, settings, part, start, stop)
            return _by_definition(
                band[..., :-1], band[..., -1:], kernel, settings, 1, chosen, place
            )

        job = job if gain is None else job._replace(absolute=False)
        whole = job._replace(image=image)
        floats = colours.dtype == np.float32
        cost = None if floats and ignores else chosen.weigher.cost(whole, quotient)
        if cost is not None and cost <= (_MOST_COST_OF_FLOATS if floats else _MOST_COST):
            return chosen.weigher.means(whole, quotient)
        found = mean_in_bands(image, job, quotient, chosen)
        if found is None and gain is None and not stretches:
            outside = np.array([*[job.border_value] * values.shape[2], quotient.opaque])
            found = each_band(image, job, outside.astype(image.dtype), definition)
        return found

    found = means(colours, opacity)
    if found is None or not ignores or colours.dtype == np.float32:
        return found
    inside = means(opacity, np.ones_like(opacity), Fraction(depth.high, depth_in.high))
    if inside is None:
        return None
    found.image[..., -1] = inside.image[..., 0]  # alpha is a mean of what lies inside, too
    return found


def _piece(
    image: Image, kernel: Kernel, settings: Settings, part: Part | None, start: int, stop: int
) -> Part:
    """Return output rows of an image, or of a part of one, as a part themselves."""
    length, above = (image.shape[0], 0) if part is None else (part.length, part.start)
    rows = _rows_of(length, image.shape[1], kernel, settings)
    return Part(length, rows.read_by(above + start, above + stop)[0], above + start, above + stop)


def _by_definition(
    colours: Image,
    opacity: Image,
    kernel: Kernel,
    settings: Settings,
    threads: int | None,
    engine: Engine | None,
    part: Part | None,
) -> Filtered:
    chosen = engine or select_engine()
    depth_in = Depth.of(colours.dtype)
    depth = settings.depth or depth_in
    ignores = settings.border is Border.IGNORE
    job = plan(colours, kernel, settings._replace(depth=depth), threads, part)
    if part is not None:
        opacity = plan(opacity, kernel, of_alpha(settings, depth_in), threads, part).image
        colours = job.image
        if ignores:
            colours, opacity = (
                without_outside(a, kernel, settings, part) for a in (colours, opacity)
            )
    opaque = 0 if ignores else depth_in.high
    weight = sum(sum(row) for row in job.weights)

    def sums(part: Image, outside: float) -> NDArray[Any]:
        return chosen.sums(job._replace(image=np.ascontiguousarray(part), border_value=outside))

    below = sums(opacity, opaque)
    outside = np.full((1, 1, 1), job.border_value, colours.dtype)
    around = _parts(outside, np.full_like(outside, opaque))
    above = _sum(
        [(sums(product, edge[0].item()), factor)
         for (product, factor), (edge, _) in zip(_parts(colours, opacity), around, strict=True)]
    )  # fmt: skip
    value = WeighedValues.of(above, below, lambda: sums(colours, job.border_value), weight)
    gain, bias = job.gain * weight, job.bias
    if settings.output_range is OutputRange.RESCALE:
        gain, bias = stretched(value.ends(), gain, bias, depth)
    pixels, clipped = value.rounded(gain, bias, job.absolute, settings.rounding, depth)
    if ignores:  # alpha is a mean of what lies inside, too
        counted = sums(without_outside(np.ones_like(opacity), kernel, settings, part), 0)
        inside = WeighedValues.of(below, counted, lambda: below, weight)
        ratio = Fraction(depth.high, depth_in.high)
        alpha = inside.rounded(ratio, Fraction(0), False, settings.rounding, depth)[0]
    else:
        share = Fraction(depth.high, depth_in.high * weight)
        alpha = shares(below, share, settings.rounding, depth)
    return Filtered(np.concatenate([pixels, alpha], axis=2), clipped)


def without_outside(band: Image, kernel: Kernel, settings: Settings, part: Part | None) -> Image:
    """Return the rows of a band, those outside the image 0."""
    if part is None:
        return band
    rows = _rows_of(part.length, band.shape[1], kernel, settings)
    positions = np.arange(*rows.read_by(part.start, part.stop))
    inside = (positions >= 0) & (positions < part.length)
    return np.where(inside[:, None, None], band, np.zeros((), band.dtype))


def _rows_of(rows: int, columns: int, kernel: Kernel, settings: Settings) -> Axis:
    return plan_geometry(
        (rows, columns),
        kernel.shape,
        kernel.anchor,
        stride=settings.stride,
        dilation=settings.dilation,
        size=settings.size,
    ).rows


def _sum(parts: list[tuple[NDArray[Any], int]]) -> NDArray[Any]:
    """Add up sums times factors, in a type that holds them."""
    if parts[0][0].dtype == np.float64:
        return np.asarray(sum(part * factor for part, factor in parts))
    bound = sum(int(np.abs(part).max(initial=0)) * factor for part, factor in parts)
    number = integers_up_to(bound)
    return np.asarray(sum(part.astype(number) * factor for part, factor in parts))
