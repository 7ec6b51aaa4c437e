"""Layers in YAML: convolutions with named filters and channels, activations, pooling."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.io.config import strict_yaml
from imgconv.io.config.strict_yaml import YamlNode
from imgconv.io.kernels.bank import KernelBank
from imgconv.io.kernels.spec import load_single
from imgconv.io.kernels.stack import conv_of, numbers_of, stack_kernels, stacked
from imgconv.io.layers.weights import NO_BIAS, is_array_spec, load_bias, load_weights
from imgconv.model.errors import ArgumentError, ImgconvError, KernelError
from imgconv.model.kernel import Kernel
from imgconv.model.layer import parse_activation, parse_pool
from imgconv.model.numbers import parse_number
from imgconv.ops.layers.layer import Conv
from imgconv.ops.layers.network import Layer, Network

Array = NDArray[Any]

_OPTIONS = ("stride", "padding", "border", "border-value", "dilation", "groups", "layout")
_CONV_KEYS = ("name", "weights", "filters", "bias", "channels", "convolve", *_OPTIONS)
_LAYER_KEYS = ("conv", "activation", "pool")
_PRIMARIES = ("red", "green", "blue", "alpha")


def read_layers(
    path: Path, name: str | None, given: Mapping[str, object], bank: KernelBank | None
) -> Network:
    """Read a YAML file of layers, or one of them by name (see `imgconv.io.layers.network`)."""
    root = strict_yaml.parse(strict_yaml.read_text(path), str(path))
    fields = root.as_mapping(("layers", *_CONV_KEYS))
    nodes = fields["layers"].as_list() if "layers" in fields else [root]
    if "layers" in fields and len(fields) > 1:
        raise root.error("beside layers there are no keys of a convolution; write them in a layer")
    reader = _Reader(path.parent, bank)
    if not nodes:
        raise root.error("there are no layers")
    found = [node for node in nodes if name is None or reader.is_called(node, name)]
    if not found:
        raise KernelError(f"{path}: no layer is called {name!r}")
    convolutions = [node for node in found if reader.conv_node(node) is not None]
    if given and len(convolutions) != 1:
        raise ArgumentError(
            f"--{next(iter(given))} is meant for one convolution; {path} has {len(convolutions)}",
            hint=f"set it in the file, or choose a layer: {path}#NAME",
        )
    network: list[Layer] = []
    for node in found:
        network.append(reader.layer(node, given, len(network) + 1))
    return tuple(network)


class _Reader:
    """The layers of one YAML file."""

    def __init__(self, folder: Path, bank: KernelBank | None) -> None:
        self.folder, self.bank, self.axes = folder, bank, 2

    def conv_node(self, node: YamlNode) -> YamlNode | None:
        """Return the mapping of a convolution."""
        if node.kind != "mapping":
            return None
        if "conv" in node.fields:
            return node.fields["conv"]
        return None if set(node.fields) & set(_LAYER_KEYS) else node

    def is_called(self, node: YamlNode, name: str) -> bool:
        conv = self.conv_node(node)
        return conv is not None and "name" in conv.fields and conv.fields["name"].text == name

    def layer(self, node: YamlNode, given: Mapping[str, object], number: int) -> Layer:
        """Read one layer; errors say where."""
        conv = self.conv_node(node)
        if conv is not None:
            if conv is not node:
                node.as_mapping(("conv",))
            return self._conv(conv, given, number)
        fields = node.as_mapping(_LAYER_KEYS)
        if len(fields) != 1:
            raise node.error("one of conv, activation, pool is expected here")
        ((key, value),) = fields.items()
        try:
            text = value.as_text()
            return parse_activation(text) if key == "activation" else parse_pool(text, self.axes)
        except ArgumentError as error:
            raise value.error(error.message, error.hint) from None

    def _conv(self, node: YamlNode, given: Mapping[str, object], number: int) -> Conv:
        fields = node.as_mapping(_CONV_KEYS)
        if ("weights" in fields) == ("filters" in fields):
            raise node.error("a convolution has weights, or filters (kernels by name)")
        try:
            conv = self._made(fields, given)
        except (ArgumentError, KernelError) as error:
            if error.message.startswith(node.file) or (given and isinstance(error, ArgumentError)):
                raise  # it says where already, or it may be the command line that is wrong
            raise node.error(error.message, error.hint) from None
        self.axes = conv.axes
        name = fields["name"].as_text() if "name" in fields else f"conv{number}"
        return conv._replace(name=name)

    def _made(self, fields: Mapping[str, YamlNode], given: Mapping[str, object]) -> Conv:
        options: dict[str, object] = {
            key: [part.as_text() for part in fields[key].items]
            if fields[key].kind == "list"
            else fields[key].as_text()
            for key in _OPTIONS
            if key in fields
        }
        options = {key: _joined(value) for key, value in options.items()}
        if "convolve" in fields:
            options["convolve"] = fields["convolve"].as_flag()
        options |= given
        if "filters" in fields:
            specs = [item.as_text() for item in fields["filters"].as_list()]
            if not specs:
                raise fields["filters"].error("a kernel is expected here")
            bias = _bias(fields.get("bias"), tuple(specs))
            return stack_kernels(specs, {"bias": bias, **options}, self.bank)
        return self._with_weights(fields, options)

    def _with_weights(self, fields: Mapping[str, YamlNode], options: dict[str, object]) -> Conv:
        node = fields["weights"]
        names: tuple[str, ...] = ()
        inputs: tuple[str, ...] = ()
        if "channels" in fields:
            inputs = tuple(channel.as_text() for channel in fields["channels"].as_list())
        if node.kind == "mapping":
            names = tuple(node.fields)
        bias = options.pop("bias", None) or _bias(fields.get("bias"), names)
        elsewhere = bias if isinstance(bias, str) and _is_reference(bias) else None
        weights: Any
        found: Any = None
        if node.kind == "text":
            weights, found = load_weights(node.text, elsewhere, self.folder)
        else:
            if node.kind == "mapping":
                weights, inputs, found = self._named_filters(node, inputs)
            else:
                weights = _nested(node)
            if elsewhere is not None:
                found = None if elsewhere == NO_BIAS else load_bias(elsewhere, self.folder)
        if bias is not None and elsewhere is None:
            found = numbers_of(bias)
        conv = conv_of(weights, found, options)
        if inputs and len(inputs) != conv.weights.shape[1] * (conv.groups or 1):
            raise node.error(f"a kernel for each channel ({len(inputs)}) is expected here")
        return conv._replace(filter_names=names, channel_names=inputs)

    def _named_filters(
        self, node: YamlNode, inputs: tuple[str, ...]
    ) -> tuple[Array, tuple[str, ...], list[Fraction] | None]:
        """Read filters by name: kernels by channel, or a list of them."""
        inputs = inputs or _inputs(node)
        kernels: list[Kernel] = []
        for name, channels in node.fields.items():
            if channels.kind == "mapping":
                by_name = channels.as_mapping(inputs or None)
                row = [by_name.get(channel) for channel in inputs]
            else:
                row = list(channels.as_list())
            if inputs and len(row) != len(inputs):
                raise channels.error(
                    f"filter {name} needs a kernel for each channel ({len(inputs)})"
                )
            kernels += [self._kernel_of(kernel) for kernel in row]
        filters = len(node.fields)
        if not kernels or len(kernels) % filters:
            raise node.error("every filter needs the same number of kernels")
        stack, offsets = stacked(kernels)
        sums = [sum(part, Fraction(0)) for part in np.array(offsets).reshape(filters, -1).tolist()]
        weights = stack.reshape(filters, -1, *stack.shape[1:])
        return weights, inputs, sums if any(sums) else None

    def _kernel_of(self, node: YamlNode | None) -> Kernel:
        if node is None:
            return Kernel([[0]])  # a channel that the filter does not name
        try:
            if node.kind == "text":
                return load_single(node.text, self.bank)
            return Kernel(_nested(node))
        except ImgconvError as error:
            raise node.error(error.message, error.hint) from None


def _inputs(node: YamlNode) -> tuple[str, ...]:
    """Return the channels that filters name: in their colours' order, or that of their mention."""
    named = dict.fromkeys(channel for filters in node.fields.values() for channel in filters.fields)
    if named and set(named) <= set(_PRIMARIES):
        return _PRIMARIES if "alpha" in named else _PRIMARIES[:3]
    return tuple(named)


def _bias(node: YamlNode | None, names: tuple[str, ...]) -> Any:
    """Read a list of numbers, numbers by filter, an array of a file, or ``none``."""
    if node is None:
        return None
    if node.kind == "mapping":
        fields = node.as_mapping(names)
        return [_number(fields[name]) if name in fields else "0" for name in names]
    if node.kind == "list":
        return [_number(item) for item in node.items]
    text = node.as_text()
    if not _is_reference(text):
        for part in text.replace(",", " ").split():
            _check_number(node, part)
    return text


def _number(node: YamlNode) -> str:
    text = node.as_text()
    _check_number(node, text)
    return text


def _check_number(node: YamlNode, text: str) -> None:
    try:
        parse_number(text)
    except ArgumentError as error:
        raise node.error(error.message, error.hint) from None


def _is_reference(bias: str) -> bool:
    """Return whether a bias stands in a file, or is not wanted."""
    return bias == NO_BIAS or is_array_spec(bias)


def _nested(node: YamlNode) -> Any:
    """Return lists of lists of numbers, as text."""
    return [_nested(item) for item in node.items] if node.kind == "list" else node.as_text()


def _joined(value: object) -> object:
    return ",".join(value) if isinstance(value, list) else value
