"""What the steps of a layer are told: strides, padding, activation, pooling, and how they read."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from enum import Enum
from fractions import Fraction
from typing import NamedTuple, SupportsIndex

from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import format_number, parse_number

_LARGEST_AMOUNT = 1 << 20


class WeightLayout(Enum):
    """The order of the axes of an array of weights."""

    OIHW = "oihw"
    """Output channel, input channel, (depth,) row, column: PyTorch, ONNX."""
    HWIO = "hwio"
    """(Depth,) row, column, input channel, output channel: TensorFlow, Keras, JAX."""


class AutoPadding(Enum):
    """Padding that follows from the sizes."""

    VALID = "valid"
    """None."""
    SAME = "same"
    """As much as makes the output ``ceil(n / stride)`` long; the odd pixel comes after."""


Amounts = tuple[tuple[int, int], ...]
"""Before and after, for each axis."""

Padding = AutoPadding | Amounts


class Steps(NamedTuple):
    """Where the windows of a layer lie; one entry for each axis that they slide along.

    Attributes
    ----------
    stride, dilation : tuple of int
    padding : AutoPadding or tuple of (int, int)
    border : Border
    border_value : int or float
        What stands outside under ``Border.CONSTANT``.
    """

    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: Padding
    border: Border = Border.CONSTANT
    border_value: int | float = 0


class Nonlinearity(Enum):
    """The function of an activation."""

    RELU = "relu"
    """``max(x, 0)``."""
    LEAKY_RELU = "leaky_relu"
    """``x`` where it is positive, ``slope * x`` elsewhere."""
    SIGMOID = "sigmoid"
    """``1 / (1 + exp(-x))``."""
    TANH = "tanh"


class Activation(NamedTuple):
    """A function of every value, rounded once to float32; the slope is leaky_relu's."""

    function: Nonlinearity
    slope: Fraction = Fraction(1, 100)

    def __str__(self) -> str:
        leaky = self.function is Nonlinearity.LEAKY_RELU
        return self.function.value + (f":{format_number(self.slope)}" if leaky else "")


class Reduction(Enum):
    """What pooling makes of a window."""

    MAX = "max"
    """The greatest value; outside pixels are left out."""
    MEAN = "mean"
    """The exact mean, rounded once; outside pixels count as 0."""


class Pool(NamedTuple):
    """Pooling: one value for each window of each channel.

    Attributes
    ----------
    reduction : Reduction
    size : tuple of int
        Of the window.
    stride : tuple of int
    padding : tuple of (int, int)
    """

    reduction: Reduction
    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Amounts

    def __str__(self) -> str:
        size = "x".join(map(str, self.size))
        return f"{self.reduction.value} pool {size}"


def parse_activation(value: Activation | str) -> Activation:
    """Read ``relu``, ``leaky_relu`` (slope 1/100), ``leaky_relu:0.2``, ``sigmoid`` or ``tanh``.

    Raises
    ------
    ArgumentError
        For anything else.

    Examples
    --------
    >>> str(parse_activation("leaky_relu:0.2"))
    'leaky_relu:1/5'
    """
    if isinstance(value, Activation):
        return value
    name, colon, slope = str(value).strip().partition(":")
    names = [function.value for function in Nonlinearity]
    if name not in names:
        raise ArgumentError(
            f"no activation is called {str(value)[:40]!r}", hint="choose from " + ", ".join(names)
        )
    function = Nonlinearity(name)
    if not colon:
        return Activation(function)
    if function is not Nonlinearity.LEAKY_RELU:
        raise ArgumentError(f"{name} takes no parameter", hint="only leaky_relu:SLOPE does")
    number = Fraction(parse_number(slope))
    if not 0 <= number <= 1:
        raise ArgumentError(f"the slope of leaky_relu is {slope}; it lies between 0 and 1")
    return Activation(function, number)


