"""Layers in a chain: convolutions, activations and pooling, each rounded once to float32."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.errors import ArgumentError
from imgconv.model.layer import Activation, Pool
from imgconv.model.layer_shapes import LayerShapes
from imgconv.ops.activation import activate, pool_shapes, run_pool
from imgconv.ops.layer import Conv, Image, default_channels, run_conv

Layer = Conv | Activation | Pool
Network = tuple[Layer, ...]


class FeatureMaps(NamedTuple):
    """What a network made of an image.

    Attributes
    ----------
    values : ndarray of float32, shape ([depth,] rows, columns, channels)
    names : tuple of str
        Of the channels.
    shapes : tuple of LayerShapes
        Of the layers.
    """

    values: NDArray[Any]
    names: tuple[str, ...]
    shapes: tuple[LayerShapes, ...]


def network_shapes(network: Network, shape: tuple[int, ...]) -> list[LayerShapes]:
    """Work out the sizes of every layer for images of shape (n, spatial axes, channels).

    Raises
    ------
    ArgumentError
        When a layer does not fit the one before it.
    LimitError
        When a stated limit is hit.
    """
    found: list[LayerShapes] = []
    for number, layer in enumerate(network, start=1):
        if isinstance(layer, Conv):
            _check_axes(layer.axes, shape, layer.name)
            shapes = layer.shapes(shape)
        elif isinstance(layer, Pool):
            _check_axes(len(layer.size), shape, f"layer {number}")
            shapes = pool_shapes(layer, shape, f"pool{number}")
        else:
            sizes, channels = shape[1:-1], shape[-1]
            shapes = LayerShapes(
                str(layer), "every value", (), shape[0], sizes, sizes, channels, channels
            )
        found.append(shapes)
        shape = (shapes.batch, *shapes.sizes_out, shapes.channels_out)
    return found


def run_network(image: Image, network: Network, *, threads: int | None = None) -> FeatureMaps:
    """Run layers on one image of shape ([depth,] rows, columns, channels).

    Every layer's output is rounded once to float32, and is what the next one reads.
    """
    values = image[None]
    shapes = network_shapes(network, values.shape)
    names = default_channels(values.shape[-1])
    for layer in network:
        if isinstance(layer, Conv):
            conv = layer.for_channels(values.shape[-1])
            names = conv.filter_names or tuple(f"{conv.name} {f}" for f in range(len(conv.weights)))
            values = run_conv(values, layer, threads=threads)
        elif isinstance(layer, Pool):
            values = run_pool(values, layer, threads=threads)
        else:
            values = activate(values, layer)
    return FeatureMaps(values[0], names, tuple(shapes))


def run_parts(image: Image, conv: Conv, *, threads: int | None = None) -> FeatureMaps:
    """Give what each kernel of each filter makes of its channel, before the channels are summed.

    The maps of filter 0 come first, channel by channel; each is the exact sum of one kernel,
    rounded once, without the bias.
    """
    conv = conv.for_channels(image.shape[-1])
    channels, filters = image.shape[-1], len(conv.weights)
    conv.shapes(image[None].shape)
    groups, per_group = conv.groups or 1, conv.weights.shape[1]
    members = filters // groups
    # Depthwise: channel i goes through the kernels that the filters of its group have for it.
    kernels = [
        conv.weights[g * members : (g + 1) * members, c : c + 1]
        for g in range(groups)
        for c in range(per_group)
    ]
    apart = conv._replace(weights=np.concatenate(kernels), biases=None, groups=channels)
    maps = run_conv(image[None], apart, threads=threads)[0]
    order = [
        (g * per_group + c) * members + f
        for g in range(groups)
        for f in range(members)
        for c in range(per_group)
    ]
    inputs = conv.channel_names or default_channels(channels)
    outputs = conv.filter_names or tuple(f"{conv.name} {f}" for f in range(filters))
    names = [
        f"{outputs[g * members + f]}: {inputs[g * per_group + c]}"
        for g in range(groups)
        for f in range(members)
        for c in range(per_group)
    ]
    return FeatureMaps(maps[..., order], tuple(names), (apart.shapes(image[None].shape),))


def _check_axes(axes: int, shape: tuple[int, ...], name: str) -> None:
    if len(shape) - 2 != axes:
        raise ArgumentError(
            f"{name}: its windows slide along {axes} axes, the input has {len(shape) - 2}",
            hint="a 3-D layer takes a volume: a multi-page TIFF or a .npy of (depth, rows, columns)"
            if axes == 3
            else None,
        )
