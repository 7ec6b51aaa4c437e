"""Convolutions of layers as functions of arrays, in one, two or three axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray

from imgconv.model.border import Border
from imgconv.model.layer import WeightLayout
from imgconv.model.output import Depth, Rounding, parse_choice
from imgconv.ops.layers.layer import Image, PaddingLike, as_batch, make_conv, run_conv


def conv2d(
    image: ArrayLike,
    weights: ArrayLike,
    bias: Sequence[object] | NDArray[Any] | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: PaddingLike = 0,
    border: Border | str = "constant",
    border_value: int | float = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    convolve: bool = False,
    layout: WeightLayout | str = "oihw",
    depth: Depth | str = "f32",
    rounding: Rounding | str = "half-even",
    threads: int | None = None,
) -> Image:
    """Correlate the channels of an image with filters, as a layer of a network does.

    Parameters
    ----------
    image : array_like, shape (rows, columns), (rows, columns, channels) or (n, rows, columns, \
channels)
        uint8, uint16, int16 or float32. It is not modified.
    weights : array_like, shape (filters, channels / groups, kernel rows, kernel columns)
        Floats, integers, `fractions.Fraction` or text such as ``"1/9"``, all taken exactly.
    bias : sequence of numbers, optional
        One for each filter, added to its sum.
    stride, dilation : int or (int, int), default 1
        Step between windows, and spacing of the taps, in rows and columns.
    padding : int, (int, int), (top, bottom, left, right), "same", "same-lower" or "valid", \
default 0
        How far windows reach over the edge. ``"same"`` gives ``ceil(n / stride)`` values; the odd
        pixel of an uneven padding comes after the image, as in TensorFlow and, at stride 1,
        PyTorch. ``"same-lower"`` is ONNX's SAME_LOWER: the odd pixel comes before.
    border : Border or str, default "constant"
        Where padding takes its values from; see `correlate`.
    border_value : number, default 0
        What stands outside under ``"constant"``; it must be a value of the image's type.
    groups : int, default 1
        Filter f reads the channels of group ``f // (filters / groups)`` alone. As many groups as
        channels make the layer depthwise.
    convolve : bool, default False
        Whether the kernels are turned by 180 degrees first. Layers of networks do not.
    layout : {"oihw", "hwio"}, default "oihw"
        The order of the axes of `weights`: (filters, channels, rows, columns) as in PyTorch, or
        (rows, columns, channels, filters) as in TensorFlow.
    depth : {"f32", "u8", "u16", "i16"}, default "f32"
        Type of the feature maps. Not the image's: they are signed, and 8 bits would clip them.
    rounding : {"half-even", "half-up", "half-down", "truncate"}, default "half-even"
        For integer outputs.
    threads : int, optional
        Default the CPUs that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray, shape ([n,] output rows, output columns, filters)
        Feature maps, ``(rows + top + bottom - Ke) // stride + 1`` long with ``Ke = (k - 1) *
        dilation + 1``: the exact sum over all channels and taps plus bias, rounded once.

    Raises
    ------
    ArgumentError
        For shapes that do not fit each other, or a parameter that it cannot take.
    LimitError
        When a stated limit is hit.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2],
    ...                   [2, 0, 0, 0, 1]], np.uint8)
    >>> kernel = [[0, 1, 2], [2, 2, 0], [0, 1, 2]]
    >>> conv2d(image, [[kernel]])[..., 0]
    array([[12., 12., 17.],
           [10., 17., 19.],
           [ 9.,  6., 14.]], dtype=float32)
    >>> conv2d(np.stack([image, image], axis=2), [[kernel, kernel]], bias=[3], stride=2)[..., 0]
    array([[27., 37.],
           [21., 31.]], dtype=float32)
    """
    return _layer(
        image, 2, weights, bias, stride=stride, padding=padding, border=border,
        border_value=border_value, dilation=dilation, groups=groups, convolve=convolve,
        layout=layout, depth=depth, rounding=rounding, threads=threads,
    )  # fmt: skip


def conv1d(
    signal: ArrayLike,
    weights: ArrayLike,
    bias: Sequence[object] | NDArray[Any] | None = None,
    **options: Any,
) -> Image:
    """Correlate the channels of signals with filters: `conv2d` with one axis.

    Parameters
    ----------
    signal : array_like, shape (length,), (length, channels) or (n, length, channels)
    weights : array_like, shape (filters, channels / groups, taps)
    bias, **options
        As for `conv2d`; a padding of two amounts is (before, after).

    Returns
    -------
    ndarray, shape ([n,] output length, filters)

    Raises
    ------
    ArgumentError, LimitError
        As `conv2d` does.

    Examples
    --------
    >>> import numpy as np
    >>> conv1d(np.array([1, 2, 4, 8], np.uint8), [[[-1, 1]]])[:, 0]
    array([1., 2., 4.], dtype=float32)
    """
    return _layer(signal, 1, weights, bias, **options)


def conv3d(
    volume: ArrayLike,
    weights: ArrayLike,
    bias: Sequence[object] | NDArray[Any] | None = None,
    **options: Any,
) -> Image:
    """Correlate the channels of a volume with filters that slide in depth too.

    Parameters
    ----------
    volume : array_like, shape (depth, rows, columns), (..., channels) or (n, ..., channels)
    weights : array_like, shape (filters, channels / groups, depth, rows, columns)
    bias, **options
        As for `conv2d`, with three axes: depth, rows, columns.

    Returns
    -------
    ndarray, shape ([n,] output depth, output rows, output columns, filters)

    Raises
    ------
    ArgumentError, LimitError
        As `conv2d` does.

    Examples
    --------
    A filter two deep over a volume three deep gives a volume two deep:

    >>> import numpy as np
    >>> volume = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    >>> conv3d(volume, np.ones((1, 1, 2, 2, 2)))[..., 0]
    array([[[28.]],
           [[60.]]], dtype=float32)
    """
    return _layer(volume, 3, weights, bias, **options)


def _layer(
    image: ArrayLike,
    axes: int,
    weights: ArrayLike,
    bias: Sequence[object] | NDArray[Any] | None,
    *,
    depth: Depth | str = "f32",
    rounding: Rounding | str = "half-even",
    threads: int | None = None,
    **options: Any,
) -> Image:
    batch, single = as_batch(image, axes)
    conv = make_conv(weights, bias, axes=axes, **options)
    maps = run_conv(
        batch,
        conv,
        depth=parse_choice(Depth, depth, "depth"),
        rounding=parse_choice(Rounding, rounding, "rounding"),
        threads=threads,
    )
    return maps[0] if single else maps
