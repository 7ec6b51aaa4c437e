"""`imgconv layer`: what a layer of a network computes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imgconv.cli import output
from imgconv.cli.integers import Integers
from imgconv.cli.options import (
    Command,
    bank_option,
    json_option,
    one_of,
    open_bank,
    option,
    threads_option,
    together,
)
from imgconv.model.layer import Nonlinearity, WeightLayout, parse_activation, parse_pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgconv.ops.layers.network import Network

_NORMALIZATIONS = ["each", "shared", "signed", "none"]
_CONV_OPTIONS = {
    "bias": "bias",
    "stride": "stride",
    "padding": "padding",
    "border": "border",
    "border_value": "border-value",
    "dilation": "dilation",
    "groups": "groups",
    "convolve": "convolve",
    "layout": "layout",
}

_weights_options = together(
    option("--weights", metavar="FILE[#NAME]", heading="Filters",
           help="net.yaml, w.npy, net.npz#conv1.weight, net.safetensors#conv1: filters x channels "
           "x rows x columns, or with a depth. YAML may hold a chain of layers."),
    option("-k", "--kernel", "kernels", metavar="KERNEL", multiple=True, heading="Filters",
           help="A kernel by name, file or matrix; repeated, they are stacked. Each is applied to "
           "every channel."),
    bank_option,
    option("--bias", metavar="NUMBERS|FILE#NAME", heading="Filters",
           help="One number a filter (2,1,3), an array, or none.  [default: the array beside the "
           "weights, conv1.bias for conv1.weight]"),
    option("--layout", heading="Filters",
           type=click.Choice([one.value for one in WeightLayout], case_sensitive=False),
           help="Order of the axes of the weights: as in PyTorch, or in TensorFlow.  "
           "[default: oihw]"),
    option("--convolve", is_flag=True, default=None, heading="Filters",
           help="Turn the kernels by 180 degrees first; layers do not."),
    option("--gray", metavar="[METHOD]", heading="Filters",
           help="Make the picture gray first.  [default: bt601]"),
)  # fmt: skip

_window_options = together(
    option("--stride", metavar="N[,N]", heading="Windows", help="Step between windows."),
    option("--pad", "--padding", "padding", metavar="P", heading="Windows",
           help="valid, same, same-lower, an amount (3), one for each axis (3,1), or for each side "
           "(top,bottom,left,right).  [default: 0]"),
    option("--border", metavar="MODE", heading="Windows",
           help="Where padding takes its values from.  [default: constant]"),
    option("--border-value", metavar="V", heading="Windows",
           help="The value outside under constant.  [default: 0]"),
    option("--dilation", metavar="N[,N]", heading="Windows", help="Spacing of the taps."),
    option("--groups", metavar="N", heading="Windows",
           help="Number of groups of channels, each convolved by itself.  [default: 1]"),
    option("--activation", metavar="NAME", heading="Windows",
           help=f"Then {one_of([one.value for one in Nonlinearity])} (leaky_relu:0.2)."),
    option("--pool", metavar="KIND:SIZE", heading="Windows",
           help="Then max:2, mean:2 or max:size=3,stride=2,padding=1; also dilation, ceil_mode and "
           "count_include_pad, as ONNX has them."),
)  # fmt: skip


@click.command(
    "layer",
    cls=Command,
    epilog="Examples:\n\n"
    "imgconv layer photo.png maps.png --gray -k sobel_x -k sobel_y -k laplacian --pad same\n\n"
    "imgconv layer photo.png maps.npy --weights net.safetensors#conv1 --stride 2 --pad 3 "
    "--activation relu\n\n"
    "imgconv layer photo.png parts.png --weights conv.yaml --parts\n\n"
    "imgconv layer photo.png --weights net.yaml --dry-run\n\n"
    "imgconv layer photo.png --weights net.safetensors#conv1 --at 0,12,34",
)
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="[OUT]", type=click.Path(path_type=Path), required=False)
@_weights_options
@_window_options
@option(
    "--parts",
    is_flag=True,
    heading="Output",
    help="Write what each kernel makes of its channel, before the channels are summed.",
)
@option(
    "--normalize",
    type=click.Choice(_NORMALIZATIONS, case_sensitive=False),
    default="each",
    show_default=True,
    heading="Output",
    help="Of pictures: each map from its least to its greatest value, all maps alike, 0 as "
    "mid-grey, or the values as they are.",
)
@option(
    "--at",
    "place",
    type=Integers("a filter, a row and a column, such as 0,12,34"),
    metavar="FILTER,ROW,COL",
    heading="Explaining",
    help="Show how this value of the output was computed, channel by channel, and write no maps. "
    "(Volumes: FILTER,DEPTH,ROW,COL.)",
)
@option("--overwrite", is_flag=True, heading="Output", help="Replace OUT if it exists.")
@option(
    "--dry-run",
    is_flag=True,
    heading="Running",
    help="Show the shapes and stop.",
)
@threads_option
@json_option  # fmt: skip
def command(source: Path, target: Path | None, **options: Any) -> None:
    """Run the picture, volume or array IN through layers, and write the feature maps into OUT.

    OUT is an array (.npy, .npz), float32 pages (.tiff), a labelled montage (.png) or a folder,
    which gets a PNG for each map. Shapes, parameters and multiply-adds are printed first.
    """
    from imgconv.jobs.layers.layer_file import check_output, layer_file, read_for
    from imgconv.model.output import parse_choice
    from imgconv.model.steps.methods import Gray
    from imgconv.ops.layers.feature_maps import Normalization

    if target is None and options["place"] is None and not options["dry_run"]:
        raise click.UsageError(
            "say where the maps go: OUT; or what to explain: --at FILTER,ROW,COL"
        )
    if note := _about_padding():
        output.say(note)
    network = _network_of(options)
    gray = parse_choice(Gray, options["gray"], "gray method") if options["gray"] else None
    writing = target if options["place"] is None and not options["dry_run"] else None
    if writing is not None:
        check_output(source, writing, overwrite=options["overwrite"])
    read = read_for(source, network, gray)
    for note in read.notes:
        output.say(note)
    if options["place"] is not None:
        _explain(read.image, network, options["place"], as_json=options["as_json"])
        return
    if options["as_json"]:
        output.write_json({"layers": [shapes.as_dict() for shapes in read.shapes]})
    else:
        for line in (line for shapes in read.shapes for line in shapes.lines()):
            output.say(line)
    if writing is not None:
        layer_file(
            read,
            writing,
            network,
            parts=options["parts"],
            normalization=Normalization(options["normalize"]),
            overwrite=options["overwrite"],
            threads=options["threads"],
        )


def _about_padding() -> str | None:
    """Return a note where the amount was given by the name that is a mode elsewhere."""
    words = click.get_current_context().meta.get("words", ())
    if not any(word.split("=")[0] == "--padding" for word in words):
        return None
    return "Note: --padding is the amount here, as in frameworks; --pad says the same"


def _explain(image: Any, network: Network, at: tuple[int, ...], *, as_json: bool) -> None:
    from imgconv.cli.explained import describe_layer
    from imgconv.ops.explain.explain_layer import explain_layer

    explanation = explain_layer(image, network, at)
    if as_json:
        output.write_json(explanation.as_dict())
    else:
        output.show(describe_layer(explanation))


def _network_of(parameters: Mapping[str, Any]) -> Network:
    """Return the layers that the parameters of the command say."""
    from imgconv.io.kernels.stack import stack_kernels
    from imgconv.io.layers.network import read_network
    from imgconv.ops.layers.layer import Conv

    given = {name: parameters[key] for key, name in _CONV_OPTIONS.items()}
    bank = open_bank(parameters["banks"])
    if bool(parameters["weights"]) == bool(parameters["kernels"]):
        raise click.UsageError("give --weights, or -k once or several times")
    if parameters["weights"]:
        network = read_network(parameters["weights"], given, bank)
    else:
        network = (stack_kernels(parameters["kernels"], given, bank),)
    axes = next((layer.axes for layer in reversed(network) if isinstance(layer, Conv)), 2)
    if parameters["activation"]:
        network += (parse_activation(parameters["activation"]),)
    if parameters["pool"]:
        network += (parse_pool(parameters["pool"], axes),)
    return network