def parse_pool(value: Pool | str, axes: int) -> Pool:
    """Read ``max:2``, ``mean:3``, ``max:size=3,stride=2,padding=1``; a size may be ``2x3``.

    The stride is the size where none is given.

    Raises
    ------
    ArgumentError
        For anything else.

    Examples
    --------
    >>> parse_pool("max:size=3x2,stride=2", 2)._replace(padding=())
    Pool(reduction=<Reduction.MAX: 'max'>, size=(3, 2), stride=(2, 2), padding=())
    """
    if isinstance(value, Pool):
        return value
    text = str(value).strip()
    wrong = ArgumentError(
        f"{text[:40]!r} is not a kind of pooling",
        hint="write max:2, mean:2, max:3x2 or max:size=3,stride=2,padding=1",
    )
    name, _, rest = text.partition(":")
    given = {}
    for part in rest.split(","):
        key, equals, amount = part.partition("=")
        key, amount = (key.strip(), amount.strip()) if equals else ("size", part.strip())
        if key in given or key not in ("size", "stride", "padding"):
            raise wrong
        given[key] = amount.replace("x", ",")
    if name not in ("max", "mean") or not given.get("size"):
        raise wrong
    size = parse_axes(given["size"], axes, "the size of pooling")
    stride = parse_axes(given.get("stride", size), axes, "the stride of pooling")
    pads = parse_axes(given.get("padding", 0), axes, "the padding of pooling", least=0)
    if any(pad >= side for pad, side in zip(pads, size, strict=True)):
        raise ArgumentError(
            f"a padding of {written(pads)} leaves windows of {written(size)} that touch no pixel"
        )
    return Pool(Reduction(name), size, stride, tuple((pad, pad) for pad in pads))


def parse_axes(
    value: int | str | Sequence[int], axes: int, what: str, *, least: int = 1
) -> tuple[int, ...]:
    """Read a whole number for all axes, or one for each.

    Examples
    --------
    >>> parse_axes("2", 2, "stride"), parse_axes((1, 2, 3), 3, "stride")
    ((2, 2), (1, 2, 3))
    """
    each = "" if axes == 1 else f", nor {axes} of them"
    wrong = ArgumentError(f"{what} {value!r} is not a whole number of at least {least}{each}")
    numbers = _whole_numbers(value, wrong)
    if len(numbers) == 1:
        numbers *= axes
    if len(numbers) != axes or not all(least <= n <= _LARGEST_AMOUNT for n in numbers):
        raise wrong
    return tuple(numbers)


def parse_padding(value: Padding | str | int | Sequence[object], axes: int) -> Padding:
    """Read ``valid``, ``same``, one amount, one for each axis, or one for each side.

    Sides are written before, after, axis by axis: top, bottom, left, right.

    Examples
    --------
    >>> parse_padding("same", 2), parse_padding(1, 2), parse_padding("1,2", 2)
    (<AutoPadding.SAME: 'same'>, ((1, 1), (1, 1)), ((1, 1), (2, 2)))
    >>> parse_padding("1,0,2,3", 2)
    ((1, 0), (2, 3))
    """
    if isinstance(value, AutoPadding):
        return value
    if isinstance(value, str) and value.strip() in ("valid", "same"):
        return AutoPadding(value.strip())
    sides = "top,bottom,left,right" if axes == 2 else "before,after for each axis"
    wrong = ArgumentError(
        f"padding {value!r} is not valid, same, or whole numbers of at least 0",
        hint=f"one for all, one for each of {axes} axes, or {2 * axes}: {sides}",
    )
    if isinstance(value, str):
        _refuse_border_mode(value)
    elif isinstance(value, Iterable):
        pairs = list(value)
        if pairs and all(isinstance(pair, Sequence) and len(pair) == 2 for pair in pairs):
            value = [side for pair in pairs for side in pair]  # type: ignore[attr-defined]
    numbers = _whole_numbers(value, wrong)
    if not all(0 <= n <= _LARGEST_AMOUNT for n in numbers):
        raise wrong
    if len(numbers) == 1:
        numbers *= axes
    if len(numbers) == axes:
        return tuple((n, n) for n in numbers)
    if len(numbers) != 2 * axes:
        raise wrong
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _refuse_border_mode(value: str) -> None:
    """Refuse a border mode where the amount of padding is asked for."""
    try:
        border = Border.parse(value)
    except ArgumentError:
        return
    hint = f"--border {border.value} says where the padding takes its values from"
    if border is Border.IGNORE:
        hint = "0 is none"
    raise ArgumentError(
        f"the padding of a layer is an amount, and {value!r} is a border mode", hint=hint
    )


def _whole_numbers(value: object, wrong: ArgumentError) -> list[int]:
    """Read one whole number or several, as text or as numbers, NumPy's among them."""
    try:
        if isinstance(value, str):
            return [int(part) for part in value.split(",")]
        parts = value if isinstance(value, Iterable) else [value]
        return [operator.index(_index(part)) for part in parts]
    except (TypeError, ValueError):
        raise wrong from None


def _index(value: object) -> SupportsIndex:
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise TypeError
    return value


def written(numbers: Iterable[int]) -> str:
    """Write a shape: ``3 x 7 x 7``."""
    return " x ".join(map(str, numbers))
