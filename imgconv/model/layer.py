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
_POOL_OPTIONS = ("size", "stride", "padding", "dilation", "ceil_mode", "count_include_pad")


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
    SAME_LOWER = "same-lower"
    """The same, with the odd pixel before."""


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
    """The exact mean, rounded once; padding counts as 0 or not at all."""


class Pool(NamedTuple):
    """Pooling: one value for each window of each channel, as ONNX defines MaxPool and AveragePool.

    Attributes
    ----------
    reduction : Reduction
    size : tuple of int
        Of the window.
    stride, dilation : tuple of int
    padding : AutoPadding or tuple of (int, int)
    ceil_mode : bool
        Whether a last window that reaches beyond the padding is kept, if it begins before it.
    count_include_pad : bool
        Whether padding counts in a mean, as 0. What lies beyond the padding never counts.
    """

    reduction: Reduction
    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: Padding
    ceil_mode: bool = False
    count_include_pad: bool = True

    def __str__(self) -> str:
        size = "x".join(map(str, self.size))
        apart = "x".join(map(str, self.dilation))
        spaced = "" if set(self.dilation) == {1} else f", dilation {apart}"
        return f"{self.reduction.value} pool {size}{spaced}"


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
    """Read ``max:2``, ``mean:3`` or ``max:size=3x2,stride=2,padding=1x0x2x1,ceil_mode=true``.

    The stride is the size where none is given. Amounts of several axes are joined by ``x``.

    Raises
    ------
    ArgumentError
        For anything else.

    Examples
    --------
    >>> how = parse_pool("mean:size=3x2,stride=2,padding=1x0x0x0,count_include_pad=false", 2)
    >>> how.size, how.stride, how.padding, how.count_include_pad
    ((3, 2), (2, 2), ((1, 0), (0, 0)), False)
    """
    if isinstance(value, Pool):
        return value
    text = str(value).strip()
    wrong = ArgumentError(
        f"{text[:40]!r} is not a kind of pooling",
        hint="write max:2, mean:2, max:3x2 or max:size=3,stride=2,padding=1; other options are "
        "dilation, ceil_mode and, of mean, count_include_pad",
    )
    name, _, rest = text.partition(":")
    given = {}
    for part in rest.split(","):
        key, equals, amount = part.partition("=")
        key, amount = (key.strip(), amount.strip()) if equals else ("size", part.strip())
        if key in given or key not in _POOL_OPTIONS:
            raise wrong
        given[key] = amount
    if name not in ("max", "mean") or not given.get("size"):
        raise wrong
    if name == "max" and "count_include_pad" in given:
        raise ArgumentError(
            "max pooling never counts padding", hint="leave out count_include_pad, or use mean"
        )

    def amounts(key: str, default: object) -> tuple[int, ...]:
        numbers = given[key].replace("x", ",") if key in given else default
        return parse_axes(numbers, axes, f"the {key} of pooling")  # type: ignore[arg-type]

    size = amounts("size", None)
    return Pool(
        Reduction(name),
        size,
        stride=amounts("stride", size),
        dilation=amounts("dilation", 1),
        padding=parse_padding(_commas(given.get("padding", "0")), axes),
        ceil_mode=_flag(given, "ceil_mode", default=False),
        count_include_pad=_flag(given, "count_include_pad", default=True),
    )


def _commas(padding: str) -> str:
    """Write amounts that ``x`` joins with commas; words stay."""
    return padding.replace("x", ",") if padding[:1].isdigit() else padding


def _flag(given: dict[str, str], key: str, *, default: bool) -> bool:
    text = given.get(key, str(default).lower())
    if text not in ("true", "false"):
        raise ArgumentError(f"{key} of pooling is {text!r}; it is true or false")
    return text == "true"


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
    """Read ``valid``, ``same``, ``same-lower``, one amount, one for each axis, or for each side.

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
    if isinstance(value, str) and value.strip() in {auto.value for auto in AutoPadding}:
        return AutoPadding(value.strip())
    sides = "top,bottom,left,right" if axes == 2 else "before,after for each axis"
    wrong = ArgumentError(
        f"padding {value!r} is not valid, same, same-lower, or whole numbers of at least 0",
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
