"""Sums in int16 that are divided by even numbers, whose halves go to the even side."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest

from imgconv import Kernel
from imgconv.engines.native import NativeEngine
from imgconv.engines.reference import ReferenceEngine
from imgconv.engines.select import native_engine
from imgconv.model.output import Rounding
from imgconv.model.settings import Settings
from imgconv.ops.linear.single import plan

if native_engine() is None:
    if os.environ.get("IMGCONV_REQUIRE_NATIVE"):
        raise RuntimeError("the native core was not built, and it is required")
    pytest.skip("the native core was not built", allow_module_level=True)

NATIVE, REFERENCE = native_engine(), ReferenceEngine()
ROWS = [[1, -8, 0, 8, -1], [-1, 5, 2], [3, 3], [60, 1, -60]]
SCALES = ["1/6", "1/10", "1/12", "1/24", "5/12", "3/14", "1/100", "7/254"]


def picture():
    """Give noise, and steps of one, so that all sums near to one another are met."""
    rng = np.random.default_rng(5)
    image = rng.integers(0, 256, (64, 300)).astype(np.uint8)
    image[:20] = np.arange(300) // 2
    image[20:40] = rng.integers(0, 3, (20, 300)) + np.arange(20)[:, None]
    return image[..., None]


@pytest.mark.parametrize("isa", NATIVE.isas)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.sampled(4)
def test_halves_of_even_divisors_go_to_the_even_side(scale, isa):
    engine = NativeEngine(NATIVE._core, isa=isa)
    for row in ROWS:
        for offset in (0, "1/2", 128, "-7/3"):
            for weights in ([row], [[weight] for weight in row]):
                kernel = Kernel(weights, scale=scale, offset=offset)
                for rounding in (Rounding.HALF_EVEN, Rounding.HALF_UP):
                    job = plan(picture(), kernel, Settings(rounding=rounding), 1)
                    found, expected = engine.correlate(job), REFERENCE.correlate(job)
                    np.testing.assert_array_equal(found.image, expected.image)
                    assert found.clipped == expected.clipped


def test_the_picture_has_halves_on_both_sides():
    image = picture()[..., 0].astype(int)
    sums = 8 * (image[:, 3:-1] - image[:, 1:-3]) + image[:, :-4] - image[:, 4:]
    values = {Fraction(int(total), 12) for total in np.unique(sums)}
    halves = {value for value in values if value.denominator == 2 and 0 < value < 255}
    assert {value.numerator % 4 for value in halves} == {1, 3}
