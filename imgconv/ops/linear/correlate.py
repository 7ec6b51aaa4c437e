"""Correlation and convolution of arrays: the one entry to the engines."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.base import Correlation, Engine, Filtered
from imgconv.engines.cpus import usable_cpus
from imgconv.engines.select import select_engine
from imgconv.model.border import Border, parse_border_value
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import OutputSize, parse_size, parse_steps, plan_geometry
from imgconv.model.kernel import Kernel, WeightsLike
from imgconv.model.kernel_set import Filter, KernelSet
from imgconv.model.output import Depth, OutputRange, Rounding, parse_choice
from imgconv.model.recipe import Settings
from imgconv.ops.linear.part import Extremes, Part

Image = NDArray[Any]

_MOST_THREADS = 256


def correlate(
    image: ArrayLike,
    kernel: Filter | WeightsLike | str,
    *,
    border: Border | str = "reflect101",
    border_value: int | float = 0,
    anchor: Sequence[int] | None = None,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    size: OutputSize | str | int | Sequence[int] = "same",
    depth: Depth | str | None = None,
    rounding: Rounding | str = "half-even",
    output_range: OutputRange | str = "saturate",
    threads: int | None = None,
) -> Image:
    """Correlate an image with a kernel (the kernel is not flipped).

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32; channels are filtered apart. It is not modified.
    kernel : Kernel, KernelSet, str or array_like of shape (rows, columns)
        The weights; a string is the name of a kernel of the bank, such as ``"sharpen"`` or
        ``"gaussian:sigma=1.4"``. Arrays are taken exactly.
    border : Border or str, default "reflect101"
        How outside pixels get values: constant, replicate, reflect, reflect101, wrap.
    border_value : number, default 0
        What stands outside under ``"constant"``; it must be a value of the image's type.
    anchor : (int, int), optional
        Row and column of the tap on the output pixel; default the kernel's own. It moves the
        output of size ``"same"``.
    stride : int or (int, int), default 1
        Step between output pixels, in rows and columns.
    dilation : int or (int, int), default 1
        Spacing of the taps. ``Ke = (k - 1) * dilation + 1`` below.
    size : {"same", "valid", "full"}, int or (top, bottom, left, right), default "same"
        Output length on an axis of n pixels: ``ceil(n / stride)``, ``(n - Ke) // stride + 1``,
        ``ceil((n + Ke - 1) / stride)``; with pads ``(n + before + after - Ke) // stride + 1``.
    depth : {"u8", "u16", "i16", "f32"}, optional
        Type of the output; default the image's. Values are not rescaled.
    rounding : {"half-even", "half-up", "half-down", "truncate"}, default "half-even"
        For integer outputs. float32 is always rounded half to even.
    output_range : {"saturate", "abs", "offset", "rescale", "full"}, default "saturate"
        What is done to the exact value before it is rounded and clamped: nothing; its absolute
        value; plus mid-grey; stretched from the image's least and greatest value to the range of
        the type; scaled by the ratio of the two types' white.
    threads : int, optional
        At most 256; default the CPUs that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray, shape (output rows, output columns[, channels])
        ``clamp(round(scale * sum(weights * window) + offset))``: the exact sum, rounded once.
        A float32 output is not clamped: beyond its range it is infinite. NaN and infinity in a
        float32 image follow IEEE 754 for the taps whose weight is not zero; they become 0 and the
        ends of the range in an integer output.

    Raises
    ------
    ArgumentError
        For a parameter that it cannot take, or when no output pixel would be left.
    KernelError
        For weights that are not a kernel.
    LimitError
        For a kernel, dilation or padding beyond a stated limit.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.uint8)
    >>> correlate(image, [[1, 0, -1]] * 3, size="valid", depth="i16")
    array([[-6]], dtype=int16)
    >>> correlate(image, [[0, 0, 1]], border="replicate")
    array([[2, 3, 3],
           [5, 6, 6],
           [8, 9, 9]], dtype=uint8)
    """
    chosen = _as_filter(kernel)
    settings = Settings(
        border=Border.parse(border),
        border_value=parse_border_value(border_value),
        stride=parse_steps(stride, "stride"),
        dilation=parse_steps(dilation, "dilation"),
        size=parse_size(size),
        depth=None if depth is None else parse_choice(Depth, depth, "depth"),
        rounding=parse_choice(Rounding, rounding, "rounding"),
        output_range=parse_choice(OutputRange, output_range, "output range"),
    )
    if anchor is not None:
        chosen = chosen.anchored(anchor)
    return apply_filter(as_image(image, settings.depth), chosen, settings, threads=threads).image


def convolve(image: ArrayLike, kernel: Filter | WeightsLike | str, **options: Any) -> Image:
    """Convolve an image with a kernel: correlate it with the kernel turned by 180 degrees.

    Parameters
    ----------
    image, kernel, **options
        As for `correlate`. An `anchor` is that of the kernel as given; it turns with it.

    Returns
    -------
    ndarray
        As for `correlate`.

    Raises
    ------
    ArgumentError, KernelError
        As `correlate` does.

    Examples
    --------
    >>> import numpy as np
    >>> impulse = np.zeros((3, 3), np.uint8)
    >>> impulse[1, 1] = 1
    >>> convolve(impulse, [[1, 2, 3], [4, 5, 6], [7, 8, 9]], border="constant")
    array([[1, 2, 3],
           [4, 5, 6],
           [7, 8, 9]], dtype=uint8)
    """
    chosen = _as_filter(kernel)
    anchor = options.pop("anchor", None)
    if anchor is not None:
        chosen = chosen.anchored(anchor)
    return correlate(image, chosen.flipped(), **options)


def _as_filter(kernel: Filter | WeightsLike | str) -> Filter:
    return kernel if isinstance(kernel, Kernel | KernelSet) else Kernel(kernel)


def as_image(image: ArrayLike, depth: Depth | None = None) -> Image:
    """Check that an array is an image that an engine takes.

    Raises
    ------
    ArgumentError
        For another type, another number of axes, or no pixels.
    """
    array = np.asarray(image)
    if array.dtype == np.float64 and depth is Depth.F32:
        array = array.astype(np.float32)
    Depth.of(array.dtype)
    if array.ndim not in (2, 3) or array.size == 0:
        raise ArgumentError(
            f"an image has shape (rows, columns) or (rows, columns, channels) and at least one "
            f"pixel, not shape {array.shape}"
        )
    return array


def apply_filter(
    image: Image,
    kernel: Filter,
    settings: Settings,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    part: Part | None = None,
) -> Filtered:
    """Correlate a checked image, or a part of one, with a kernel or a set (see `apply_kernel`)."""
    if isinstance(kernel, Kernel):
        return apply_kernel(image, kernel, settings, threads=threads, engine=engine, part=part)
    from imgconv.ops.linear.kernel_set import apply_set

    return apply_set(image, kernel, settings, threads=threads, engine=engine, part=part)


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

    With a `part`, the image is a band of a larger one's rows.
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
    """Say one correlation fully; the stretch of ``RESCALE`` is not in it yet."""
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
        border=settings.border,
        border_value=outside_value(settings.border_value, depth_in),
        geometry=geometry,
        depth=depth,
        rounding=settings.rounding,
        threads=checked_threads(threads),
    )


def checked_threads(threads: object) -> int:
    """Return a number of threads; None means the CPUs that this process may use."""
    if threads is None:
        return usable_cpus()
    # An int first: to ask whether something has a method takes longer than a small image.
    if isinstance(threads, int | SupportsIndex) and (count := operator.index(threads)) >= 1:
        return min(count, _MOST_THREADS)
    raise ArgumentError(f"threads is {threads!r}; a whole number of at least 1 is needed")


def _stretched(job: Correlation, extremes: Extremes) -> Correlation:
    ends = [job.gain * extreme + job.bias for extreme in extremes]
    low, high = min(ends), max(ends)
    if low == high:
        return job._replace(gain=Fraction(0), bias=Fraction(job.depth.low))
    factor = (job.depth.high - job.depth.low) / (high - low)
    return job._replace(gain=job.gain * factor, bias=(job.bias - low) * factor + job.depth.low)


def outside_value(value: int | float, depth: Depth) -> int | float:
    """Return what stands outside an image of this depth under ``Border.CONSTANT``."""
    if depth is Depth.F32:
        if abs(value) > float(np.finfo(np.float32).max):
            raise ArgumentError(f"border value {value} is beyond the range of float32")
        return float(np.float32(value))
    if value != int(value) or not depth.low <= value <= depth.high:
        raise ArgumentError(
            f"border value {value} is not a value of a {depth.value} image",
            hint=f"give a whole number from {depth.low} to {depth.high}",
        )
    return int(value)
