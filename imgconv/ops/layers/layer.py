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
