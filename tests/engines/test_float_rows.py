"""float32 pictures straight from the source: where blocks, pieces, ends and borders meet."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from engines.core import CORE, ISAS, REFERENCE
from engines.engine_jobs import Weights, job
from imgconv.engines import core_values
from imgconv.engines.base import Correlation
from imgconv.engines.native import NativeEngine
from imgconv.model.border import STAND_INS, Border
from imgconv.model.geometry import OutputSize

UNEVEN: Weights = [[1, -2, 3, 0], [0, 5, -7, 0], [4, 0, 0, 1.5]]
EVEN: Weights = [[1, -2, 7, -2, 1], [0, 3, 0, 3, 0], [2, 0.1, 5, 0.1, 2]]
PARTLY_EVEN: Weights = [[1, 2, 5, 3, 1], [4, 2, 5, 9, 4]]
APART: Weights = [[1, 3, 1], [2, 6, 2], [-1, -3, -1]]


@pytest.fixture(autouse=True)
def threads_for_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_values, "_THREAD_NS", 1)  # even for a small picture


def picture_of(*shape: int, seed: int = 1) -> Any:
    """Give a picture with dark, bright and flat parts, so that bounds differ along its rows."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, shape).astype(np.float32) / np.float32(255)
    picture[:, shape[1] // 3 : shape[1] // 2] *= np.float32(1e-6)
    picture[shape[0] // 2 :, shape[1] // 2 :] = np.float32(1 / 3)
    return picture


def check(wanted: Correlation) -> None:
    expected = REFERENCE.correlate(wanted)
    for isa in ISAS:
        for path in ("fma64", "separable"):
            for threads in (1, 3):
                engine = NativeEngine(CORE, isa=isa, path=path)
                got = engine.correlate(wanted._replace(threads=threads))
                np.testing.assert_array_equal(got.image, expected.image, err_msg=f"{isa} {path}")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("width", [7, 8, 31, 32, 33, 64, 67, 545, 1100])
@pytest.mark.sampled(3)
def test_widths(width: int, channels: int) -> None:
    for weights in (UNEVEN, EVEN, PARTLY_EVEN, APART):
        picture = picture_of(11, width, channels, seed=width)
        check(job(picture, weights, scale=Fraction(1, 9)))


@pytest.mark.parametrize(
    "row", [[1, 5, 1], [2, -3, 7, -3, 2], [1, 0, 4, 9, 4, 0, 1], [1, 2, 3, 4, 9, 4, 3, 2, 1]]
)
@pytest.mark.parametrize("width", [32, 45, 131, 545])
@pytest.mark.sampled(3)
def test_short_rows_that_are_the_same_from_both_ends(row: list[int], width: int) -> None:
    weights: Weights = np.outer([3, 1, -2], row).tolist()
    for scale in (Fraction(1, 97), Fraction(1, 64), 0.3):
        check(job(picture_of(13, width, seed=width), weights, scale=scale, offset=Fraction(1, 7)))
        check(job(picture_of(13, width, seed=width), weights, scale=scale))


@pytest.mark.parametrize("path", ["fma64", "separable", "box", "fft"])
@pytest.mark.parametrize(
    "weights", [[[1] * 5] * 5, np.outer([1, 3, 1, 2], [1, 2, 4, 2, 1]).tolist()]
)
def test_zeros_have_no_sign(weights: Weights, path: str) -> None:
    """Whatever sums and quotients they come from: bits are compared, since -0 equals 0."""
    picture = picture_of(20, 90)
    picture[4:16] = -0.0
    for scale in (Fraction(-1, 25), Fraction(-1, 64), Fraction(1, 25)):
        wanted = job(picture, weights, scale=scale, border=Border.REPLICATE)
        expected = REFERENCE.correlate(wanted).image.view(np.int32)
        for isa in ISAS:
            got = NativeEngine(CORE, isa=isa, path=path).correlate(wanted).image.view(np.int32)
            np.testing.assert_array_equal(got, expected, err_msg=isa)


@pytest.mark.parametrize("size", [OutputSize.SAME, OutputSize.VALID, OutputSize.FULL])
@pytest.mark.parametrize("border", STAND_INS)
def test_borders(border: Border, size: OutputSize) -> None:
    for weights in (EVEN, APART, [[1, 2, 1] * 20]):
        picture = picture_of(9, 150)
        check(job(picture, weights, border=border, border_value=77, size=size, scale=0.3))


@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize("dilation", [(1, 1), (3, 1), (1, 4), (2, 3)])
def test_rows_apart(stride: int, dilation: tuple[int, int]) -> None:
    for weights in (UNEVEN, EVEN, APART):
        check(job(picture_of(23, 90), weights, stride=(stride, 1), dilation=dilation, scale=0.7))


@pytest.mark.parametrize("anchor", [(0, 0), (2, 4), (0, 4)])
def test_anchors(anchor: tuple[int, int]) -> None:
    check(job(picture_of(9, 100), EVEN, anchor=anchor, offset=Fraction(1, 3)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, 1e-44])
@pytest.mark.parametrize("column", [0, 5, 70, 149])
@pytest.mark.sampled(3)
def test_what_is_no_usual_number(value: float, column: int) -> None:
    """What is far from it is as ever, and so is the rest of its own piece."""
    picture = picture_of(9, 150)
    picture[4, column] = value
    for border in (Border.REFLECT101, Border.WRAP):
        for weights in (UNEVEN, EVEN, APART):
            with np.errstate(all="ignore"):
                check(job(picture, weights, scale=Fraction(1, 3), border=border))


@pytest.mark.parametrize("constant", [1e30, 1e-40, -5.0])
def test_a_constant_border_counts_for_the_bound(constant: float) -> None:
    for weights in (EVEN, APART):
        check(job(picture_of(7, 90), weights, border=Border.CONSTANT, border_value=constant))


def test_large_pictures_are_asked_for_ahead() -> None:
    picture = picture_of(300, 1201)
    assert picture.nbytes > 1 << 20
    for weights in (UNEVEN, EVEN, APART):
        check(job(picture, weights, scale=Fraction(1, 7)))


@pytest.mark.parametrize("factor", [1, 2, 5, 7, 1001])
@pytest.mark.parametrize("denominator", [3, 9, 255, 1001, (1 << 28) - 1])
@pytest.mark.sampled(4)
def test_quotients(factor: int, denominator: int) -> None:
    """Sums that are multiples of the denominator, and of half of it, and next to them."""
    rng = np.random.default_rng(denominator)
    near = denominator * rng.integers(1, 5000, (40, 64)) + rng.integers(-1, 2, (40, 64))
    picture = near.astype(np.float32)
    for weights in ([[1, 0, 0]], [[1, 0, 2]], [[3, 0, 3]], [[1, -1, 1]]):
        for offset in (0, 1):
            scale = Fraction(factor, 2 * denominator)
            check(job(picture, weights, scale=scale, offset=offset))
            check(job(-picture, weights, scale=scale, offset=offset, absolute=True))


@pytest.mark.parametrize("bits", [1, 8, 15, 18, 20, 22, 24])
@pytest.mark.parametrize("unit", [2.0**-149, 2.0**-16, 1.0, 2.0**98, 2.0**103])
@pytest.mark.sampled(4)
def test_multiples_of_a_power_of_two(bits: int, unit: float) -> None:
    """Sums in float are exact for few bits, and for more they are not: up to where, and beyond."""
    rng = np.random.default_rng(bits)
    picture = (rng.integers(-(2**bits) + 1, 2**bits, (11, 300)) * unit).astype(np.float32)
    for weights in (UNEVEN[:2], [[1, 2, 1], [0, 0, 0], [1, 2, 1]], APART, [[1, 1]]):
        for scale, offset in ((1, 0), (Fraction(-1, 8), 0), (Fraction(1, 9), 0), (0.3, 5)):
            with np.errstate(over="ignore"):
                wanted = job(picture, weights, scale=scale, offset=offset, absolute=bits == 8)
                check(wanted)


def test_a_dark_pixel_makes_the_unit_finer_for_its_neighbours() -> None:
    picture = np.random.default_rng(4).integers(0, 256, (40, 1200)).astype(np.float32)
    picture[20, 600] += np.float32(2.0**-14)
    picture[9, 3] = np.float32(2.0**-60)
    for weights in (UNEVEN[:2], EVEN, APART):
        check(job(picture, weights, scale=Fraction(1, 16)))


@pytest.mark.parametrize("rows", [1, 2, 4, 5, 6, 11])
def test_columns_of_any_height_with_gaps(rows: int) -> None:
    rng = np.random.default_rng(rows)
    for _ in range(4):
        weights = (rng.integers(-9, 10, (rows, 5)) * rng.integers(0, 2, (rows, 5))).tolist()
        weights[0][1] = weights[0][3] = 1
        check(job(picture_of(19, 140), weights, scale=Fraction(1, 5)))
        check(job(np.round(picture_of(19, 140) * 255), weights, scale=Fraction(1, 4)))
