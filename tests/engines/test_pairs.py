"""Small kernels on bytes, in pairs of rows and blocks of vectors, against the definition."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from engines.core import CORE, ISAS, REFERENCE, image_of
from engines.engine_jobs import job
from imgconv.engines.native import NativeEngine
from imgconv.model.border import Border
from imgconv.model.output import Depth, Rounding

WIDTHS = (64, 65, 127, 192, 255, 256, 257, 383, 1000, 4096, 4097, 4200, 5003)
"""Whole vectors, blocks of them, and rows that are copied whole or at their ends."""


def check(wanted: Any, path: str) -> None:
    expected = REFERENCE.correlate(wanted)
    for isa in ISAS:
        got = NativeEngine(CORE, isa=isa, path=path).correlate(wanted)
        np.testing.assert_array_equal(got.image, expected.image, err_msg=isa)
        assert got.clipped == expected.clipped, isa


@pytest.mark.parametrize("scale", [1, *(Fraction(1, d) for d in (2, 3, 7, 8, 9, 14, 16, 100))])
@pytest.mark.parametrize("offset", [0, 128, Fraction(1, 2)])
def test_small_weights(scale: object, offset: object) -> None:
    """Small whole weights, on rows that are wide enough to be done by whole vectors."""
    for shape, side in (
        ((5, 64), (3, 3)),
        ((4, 200), (2, 4)),
        ((7, 131, 3), (4, 3)),
        ((3, 70), (1, 2)),
        ((3, 700), (3, 3)),
        ((3, 1400, 3), (2, 3)),
    ):
        wanted = job(
            image_of(Depth.U8, shape),
            np.random.default_rng(6).integers(-4, 6, side).tolist(),
            scale=scale,
            offset=offset,
        )
        check(wanted, "taps16")


@pytest.mark.parametrize("rounding", [Rounding.HALF_EVEN, Rounding.HALF_UP, Rounding.TRUNCATE])
@pytest.mark.parametrize("offset", [0, 100, -90.3])
def test_fixed_point(offset: object, rounding: Rounding) -> None:
    """Small kernels of floats: the middle by whole vectors, the sides and what is open exactly."""
    for shape, side, dilation in (
        ((5, 300), (3, 3), (1, 1)),
        ((4, 401), (2, 4), (1, 2)),
        ((7, 331, 3), (4, 3), (1, 1)),
        ((3, 170), (1, 2), (1, 1)),
        ((8, 257), (5, 5), (1, 1)),
        ((6, 300), (3, 3), (2, 1)),
    ):
        weights = np.random.default_rng(9).random(side) - 0.2
        wanted = job(
            image_of(Depth.U8, shape),
            weights.tolist(),
            scale=float(1 / weights.sum()),
            offset=offset,
            rounding=rounding,
            dilation=dilation,
        )
        check(wanted, "fixed16")


@pytest.mark.parametrize("rounding", [Rounding.HALF_EVEN, Rounding.HALF_UP])
@pytest.mark.parametrize("scale", [1, *(Fraction(1, d) for d in (3, 1000, 4096, 70001))])
@pytest.mark.parametrize("offset", [0, 128, Fraction(-1, 2)])
@pytest.mark.sampled(3)
def test_weights_of_16_bits(offset: object, scale: object, rounding: Rounding) -> None:
    """Exact sums in int32, which are multiplied or divided at the end."""
    for shape, side in (((5, 300), (3, 3)), ((4, 201), (2, 4)), ((7, 131, 3), (4, 3)),
                        ((3, 70), (1, 2)), ((6, 1300, 4), (5, 5))):  # fmt: skip
        weights = np.random.default_rng(7).integers(-3000, 9000, side)
        weights[:, -1] = weights[:, 0]  # columns that share their products
        wanted = job(
            image_of(Depth.U8, shape),
            weights.tolist(),
            scale=scale,
            offset=offset,
            rounding=rounding,
        )
        check(wanted, "dot16")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("border", [Border.CONSTANT, Border.REFLECT, Border.WRAP])
@pytest.mark.sampled(3)
def test_every_value_is_counted_once(border: Border, width: int) -> None:
    """Blocks overlap at the ends of rows; all values are clamped here, and each is one of them."""
    picture = np.random.default_rng(8).integers(200, 256, (5, width), dtype=np.uint8)
    for path, weights in (
        ("taps16", [[1, 2, 1], [2, 3, 2], [1, 2, 1]]),
        ("dot16", [[1, 200, 1], [2, 3, 2], [1, 2, 1]]),
        ("fixed16", [[1.1, 20.3, 1.7], [2, 3, 2], [1, 2, 1]]),
    ):
        check(job(picture, weights, border=border, border_value=250), path)
