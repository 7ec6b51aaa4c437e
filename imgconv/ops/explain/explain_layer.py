"""Explain a value of a feature map: channel by channel, their sum, the bias, and what follows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from imgconv.engines.rounding import nearest_float32
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import Axis
from imgconv.model.layer import Pool, Reduction
from imgconv.model.layer_explanation import (
    AfterStep,
    ChannelSum,
    ConvolutionStep,
    LayerExplanation,
    LayerTap,
)
from imgconv.model.layer_shapes import AXIS_NAMES, LayerShapes
from imgconv.model.numbers import simplest
from imgconv.model.output import Depth
from imgconv.ops.explain.exact_terms import exact_number, exact_product, exact_total
from imgconv.ops.image import outside_value
from imgconv.ops.layers.layer import Conv, Image
from imgconv.ops.layers.network import Network, as_one, axes_of, network_shapes, run_layers

Place = tuple[int, ...]


def explain_layer(image: ArrayLike, network: Network, at: Sequence[int]) -> LayerExplanation:
    """Describe how layers make one value of a feature map.

    Parameters
    ----------
    image : array_like, shape ([[depth,] rows,] columns[, channels])
    network : tuple of Conv, Activation and Pool
        The last convolution is explained, and what follows it. Of a pooling's window the greatest
        value is followed, and of a mean's the first that is not padding.
    at : tuple of int
        Filter, then [[depth,] row,] column in the output.

    Returns
    -------
    LayerExplanation

    Raises
    ------
    ArgumentError
        For a place outside the output, or layers without a convolution.
    ArithmeticError
        When the engine wrote something else, which would be a bug.
    """
    convolutions = [(n, layer) for n, layer in enumerate(network) if isinstance(layer, Conv)]
    if not convolutions:
        raise ArgumentError("there is no convolution to explain", hint="give --weights or -k")
    last, convolution = convolutions[-1]
    values = as_one(image, axes_of(network))
    shapes = network_shapes(network, values.shape)
    reached = list(run_layers(values, network))
    chosen, place = _inside(at, reached[-1][0])
    after: list[AfterStep] = []
    for number in range(len(network) - 1, last, -1):
        layer, source = network[number], reached[number][0][0, ..., chosen]
        value = reached[number + 1][0][0, ..., chosen][place].item()
        if isinstance(layer, Pool):
            step = _pooled(layer, shapes[number], source, place, value)
        else:
            step = AfterStep(str(layer), place, (source[place].item(),), place, value)
        after.insert(0, step)
        place = step.followed
    source, names = reached[last]
    maps, filters = reached[last + 1]
    written = maps[(0, *place, chosen)].item()
    made = _convolved(convolution, shapes[last], source[0], names, chosen, place)
    made = made._replace(name=filters[chosen], value=written)
    _check(made)
    return LayerExplanation(chosen, made, tuple(after), last)


def _inside(at: Sequence[int], output: Image) -> tuple[int, Place]:
    sizes = output.shape[1:-1]
    names = AXIS_NAMES[len(sizes)]
    if len(at) != len(sizes) + 1:
        wanted = ", ".join(name.removesuffix("s") for name in names)
        raise ArgumentError(
            f"a position here is {len(sizes) + 1} numbers, not {len(at)}",
            hint=f"give filter, {wanted}",
        )
    chosen, *place = at
    for name, number, size in zip(("filters", *names), at, (output.shape[-1], *sizes), strict=True):
        if not 0 <= number < size:
            raise ArgumentError(
                f"{','.join(map(str, at))} lies outside the output",
                hint=f"{name} run from 0 to {size - 1}",
            )
    return chosen, tuple(place)


def _convolved(
    conv: Conv,
    shapes: LayerShapes,
    values: Image,
    names: Sequence[str],
    chosen: int,
    place: Place,
) -> ConvolutionStep:
    conv = conv.for_channels(values.shape[-1])
    per_group = conv.weights.shape[1]
    first = chosen // (len(conv.weights) // shapes.groups) * per_group
    axes = [placed.axis for placed in shapes.axes]
    outside = outside_value(conv.steps.border_value, Depth.of(values.dtype))
    channels = tuple(
        _channel(values[..., first + c], conv.weights[chosen, c], axes, place, conv, outside)
        ._replace(channel=first + c, name=(conv.channel_names or names)[first + c])
        for c in range(per_group)
    )  # fmt: skip
    bias = None if conv.biases is None else simplest(conv.biases[chosen])
    exact = exact_total([*(part.total for part in channels), bias or 0])
    return ConvolutionStep("", place, channels, bias, exact, math.nan, conv.steps.border.value)


def _channel(
    values: Image,
    kernel: Image,
    axes: Sequence[Axis],
    place: Place,
    conv: Conv,
    outside: float,
) -> ChannelSum:
    taps = []
    for tap in product(*(range(size) for size in kernel.shape)):
        position = _under(axes, place, tap)
        source = _read(conv.steps.border, axes, position)
        pixel = exact_number(outside if source is None else values[source].item())
        weight = kernel[tap]
        weight = simplest(Fraction(weight.item() if isinstance(weight, np.generic) else weight))
        taps.append(LayerTap(tap, position, source, pixel, weight, exact_product(weight, pixel)))
    return ChannelSum(0, "", tuple(taps), exact_total(tap.product for tap in taps))


def _under(axes: Sequence[Axis], place: Place, tap: Place) -> Place:
    return tuple(
        out * axis.stride + t * axis.dilation - axis.before
        for axis, out, t in zip(axes, place, tap, strict=True)
    )


def _read(border: Border, axes: Sequence[Axis], position: Place) -> Place | None:
    found = [border.source_index(p, a.length) for p, a in zip(position, axes, strict=True)]
    return None if None in found else tuple(p for p in found if p is not None)


def _pooled(
    pool: Pool, shapes: LayerShapes, source: Image, place: Place, value: float
) -> AfterStep:
    axes = [placed.axis for placed in shapes.axes]
    windows = product(*(range(size) for size in pool.size))
    under = [_under(axes, place, tap) for tap in windows]
    inside = [p for p in under if _read(Border.CONSTANT, axes, p)]
    read = tuple(source[p].item() for p in inside)
    followed = inside[0]
    if pool.reduction is Reduction.MAX:
        followed = next((p for p, v in zip(inside, read, strict=True) if v == value), followed)
    return AfterStep(str(pool), place, read, followed, value)


def _check(step: ConvolutionStep) -> None:
    """Compare the explanation against what the engine wrote."""
    if isinstance(step.exact, float):
        with np.errstate(over="ignore"):
            ours = float(np.float32(step.exact))
    else:
        ours = nearest_float32(step.exact.numerator, step.exact.denominator)
    if not (ours == step.value or (math.isnan(ours) and math.isnan(step.value))):
        raise ArithmeticError(f"explained as {ours}, but the engine wrote {step.value}")
