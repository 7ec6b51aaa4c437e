"""Properties of a kernel by which the planner chooses a path."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class KernelFacts:
    """Properties of a kernel: whole weights, ``gain`` and ``bias`` of the value.

    Weights have the sign that makes the gain positive.
    """

    weights: tuple[tuple[int, ...], ...]
    gain: Fraction
    bias: Fraction

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.weights), len(self.weights[0])

    @cached_property
    def flat(self) -> list[int]:
        """The weights, row by row."""
        sign = -1 if self.gain < 0 else 1
        return [sign * weight for row in self.weights for weight in row]

    @cached_property
    def positive(self) -> int:
        """The sum of the weights above zero."""
        return sum(weight for weight in self.flat if weight > 0)

    @cached_property
    def negative(self) -> int:
        """The magnitude of the sum of the weights below zero."""
        return -sum(weight for weight in self.flat if weight < 0)

    @cached_property
    def taps(self) -> int:
        """The number of weights that are not zero."""
        return sum(weight != 0 for weight in self.flat)

    @cached_property
    def equal(self) -> bool:
        """Whether all weights are equal."""
        return len(set(self.flat)) == 1

    @cached_property
    def _down(self) -> NDArray[np.int64]:
        """Changes of the weights down the columns; weights of more than 32 bits are cut."""
        most = (1 << 31) - 1
        weights = [max(-most, min(most, weight)) for weight in self.flat]
        return np.diff(np.array(weights).reshape(self.shape), axis=0, prepend=0, append=0)

    @cached_property
    def changes(self) -> int:
        """Number of places where a weight differs from the one above it, zeros around them."""
        return int(np.count_nonzero(self._down))

    @cached_property
    def largest_change(self) -> int:
        """Largest magnitude of these changes."""
        return int(np.abs(self._down).max())

    @cached_property
    def denominator(self) -> int:
        """The common denominator of gain and bias."""
        return math.lcm(self.gain.denominator, self.bias.denominator)

    @property
    def factor(self) -> int:
        """Numerator of the gain over the common denominator."""
        return self.gain.numerator * (self.denominator // self.gain.denominator)

    @property
    def added(self) -> int:
        """Numerator of the bias over the common denominator."""
        return self.bias.numerator * (self.denominator // self.bias.denominator)

    @cached_property
    def scale(self) -> float:
        """The gain as the core knows it: a positive double, off by at most 2 ulp."""
        return float(abs(self.factor)) / float(self.denominator)

    @cached_property
    def reals(self) -> NDArray[np.float64]:
        """Gain times weights as doubles, off by at most 4 ulp, as the core has them."""
        return np.array([float(weight) for weight in self.flat]) * self.scale

    @cached_property
    def factors(self) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """Whole column and row with the weights as outer product, or None."""
        width = self.shape[1]
        rows = [self.flat[i : i + width] for i in range(0, len(self.flat), width)]
        pivot = next((row for row in rows if any(row)), None)
        if pivot is None:
            return None
        divisor = math.gcd(*pivot)
        row = tuple(weight // divisor for weight in pivot)
        at = next(c for c, weight in enumerate(row) if weight)
        if any(line[at] % row[at] for line in rows):
            return None
        column = tuple(line[at] // row[at] for line in rows)
        outer = all(
            weight == factor * along
            for factor, line in zip(column, rows, strict=True)
            for along, weight in zip(row, line, strict=True)
        )
        return (column, row) if outer else None

    @property
    def symmetric(self) -> bool:
        """Whether the weights are separable and both factors symmetric."""
        return self.factors is not None and all(line == line[::-1] for line in self.factors)
