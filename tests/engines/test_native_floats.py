"""float32 pictures whose sums are known exactly: ties between two floats are settled at once."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from engines.core import CORE, ISAS, REFERENCE
from engines.engine_jobs import Weights, job, oracle
from imgconv.engines.native import NativeEngine
from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth

ULP = np.float32(2.0**-23)


def check(wanted: Any) -> None:
    expected = REFERENCE.correlate(wanted)
    for isa in ISAS:
        for path in ("fma64", "separable"):
            engine = NativeEngine(CORE, isa=isa, path=path)
            got = engine.correlate(wanted)
            np.testing.assert_array_equal(got.image, expected.image, err_msg=f"{isa} {path}")
            assert engine.recomputed == 0


def is_tie(value: Fraction) -> bool:
    near = np.float32(value.numerator / value.denominator)
    middles = [
        (Fraction(float(near)) + Fraction(float(np.nextafter(near, end)))) / 2
        for end in (np.float32(-np.inf), np.float32(np.inf))
    ]
    return value in middles


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("divisor", [2, 3, 6, 9, 14])
def test_ties_go_to_even(divisor: int, sign: int) -> None:
    steps = np.random.default_rng(divisor).integers(0, 1000, (12, 40)).astype(np.float32)
    picture = sign * (1 + ULP * steps)
    weights = [[1, divisor - 1], [1, divisor - 1]]
    wanted = job(picture, weights, scale=Fraction(1, 2 * divisor), size=OutputSize.VALID)
    pixels = np.vectorize(lambda x: Fraction(float(x)), otypes=[object])(picture)
    pairs = pixels[:-1] + pixels[1:]
    values = (pairs[:, :-1] + (divisor - 1) * pairs[:, 1:]) / (2 * divisor)
    assert sum(map(is_tie, values.flat)) > 5
    np.testing.assert_array_equal(REFERENCE.correlate(wanted).image, oracle(wanted)[0])
    check(wanted)
    check(wanted._replace(absolute=True))


def test_the_largest_denominator() -> None:
    picture = 1 + ULP * np.random.default_rng(1).integers(0, 1000, (9, 40)).astype(np.float32)
    check(job(picture, [[1, (1 << 28) - 1]], scale=Fraction(1, 1 << 28)))


def test_a_middle_of_two_floats() -> None:
    """One plus half a unit, from either side and exactly, three times over."""
    three = np.float32([[1, 1, 1 + 3 * ULP / 2], [1, 1 + ULP, 1 + ULP], [1, 1 + ULP, 1 + 2 * ULP]])
    wanted = job(three, [[1, 1, 1]], scale=Fraction(1, 3))
    np.testing.assert_array_equal(REFERENCE.correlate(wanted).image, oracle(wanted)[0])
    check(wanted)


def test_products_that_no_double_holds() -> None:
    """Whole sums times a factor, just above the middle of two floats: 2**40 m + 1, m odd."""
    weights = np.random.default_rng(1).integers(1, 9, (41, 41))
    weights[0, 1] += 1 - weights.sum() % 2
    total = int(weights.sum())
    middle = next(m for m in range((1 << 24) + 1, 1 << 25, 4) if ((m << 40) + 1) % total == 0)
    for path in ("fft", "fma64", "dot16"):
        ones = np.ones((60, 60), np.uint8)
        wanted = job(
            ones,
            weights.tolist(),
            scale=((middle << 40) + 1) // total,
            depth=Depth.F32,
            size=OutputSize.VALID,
        )
        expected = REFERENCE.correlate(wanted).image
        for isa in ISAS:
            got = NativeEngine(CORE, isa=isa, path=path).correlate(wanted)
            np.testing.assert_array_equal(got.image, expected, err_msg=f"{isa} {path}")


@pytest.mark.parametrize(
    ("weights", "scale", "offset"),
    [
        ([[1, 1], [1, 1]], Fraction(1, (1 << 28) + 2), 0),
        ([[1, 1], [1, 1]], Fraction(1, 6), 1),
        ([[1, 1], [1, 1]], Fraction((1 << 40) + 1, 1 << 41), 0),
        ([[1, 1], [1, 1]], Fraction((1 << 40) + 1, 3), 0),
    ],
)
def test_where_it_is_not_known(weights: Weights, scale: Fraction, offset: int) -> None:
    rng = np.random.default_rng(4)
    picture = rng.integers(1, 256, (200, 300)).astype(np.float32) / np.float32(255)
    picture[0] = 2**24 + 2 * np.arange(300)
    wanted = job(picture, weights, scale=scale, offset=offset)
    expected = REFERENCE.correlate(wanted).image
    for isa in ISAS:
        got = NativeEngine(CORE, isa=isa, path="fma64").correlate(wanted)
        np.testing.assert_array_equal(got.image, expected)


def test_the_largest_floats() -> None:
    largest = np.finfo(np.float32).max
    picture = np.full((6, 40), largest, np.float32)
    picture[:, ::7] /= 2
    for scale in (Fraction(1, 3), Fraction(1, 2), Fraction(2, 3)):
        wanted = job(picture, [[1, 1]], scale=scale)
        with np.errstate(over="ignore"):
            expected = REFERENCE.correlate(wanted).image
        for isa in ISAS:
            got = NativeEngine(CORE, isa=isa, path="fma64").correlate(wanted)
            np.testing.assert_array_equal(got.image, expected)
