"""Correlation and convolution of arrays: the one entry to the engines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from imgconv.engines.base import Engine
from imgconv.engines.repeated import Repeated
from imgconv.engines.select import select_engine
from imgconv.model.border import Border, parse_border_value
from imgconv.model.geometry import OutputSize, parse_size, parse_steps
from imgconv.model.kernel import Kernel, WeightsLike
from imgconv.model.kernel_set import KernelSet
from imgconv.model.output import Depth, OutputRange, Rounding, parse_choice
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Step
from imgconv.ops.image import Image, as_image
from imgconv.ops.linear.kernel_set import apply_sums
from imgconv.ops.linear.single import repeatable

_MOST_KEPT = 256
_SMALL = 4096  # bytes of weights that are compared
_calls: dict[tuple[object, ...], tuple[Engine, Repeated, object]] = {}
"""Correlations that were done before, by their arguments: checks take longer than small images."""


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
    given = (border, border_value, stride, dilation, size, depth, rounding, output_range)
    if type(kernel) is np.ndarray and kernel.dtype.kind in "iuf" and kernel.nbytes <= _SMALL:
        kernel = _kernel_of(kernel.tobytes(), kernel.shape, kernel.dtype.str)
    if type(image) is not np.ndarray or anchor is not None:
        return _correlated(image, kernel, given, anchor, threads)[0]
    numbers = (border_value, stride, dilation, size, threads)
    kinds = tuple(map(type, numbers))  # 1, 1.0 and True are equal
    key = id(kernel), image.shape, image.dtype, given, threads, kinds
    try:
        known = _calls.get(key)
    except TypeError:  # a list is no key
        return _correlated(image, kernel, given, anchor, threads)[0]
    engine = select_engine()
    if known is not None and known[0] is engine and image.flags.carray:
        return known[1](image) if image.ndim == 3 else known[1](image[..., None])[..., 0]
    made, settings = _correlated(image, kernel, given, anchor, threads)
    call = None
    if isinstance(kernel, Kernel) and not isinstance(settings.border_value, float):  # -0.0 is 0.0
        call = repeatable(image, kernel, settings, threads, engine)
    if call is not None:
        if len(_calls) >= _MOST_KEPT:
            _calls.clear()
        _calls[key] = engine, call, kernel  # which lives as long as its id is a key
    return made


def _correlated(
    image: ArrayLike,
    kernel: Kernel | KernelSet | WeightsLike | str,
    given: tuple[Any, ...],
    anchor: Sequence[int] | None,
    threads: int | None,
) -> tuple[Image, Settings]:
    chosen = kernel if isinstance(kernel, Step) else Kernel(kernel)
    settings = _settings_of(*given)
    if anchor is not None:
        chosen = chosen.anchored(anchor)
    pixels = as_image(image, settings.depth)
    return apply_sums(pixels, chosen, settings, threads=threads).image, settings


@lru_cache(maxsize=_MOST_KEPT)
def _kernel_of(data: bytes, shape: tuple[int, ...], dtype: str) -> Kernel:
    """Return the kernel that an array means; to find its exact numbers takes long."""
    return Kernel(np.frombuffer(data, dtype).reshape(shape))


def _settings_of(
    border: Any,
    border_value: Any,
    stride: Any,
    dilation: Any,
    size: Any,
    depth: Any,
    rounding: Any,
    output_range: Any,
) -> Settings:
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
    chosen = kernel if isinstance(kernel, Step) else Kernel(kernel)
    anchor = options.pop("anchor", None)
    if anchor is not None:
        chosen = chosen.anchored(anchor)
    return correlate(image, chosen.flipped(), **options)
