"""Layers in a chain: convolutions, activations and pooling, each rounded once to float32."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.model.errors import ArgumentError
from imgconv.model.layer import Activation, Pool
from imgconv.model.layer_shapes import LayerShapes
from imgconv.ops.layers.activation import activate
from imgconv.ops.layers.layer import Conv, Image, as_batch, default_channels, run_conv
from imgconv.ops.layers.pooling import pool_shapes, run_pool

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


def run_network(image: ArrayLike, network: Network, *, threads: int | None = None) -> FeatureMaps:
    """Run layers on one image.

    Parameters
    ----------
    image : array_like, shape ([[depth,] rows,] columns[, channels])
        uint8, uint16, int16 or float32.
    network : tuple of Conv, Activation and Pool
        Every layer's output is rounded once to float32, and is what the next one reads.
    threads : int, optional

    Returns
    -------
    FeatureMaps

    Raises
    ------
    ArgumentError, LimitError
        As `network_shapes` does, before anything is computed.
    """
    values = as_one(image, axes_of(network))
    shapes = network_shapes(network, values.shape)
    ((values, names),) = deque(run_layers(values, network, threads=threads), maxlen=1)
    return FeatureMaps(values[0], names, tuple(shapes))


def run_layers(
    values: Image, network: Network, *, threads: int | None = None
) -> Iterator[tuple[Image, tuple[str, ...]]]:
    """Return a batch and the names of its channels, and then what each layer makes of them."""
    names = default_channels(values.shape[-1])
    yield values, names
    for layer in network:
        if isinstance(layer, Conv):
            names = _outputs(layer.for_channels(values.shape[-1]))
            values = run_conv(values, layer, threads=threads)
        elif isinstance(layer, Pool):
            values = run_pool(values, layer, threads=threads)
        else:
            values = activate(values, layer)
        yield values, names


def axes_of(network: Network) -> int:
    """Return how many axes the windows of a network slide along; 2 where it has none."""
    for layer in network:
        if isinstance(layer, Conv):
            return layer.axes
        if isinstance(layer, Pool):
            return len(layer.size)
    return 2


def run_parts(image: ArrayLike, conv: Conv, *, threads: int | None = None) -> FeatureMaps:
    """Return what each kernel of each filter makes of its channel, and what their sum is.

    Parameters
    ----------
    image : array_like, shape ([[depth,] rows,] columns[, channels])
    conv : Conv
    threads : int, optional

    Returns
    -------
    FeatureMaps
        For every filter one map a channel, exact and rounded once, without the bias; then the map
        of the filter itself, which is not their sum where they were rounded.
    """
    images = as_one(image, conv.axes)
    conv = conv.for_channels(images.shape[-1])
    shapes = conv.shapes(images.shape)
    groups, per_group = conv.groups or 1, conv.weights.shape[1]
    members = len(conv.weights) // groups
    # Depthwise: channel i goes through the kernels that the filters of its group have for it.
    kernels = [
        conv.weights[g * members : (g + 1) * members, c : c + 1]
        for g in range(groups)
        for c in range(per_group)
    ]
    weights = np.concatenate(kernels)
    apart = conv._replace(weights=weights, biases=None, groups=groups * per_group)
    parts = run_conv(images, apart, threads=threads)[0]
    sums = run_conv(images, conv, threads=threads)[0]
    inputs = conv.channel_names or default_channels(images.shape[-1])
    maps, names = [], []
    for f, output in enumerate(_outputs(conv)):
        group, member = divmod(f, members)
        for channel in range(group * per_group, (group + 1) * per_group):
            maps.append(parts[..., channel * members + member])
            names.append(f"{output}: {inputs[channel]}")
        maps.append(sums[..., f])
        names.append(f"{output}: sum{_added(conv.biases[f]) if conv.biases else ''}")
    return FeatureMaps(np.stack(maps, axis=-1), tuple(names), (shapes,))


def _added(bias: Fraction) -> str:
    return f" {'-' if bias < 0 else '+'} {abs(float(bias)):.4g}"


def _outputs(conv: Conv) -> tuple[str, ...]:
    """Name the outputs of a convolution."""
    return conv.filter_names or tuple(f"{conv.name} {f}" for f in range(len(conv.weights)))


def as_one(image: ArrayLike, axes: int) -> Image:
    """Return an image as a batch of one."""
    images, single = as_batch(image, axes)
    if not single:
        raise ArgumentError(f"shape {images.shape} is a batch; a network takes one image")
    return images


def _check_axes(axes: int, shape: tuple[int, ...], name: str) -> None:
    if len(shape) - 2 != axes:
        raise ArgumentError(
            f"{name}: its windows slide along {axes} axes, the input has {len(shape) - 2}",
            hint="a 3-D layer takes a volume: a multi-page TIFF or a .npy of (depth, rows, columns)"
            if axes == 3
            else None,
        )
