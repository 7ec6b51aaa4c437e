"""How one value of a feature map came about."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

from imgconv.model.explanation import number_data
from imgconv.model.numbers import Number, Rational

_AXES = {1: ("col",), 2: ("row", "col"), 3: ("depth", "row", "col")}


class LayerTap(NamedTuple):
    """One weight of a filter, over one value of one channel.

    Attributes
    ----------
    tap : tuple of int
        Place in the kernel: [[depth,] row,] column.
    position : tuple of int
        The place of the input under the tap; perhaps outside.
    source : tuple of int, optional
        The place that was read; None where the constant stands.
    pixel : number
    weight : int or Fraction
    product : number
    """

    tap: tuple[int, ...]
    position: tuple[int, ...]
    source: tuple[int, ...] | None
    pixel: Number
    weight: Rational
    product: Number


class ChannelSum(NamedTuple):
    """What the kernel for one channel makes of it.

    Attributes
    ----------
    channel : int
    name : str
    taps : tuple of LayerTap
    total : number
        Exact.
    """

    channel: int
    name: str
    taps: tuple[LayerTap, ...]
    total: Number


class ConvolutionStep(NamedTuple):
    """How a convolution made one value: the sum over its channels, and the bias.

    Attributes
    ----------
    name : str
        Of the filter.
    at : tuple of int
        Place in the output, without the filter.
    channels : tuple of ChannelSum
        Those that the filter reads.
    bias : int or Fraction, optional
    exact : number
        The sum with the bias, before rounding.
    value : float
        What the engine wrote.
    border : str
    """

    name: str
    at: tuple[int, ...]
    channels: tuple[ChannelSum, ...]
    bias: Rational | None
    exact: Number
    value: float
    border: str


class AfterStep(NamedTuple):
    """An activation or a pooling after the convolution.

    Attributes
    ----------
    name : str
    at : tuple of int
    read : tuple of float
        What it read: one value, or the window of a pooling; NaN values compare as unequal.
    followed : tuple of int
        The place in its input that is explained before it.
    value : float
    """

    name: str
    at: tuple[int, ...]
    read: tuple[float, ...]
    followed: tuple[int, ...]
    value: float


class LayerExplanation(NamedTuple):
    """How layers made one value.

    Attributes
    ----------
    filter : int
    convolution : ConvolutionStep
        The last convolution of the layers.
    after : tuple of AfterStep
    before : int
        How many layers lie before the convolution; their output is its input.
    """

    filter: int
    convolution: ConvolutionStep
    after: tuple[AfterStep, ...]
    before: int

    @property
    def value(self) -> float:
        """What stands in the feature map."""
        return self.after[-1].value if self.after else self.convolution.value

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data; numbers that are not whole have their fraction beside them."""
        conv = self.convolution
        return {
            "value": _plain(self.value),
            "filter": self.filter,
            "name": conv.name,
            "at": list(conv.at),
            "border": conv.border,
            "layers_before": self.before,
            "channels": [
                {
                    "channel": part.channel,
                    "name": part.name,
                    **number_data("sum", (part.total,)),
                    "taps": [_tap_data(tap) for tap in part.taps],
                }
                for part in conv.channels
            ],
            **({} if conv.bias is None else number_data("bias", (conv.bias,))),
            **number_data("sum", (conv.exact,)),
            "convolution": _plain(conv.value),
            "after": [
                {
                    "name": step.name,
                    "at": list(step.at),
                    "read": [_plain(value) for value in step.read],
                    "followed": list(step.followed),
                    "value": _plain(step.value),
                }
                for step in self.after
            ],
        }


def _tap_data(tap: LayerTap) -> dict[str, Any]:
    names = _AXES[len(tap.tap)]
    return {
        **dict(zip(names, tap.tap, strict=True)),
        "position": list(tap.position),
        "source": None if tap.source is None else list(tap.source),
        **number_data("pixel", (tap.pixel,)),
        **number_data("weight", (tap.weight,)),
        **number_data("product", (tap.product,)),
    }


def _plain(value: float) -> int | float | str:
    if not math.isfinite(value):
        return str(value)
    exact = Fraction(value)
    return exact.numerator if exact.denominator == 1 else value
