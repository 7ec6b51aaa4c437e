"""Run a network on one file: shapes first, then feature maps."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from imgconv.io.layers.map_files import check_maps_target, write_maps
from imgconv.io.layers.volumes import read_input
from imgconv.jobs.memory import check_layers
from imgconv.model.errors import ArgumentError
from imgconv.model.layer_shapes import LayerShapes
from imgconv.model.steps.methods import Gray
from imgconv.ops.layers.feature_maps import Normalization
from imgconv.ops.layers.layer import Conv, Image
from imgconv.ops.layers.network import Network, axes_of, network_shapes, run_network, run_parts


class LayerInput(NamedTuple):
    """An input that is read, and the sizes that a network makes of it.

    Attributes
    ----------
    image : ndarray, shape ([[depth,] rows,] columns, channels)
    shapes : list of LayerShapes
    notes : tuple of str
    """

    image: Image
    shapes: list[LayerShapes]
    notes: tuple[str, ...]


def read_for(source: Path, network: Network, gray: Gray | None = None) -> LayerInput:
    """Read the input of a network, and work out all sizes.

    The alpha of a picture is left out, unless the first layer has weights for it.

    Raises
    ------
    ImageReadError
        When it cannot be read.
    ArgumentError
        When a layer does not fit it.
    LimitError
        When a layer's input and output do not fit in the free memory.
    """
    axes = axes_of(network)
    image = read_input(source, axes)
    notes: tuple[str, ...] = ()
    takes = _channels_taken(network)
    picture = axes == 2 and source.suffix.lower() != ".npy"
    if picture and image.shape[-1] in (2, 4) and takes != image.shape[-1]:
        image, notes = image[..., :-1], ("Note: the alpha channel is left out",)
    if gray is not None:
        from imgconv.ops.color.gray import to_gray

        if axes != 2 or image.shape[-1] not in (1, 3):
            raise ArgumentError(f"{source}: only a picture can be made gray")
        image = to_gray(image if image.shape[-1] == 3 else image[..., 0], gray)[..., None]
    shapes = network_shapes(network, (1, *image.shape))
    check_layers(shapes)
    return LayerInput(image, shapes, notes)


def _channels_taken(network: Network) -> int | None:
    """Return how many channels the first convolution takes, where it says so."""
    first = network[0]
    if not isinstance(first, Conv) or first.groups is None:
        return None
    return int(first.weights.shape[1] * first.groups)


def check_output(source: Path, target: Path, *, overwrite: bool = False) -> None:
    """Check that the feature maps may be written (see `imgconv.io.layers.map_files`)."""
    if target.exists() and source.exists() and source.samefile(target):
        raise ArgumentError(f"{target} is the input itself", hint="give another OUT")
    check_maps_target(target, overwrite=overwrite)


def layer_file(
    read: LayerInput,
    target: Path,
    network: Network,
    *,
    parts: bool = False,
    normalization: Normalization = Normalization.EACH,
    overwrite: bool = False,
    threads: int | None = None,
) -> tuple[int, ...]:
    """Run a network and write its feature maps; give their shape.

    Raises
    ------
    ArgumentError
        For the parts of something that is not one convolution.
    ImageWriteError
        When they cannot be written.
    """
    across = None
    if not parts:
        maps, across = run_network(read.image, network, threads=threads), None
    else:
        conv = network[0]
        if len(network) != 1 or not isinstance(conv, Conv):
            raise ArgumentError(
                "--parts needs a single convolution",
                hint="choose it by name: --weights net.yaml#NAME",
            )
        maps = run_parts(read.image, conv, threads=threads)
        across = len(maps.names) // read.shapes[0].channels_out
    write_maps(target, maps, normalization=normalization, across=across, overwrite=overwrite)
    return tuple(maps.values.shape)
