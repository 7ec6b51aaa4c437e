"""Quotients of sums too large for 64 bits: floats where they tell, and else Python's integers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from oracle import rounded

from imgconv.model.output import Depth, Rounding
from imgconv.ops.linear.weighed_values import WeighedValues

RNG = np.random.default_rng(11)
BELOW = (RNG.integers(1, 1 << 31, (6, 7, 1)).astype(object)) << 30
ABOVE = {
    "any": (RNG.integers(-(1 << 40), 1 << 40, (6, 7, 3)).astype(object)) << 28,
    "ties": BELOW * (2 * RNG.integers(-3, 520, (6, 7, 3)).astype(object) + 1) // 2,
    "a hair off": BELOW * (2 * RNG.integers(-3, 520, (6, 7, 3)).astype(object) + 1) // 2 - 1,
}


@pytest.mark.parametrize("kind", ABOVE)
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize(
    ("gain", "bias"),
    [
        (Fraction(1), Fraction(0)),
        (Fraction(7, 3), Fraction(1, 2)),
        (Fraction(1, 3**300), Fraction(3)),
    ],
)
def test_each_is_rounded_once(kind, rounding, absolute, gain, bias):
    above = ABOVE[kind]
    values = WeighedValues(above, BELOW)
    found, clipped = values.rounded(gain, bias, absolute, rounding, Depth.U8)
    below = np.broadcast_to(BELOW, above.shape)
    exact = [gain * Fraction(a, b) + bias for a, b in zip(above.flat, below.flat, strict=True)]
    wanted = [rounded(abs(value) if absolute else value, rounding.value) for value in exact]
    assert found.ravel().tolist() == [min(max(value, 0), 255) for value in wanted]
    assert clipped == sum(not 0 <= value <= 255 for value in wanted)
