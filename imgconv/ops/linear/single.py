"""One kernel on one image: the correlation planned, and done by an engine."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from imgconv.engines.base import Correlation, Engine, Filtered
from imgconv.engines.select import select_engine
from imgconv.model.border import Border
from imgconv.model.geometry import plan_geometry
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth, OutputRange
from imgconv.model.settings import Settings
from imgconv.ops.image import Image, checked_threads, outside_value
from imgconv.ops.part import Extremes, Part


def apply_kernel(
    image: Image,
    kernel: Kernel,
    settings: Settings,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    part: Part | None = None,
) -> Filtered:
    """Correlate a checked image, counting the clipped values (see `correlate`).

    With a `part`, the image is a band of a larger one's rows. Under ``Border.IGNORE`` the weights
    inside are not scaled here (see `apply_sums`).
    """
    engine = engine or select_engine()
    job = plan(image, kernel, settings, threads, part)
    if settings.output_range is OutputRange.RESCALE:
        ends = engine.extremes(job) if part is None else part.extremes or (0, 0)
        job = _stretched(job, ends)
    filtered = engine.correlate(job)
    return filtered if image.ndim == 3 else filtered._replace(image=filtered.image[..., 0])


def extremes_of(
    image: Image,
    kernel: Kernel,
    settings: Settings,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    part: Part | None = None,
) -> Extremes:
    """Return what ``OutputRange.RESCALE`` must know of a part: the ends of the finite sums."""
    engine = engine or select_engine()
    job = plan(image, kernel, settings, threads, part)
    if image.dtype == np.float32 and not np.isfinite(engine.sums(job)).any():
        return ()
    return engine.extremes(job)


def plan(
    image: Image,
    kernel: Kernel,
    settings: Settings,
    threads: int | None,
    part: Part | None = None,
) -> Correlation:
    """Return one correlation with all its numbers; the stretch of ``RESCALE`` is not in it yet.

    Under ``Border.IGNORE`` the sums are those of the weights inside.
    """
    ignores = settings.border is Border.IGNORE
    channels = image if image.ndim == 3 else image[..., None]
    geometry = plan_geometry(
        (channels.shape[0] if part is None else part.length, channels.shape[1]),
        kernel.shape,
        kernel.anchor,
        stride=settings.stride,
        dilation=settings.dilation,
        size=settings.size,
    )
    if part is not None:
        channels, geometry = part.cut(channels, geometry)
    depth_in = Depth.of(image.dtype)
    depth = settings.depth or depth_in
    form = kernel.integer_form
    gain, bias = form.gain, form.bias
    if settings.output_range is OutputRange.OFFSET:
        bias += depth.middle
    elif settings.output_range is OutputRange.FULL:
        ratio = Fraction(depth.high, settings.white or depth_in.high)
        gain, bias = gain * ratio, bias * ratio
    return Correlation(
        image=channels,
        weights=form.weights,
        gain=gain,
        bias=bias,
        absolute=settings.output_range is OutputRange.ABS,
        border=Border.CONSTANT if ignores else settings.border,
        border_value=0 if ignores else outside_value(settings.border_value, depth_in),
        geometry=geometry,
        depth=depth,
        rounding=settings.rounding,
        threads=checked_threads(threads),
    )


def _stretched(job: Correlation, extremes: Extremes) -> Correlation:
    ends = [job.gain * extreme + job.bias for extreme in extremes]
    low, high = min(ends), max(ends)
    if low == high:
        return job._replace(gain=Fraction(0), bias=Fraction(job.depth.low))
    factor = (job.depth.high - job.depth.low) / (high - low)
    return job._replace(gain=job.gain * factor, bias=(job.bias - low) * factor + job.depth.low)
