"""The convolution of a layer: many channels in, many filters, in one, two or three axes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.layers import LayerJob, convolve
from imgconv.model.border import Border, parse_border_value
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import Axis
from imgconv.model.layer import Padding, Steps, WeightLayout, parse_axes, parse_padding, written
from imgconv.model.layer_shapes import LayerShapes, check_size, place_axes
from imgconv.model.output import Depth, Rounding, parse_choice
from imgconv.ops.image import checked_threads, outside_value
from imgconv.ops.layers.exact_weights import Weights, exact_biases, exact_weights

Image = NDArray[Any]
PaddingLike = Padding | str | int | Sequence[object]

_ONE = Axis(1, 1, 0, 1, 1, 1)


class Conv(NamedTuple):
    """A convolution: its filters and where their windows lie.

    Attributes
    ----------
    weights : ndarray, shape (filters, channels / groups, [[depth,] rows,] columns)
        Exact, not flipped.
    biases : tuple of Fraction, optional
        One for each filter.
    steps : Steps
    groups : int, optional
        None applies every filter, of one channel, to each input channel.
    name : str
    filter_names, channel_names : tuple of str
        Of the outputs and inputs; empty where they have none.
    """

    weights: Weights
    biases: tuple[Fraction, ...] | None
    steps: Steps
    groups: int | None = 1
    name: str = "conv"
    filter_names: tuple[str, ...] = ()
    channel_names: tuple[str, ...] = ()

    @property
    def axes(self) -> int:
        """How many axes its windows slide along."""
        return self.weights.ndim - 2

    def for_channels(self, channels: int) -> Conv:
        """Return the same with a number of groups; what applies to each channel is repeated."""
        if self.groups is not None:
            return self
        biases = None if self.biases is None else self.biases * channels
        inputs = self.channel_names
        inputs = inputs if len(inputs) == channels else default_channels(channels)
        prefix = [""] if channels == 1 else [f"{name} " for name in inputs]
        names = [before + name for before in prefix for name in self.filter_names]
        return self._replace(
            weights=np.concatenate([self.weights] * channels),
            biases=biases,
            groups=channels,
            filter_names=tuple(names),
        )

    def shapes(self, shape: tuple[int, ...]) -> LayerShapes:
        """Work out the sizes for images of shape (n, [[depth,] rows,] columns, channels).

        Raises
        ------
        ArgumentError
            When the channels do not fit, or no output value is left.
        LimitError
            When a stated limit is hit.
        """
        conv = self.for_channels(shape[-1])
        groups = conv.groups or 1
        filters, per_group, *kernel = conv.weights.shape
        _check_channels(conv, shape[-1], groups)
        placed = place_axes(shape[1:-1], tuple(kernel), conv.steps)
        grouped = f" in {groups} groups" if groups > 1 else ""
        shapes = LayerShapes(
            name=conv.name,
            what=f"{filters} filter{'s' * (filters > 1)} of {written((per_group, *kernel))}"
            + grouped,
            axes=placed,
            batch=shape[0],
            sizes_in=shape[1:-1],
            sizes_out=tuple(axis.axis.out for axis in placed),
            channels_in=shape[-1],
            channels_out=filters,
            taps=int(np.prod((per_group, *kernel))),
            biases=0 if conv.biases is None else filters,
            groups=groups,
        )
        check_size(shapes)
        return shapes


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


def make_conv(
    weights: ArrayLike,
    bias: Sequence[object] | NDArray[Any] | None = None,
    *,
    axes: int | None = None,
    stride: int | str | Sequence[int] = 1,
    padding: PaddingLike = 0,
    border: Border | str = "constant",
    border_value: object = 0,
    dilation: int | str | Sequence[int] = 1,
    groups: int | None = 1,
    convolve: bool = False,
    layout: WeightLayout | str = "oihw",
    name: str = "conv",
) -> Conv:
    """Check what `conv2d` is given, apart from the image."""
    exact = exact_weights(weights, axes, parse_choice(WeightLayout, layout, "layout"))
    axes = exact.ndim - 2
    if convolve:
        exact = exact[(slice(None), slice(None)) + (slice(None, None, -1),) * axes]
    if groups is not None:
        groups = parse_axes(groups, 1, "groups")[0]
    steps = Steps(
        stride=parse_axes(stride, axes, "stride"),
        dilation=parse_axes(dilation, axes, "dilation"),
        padding=parse_padding(padding, axes),
        border=_value_outside(border),
        border_value=parse_border_value(border_value),
    )
    return Conv(exact, exact_biases(bias, len(exact)), steps, groups, name)


def _value_outside(name: Border | str) -> Border:
    border = Border.parse(name)
    if border is Border.IGNORE:
        raise ArgumentError(
            "border is 'ignore'; a layer needs a value outside", hint="choose constant, with 0"
        )
    return border


def run_conv(
    images: Image,
    conv: Conv,
    *,
    depth: Depth = Depth.F32,
    rounding: Rounding = Rounding.HALF_EVEN,
    threads: int | None = None,
) -> Image:
    """Compute a convolution of images of shape (n, [[depth,] rows,] columns, channels)."""
    placed = conv.shapes(images.shape).axes
    conv = conv.for_channels(images.shape[-1])
    missing = 3 - conv.axes
    spatial = tuple(range(1, 1 + missing)), tuple(range(2, 2 + missing))
    job = LayerJob(
        images=np.expand_dims(images, spatial[0]),
        weights=np.expand_dims(conv.weights, spatial[1]),
        biases=list(conv.biases or (Fraction(0),) * len(conv.weights)),
        groups=conv.groups or 1,
        axes=_three([_ONE] * missing + [axis.axis for axis in placed]),
        border=conv.steps.border,
        border_value=outside_value(conv.steps.border_value, Depth.of(images.dtype)),
        depth=depth,
        rounding=rounding,
        threads=checked_threads(threads),
    )
    return np.squeeze(convolve(job), axis=spatial[0])


def _three(axes: list[Axis]) -> tuple[Axis, Axis, Axis]:
    depth, rows, columns = axes
    return depth, rows, columns


def as_batch(image: ArrayLike, axes: int) -> tuple[Image, bool]:
    """Return images as (n, spatial axes, channels), and whether there was one without `n`.

    Raises
    ------
    ArgumentError
        For another type or number of axes, or no values.
    """
    array = np.asarray(image)
    Depth.of(array.dtype)
    names = {1: "length", 2: "rows, columns", 3: "depth, rows, columns"}[axes]
    if not axes <= array.ndim <= axes + 2 or array.size == 0:
        raise ArgumentError(
            f"shape {array.shape} is not an input of a {axes}-D layer",
            hint=f"it takes ({names}), ({names}, channels) or (n, {names}, channels), not empty",
        )
    if array.ndim == axes:
        return array[None, ..., None], True
    return (array[None], True) if array.ndim == axes + 1 else (array, False)


def default_channels(channels: int) -> tuple[str, ...]:
    """Name the channels of a picture: gray; red, green, blue (and alpha); else numbers."""
    known = {1: ("gray",), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}
    return known.get(channels) or tuple(str(c) for c in range(channels))


def _check_channels(conv: Conv, channels: int, groups: int) -> None:
    filters, per_group, *kernel = conv.weights.shape
    if channels % groups or filters % groups:
        raise ArgumentError(
            f"{conv.name}: its channels ({channels}) and filters ({filters}) must be multiples of "
            f"its groups ({groups})"
        )
    if channels == per_group * groups:
        return
    hint = "use an image with as many channels (--gray makes one), or weights for this one"
    if kernel[-1] != kernel[-2:][0]:  # a shape that can be read the other way round
        if kernel[-2] == channels // groups:
            hint = "weights in the order rows, columns, channels, filters need --layout hwio"
        elif kernel[-1] == channels // groups:
            hint = "weights in the order filters, channels, rows, columns need --layout oihw"
    grouped = f" in each of {groups} groups" if groups > 1 else ""
    raise ArgumentError(
        f"{conv.name}: the filters have {per_group} channel{'s' * (per_group > 1)}{grouped}, "
        f"the image has {channels}",
        hint,
    )
