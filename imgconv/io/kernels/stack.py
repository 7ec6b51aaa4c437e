"""Kernels by name, stacked into the filters of a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.io.kernels.bank import KernelBank
from imgconv.io.kernels.spec import load_single
from imgconv.io.layers.weights import NO_BIAS, is_array_spec, load_bias
from imgconv.model.errors import ArgumentError
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import parse_number
from imgconv.ops.layers.layer import Conv, make_conv

Array = NDArray[Any]


def stack_kernels(
    specs: Sequence[str],
    given: Mapping[str, object] | None = None,
    bank: KernelBank | None = None,
) -> Conv:
    """Make a layer of kernels by name: each is a filter, applied to every channel.

    Kernels of different sizes are put into zeros, with their anchors over each other; their
    offsets become the bias.

    Examples
    --------
    >>> conv = stack_kernels(["sobel_x", "1 1"], {"padding": "same"})
    >>> conv.weights.shape, conv.filter_names
    ((2, 1, 3, 3), ('sobel_x', '1 1'))
    """
    options = {key: value for key, value in (given or {}).items() if value is not None}
    kernels = [load_single(spec, bank) for spec in specs]
    stack, offsets = stacked(kernels)
    bias = options.pop("bias", None)
    if bias is not None and bias != NO_BIAS:
        offsets = list(_bias_of(bias, len(kernels)) + np.array(offsets, object))
    with_bias = offsets if bias not in (None, NO_BIAS) or any(offsets) else None
    if options.pop("groups", None) is not None:
        raise ArgumentError("stacked kernels apply to every channel; they take no groups")
    conv = conv_of(stack[:, None], with_bias, {**options, "groups": None})
    names = tuple(kernel.name or spec for kernel, spec in zip(kernels, specs, strict=True))
    return conv._replace(filter_names=names, name="filters")


def _bias_of(bias: object, filters: int) -> Array:
    values = load_bias(bias) if isinstance(bias, str) and is_array_spec(bias) else numbers_of(bias)
    if len(values) != filters:
        raise ArgumentError(
            f"the bias has length {len(values)}; it needs one value a filter, {filters} in all"
        )
    return np.array([Fraction(value) for value in values], object)


def numbers_of(bias: object) -> Array:
    """Read ``2,1,3`` or a list of numbers.

    Raises
    ------
    ArgumentError
        When one is no number.
    """
    parts: Any = bias.replace(",", " ").split() if isinstance(bias, str) else bias
    return np.array([Fraction(parse_number(part)) for part in parts], object)


def stacked(kernels: Sequence[Kernel]) -> tuple[Array, list[Fraction]]:
    """Return kernels as one array, their anchors over each other, and their offsets."""
    above = max(kernel.anchor[0] for kernel in kernels)
    left = max(kernel.anchor[1] for kernel in kernels)
    below = max(kernel.shape[0] - kernel.anchor[0] for kernel in kernels)
    right = max(kernel.shape[1] - kernel.anchor[1] for kernel in kernels)
    stack = np.zeros((len(kernels), above + below, left + right), object)
    for grown, kernel in zip(stack, kernels, strict=True):
        top, start = above - kernel.anchor[0], left - kernel.anchor[1]
        rows, columns = kernel.shape
        weights = [[kernel.scale * weight for weight in row] for row in kernel.weights]
        grown[top : top + rows, start : start + columns] = weights
    return stack, [Fraction(kernel.offset) for kernel in kernels]


def conv_of(weights: Any, bias: Any, options: Mapping[str, Any]) -> Conv:
    """Make a convolution with options by their long names."""
    known = {key.replace("-", "_"): value for key, value in options.items()}
    return make_conv(weights, bias, **known)
