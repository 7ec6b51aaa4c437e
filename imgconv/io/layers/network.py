"""Layers from YAML and from files of arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from imgconv.io.kernels.bank import KernelBank
from imgconv.io.kernels.stack import conv_of, numbers_of
from imgconv.io.layers.layer_yaml import read_layers
from imgconv.io.layers.weights import NO_BIAS, is_array_spec, load_weights
from imgconv.model.errors import ArgumentError, KernelError
from imgconv.ops.layers.network import Network

_YAML = re.compile(r"(?P<path>.+\.ya?ml)(?:#(?P<name>.*))?", re.IGNORECASE)


def read_network(
    spec: str, given: Mapping[str, object] | None = None, bank: KernelBank | None = None
) -> Network:
    """Read the layers that a spec means.

    Parameters
    ----------
    spec : str
        ``net.yaml``, ``net.yaml#conv1`` (one layer of it), or an array of a .npy, .npz or
        .safetensors file (``net.safetensors#conv1.weight``).
    given : mapping, optional
        Options of the convolution by their long names, which win over those of the file; for
        these there must be one convolution only.
    bank : KernelBank, optional
        Where kernels are looked up.

    Raises
    ------
    KernelError
        When a file is missing or wrong, with line and column for YAML.
    ArgumentError
        For an option that has a value it cannot have.
    """
    options = {key: value for key, value in (given or {}).items() if value is not None}
    if yaml := _YAML.fullmatch(spec):
        return read_layers(Path(yaml["path"]), yaml["name"], options, bank)
    if not is_array_spec(spec):
        raise KernelError(
            f"{spec[:80]!r} is not a file of weights",
            hint="give net.yaml, w.npy, net.npz#NAME or net.safetensors#NAME; -k stacks kernels",
        )
    bias = options.pop("bias", None)
    numbers = None if bias is None or is_array_spec(str(bias)) or bias == NO_BIAS else bias
    weights, found = load_weights(spec, None if bias is None or numbers else str(bias))
    try:
        return (conv_of(weights, numbers_of(numbers) if numbers else found, options),)
    except ArgumentError as error:
        if options or numbers:
            raise
        raise KernelError(f"{spec}: {error.message}", error.hint) from None
