"""Correlation and convolution of arrays: the one entry to the engines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from imgconv.model.border import Border, parse_border_value
from imgconv.model.geometry import OutputSize, parse_size, parse_steps
from imgconv.model.kernel import Kernel, WeightsLike
from imgconv.model.kernel_set import KernelSet
from imgconv.model.output import Depth, OutputRange, Rounding, parse_choice
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Step
from imgconv.ops.image import Image, as_image
from imgconv.ops.linear.sums import apply_sums


def correlate(
    image: ArrayLike,
    kernel: Kernel | KernelSet | WeightsLike | str,
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
    chosen = _as_sums(kernel)
    settings = settings_of(
        border=border,
        border_value=border_value,
        stride=stride,
        dilation=dilation,
        size=size,
        depth=depth,
        rounding=rounding,
        output_range=output_range,
    )
    if anchor is not None:
        chosen = chosen.anchored(anchor)
    return apply_sums(as_image(image, settings.depth), chosen, settings, threads=threads).image


def settings_of(
    *,
    border: Border | str = "reflect101",
    border_value: int | float = 0,
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    size: OutputSize | str | int | Sequence[int] = "same",
    depth: Depth | str | None = None,
    rounding: Rounding | str = "half-even",
    output_range: OutputRange | str = "saturate",
) -> Settings:
    """Return the settings that the arguments of `correlate` ask for.

    Raises
    ------
    ArgumentError
        For one that it cannot take.
    """
    return Settings(
        border=Border.parse(border),
        border_value=parse_border_value(border_value),
        stride=parse_steps(stride, "stride"),
        dilation=parse_steps(dilation, "dilation"),
        size=parse_size(size),
        depth=None if depth is None else parse_choice(Depth, depth, "depth"),
        rounding=parse_choice(Rounding, rounding, "rounding"),
        output_range=parse_choice(OutputRange, output_range, "output range"),
    )


def convolve(
    image: ArrayLike, kernel: Kernel | KernelSet | WeightsLike | str, **options: Any
) -> Image:
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
    chosen = _as_sums(kernel)
    anchor = options.pop("anchor", None)
    if anchor is not None:
        chosen = chosen.anchored(anchor)
    return correlate(image, chosen.flipped(), **options)


def _as_sums(kernel: Kernel | KernelSet | WeightsLike | str) -> Kernel | KernelSet:
    return kernel if isinstance(kernel, Step) else Kernel(kernel)
