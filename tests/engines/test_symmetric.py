"""Small separable kernels that are the same from both ends: pieces, ends, borders, and halves."""

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
from imgconv.engines.plan import SumKind
from imgconv.model.border import STAND_INS, Border
from imgconv.model.geometry import OutputSize
from imgconv.model.output import Rounding

BELL = [1, 94, 1500, 8212, 20011, 25001, 28999]
SIDES = [3, 5, 7, 9, 11, 13]


@pytest.fixture(autouse=True)
def threads_for_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_values, "_THREAD_NS", 1)  # even for a small picture


def bell(side: int) -> tuple[Weights, Fraction]:
    """Give an uneven outer product, and the scale with which its sum is 1."""
    down = BELL[-(side // 2 + 1) :]
    along = [3 * weight // 2 + 1 for weight in down]
    column, row = (half + half[-2::-1] for half in (down, along))
    return [[a * b for b in row] for a in column], Fraction(1, sum(column) * sum(row))


def binomial(side: int) -> tuple[Weights, Fraction]:
    row = [1]
    for _ in range(side - 1):
        row = [a + b for a, b in zip([0, *row], [*row, 0], strict=True)]
    return [[a * b for b in row] for a in row], Fraction(1, 4 ** (side - 1))


def picture_of(*shape: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def check(wanted: Correlation) -> None:
    expected = REFERENCE.correlate(wanted)
    for isa in ISAS:
        for threads in (1, 2, 5):
            engine = NativeEngine(CORE, isa=isa, path="separable")
            got = engine.correlate(wanted._replace(threads=threads))
            np.testing.assert_array_equal(got.image, expected.image, err_msg=isa)
            assert got.clipped == expected.clipped


@pytest.mark.parametrize("isa", [isa for isa in ISAS if isa in ("v3", "v4")])
@pytest.mark.parametrize("side", SIDES)
def test_the_planner_takes_it(side: int, isa: str) -> None:
    weights, scale = bell(side)
    plan = NativeEngine(CORE, isa=isa).plan(job(picture_of(600, 800), weights, scale=scale))
    assert (plan.path, plan.sum_kind) == ("separable", SumKind.REAL)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("side", SIDES)
def test_sides(side: int, channels: int) -> None:
    for width in (side // 2, 63, 64, 70, 341):
        weights, scale = bell(side)
        check(job(picture_of(7, width, channels), weights, scale=scale))


@pytest.mark.parametrize("width", [65, 127, 128, 129, 1023, 1024, 1026, 1088, 2111, 2200])
def test_widths(width: int) -> None:
    for side in (3, 9):
        weights, scale = bell(side)
        check(job(picture_of(5, width, seed=width), weights, scale=scale))


@pytest.mark.parametrize("size", [OutputSize.SAME, OutputSize.VALID, OutputSize.FULL])
@pytest.mark.parametrize("border", STAND_INS)
def test_borders(border: Border, size: OutputSize) -> None:
    for side in (3, 7):
        weights, scale = bell(side)
        picture = picture_of(14, 150)
        check(job(picture, weights, scale=scale, border=border, border_value=77, size=size))


@pytest.mark.parametrize("anchor", [(0, 0), (4, 4), (1, 3)])
def test_anchors(anchor: tuple[int, int]) -> None:
    weights, scale = bell(5)
    check(job(picture_of(9, 200), weights, scale=scale, anchor=anchor))


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("side", [3, 5, 7])
def test_halves_are_rounded_as_asked(side: int, rounding: Rounding) -> None:
    """A binomial kernel has many values that are a half and a whole number."""
    weights, scale = binomial(side)
    picture = picture_of(33, 300) & 0xF0
    check(job(picture, weights, scale=scale, rounding=rounding))


@pytest.mark.parametrize("offset", [0, Fraction(1, 3), -40, 300])
@pytest.mark.parametrize("scale", [1, Fraction(1, 2), Fraction(-1, 3), 3])
def test_what_is_added_and_what_is_clipped(offset: object, scale: object) -> None:
    weights, unit = bell(3)
    check(job(picture_of(9, 130), weights, scale=unit * Fraction(str(scale)), offset=offset))


@pytest.mark.parametrize("channels", [1, 3])
def test_negative_weights(channels: int) -> None:
    weights = np.outer([-3, 20, 40, 20, -3], [-1, 4, 9, 4, -1]).tolist()
    picture = picture_of(9, 210, channels) // 2 + 64
    check(job(picture, weights, scale=Fraction(1, 74 * 15)))
    check(job(picture, weights, scale=Fraction(1, 74 * 60), offset=100))


@pytest.mark.parametrize("value", [0, 255])
def test_the_ends_of_the_range(value: int) -> None:
    for side in (3, 13):
        weights, scale = bell(side)
        check(job(np.full((9, 140), value, np.uint8), weights, scale=scale))


@pytest.mark.parametrize("isa", [isa for isa in ISAS if isa in ("v3", "v4")])
def test_few_values_are_open(isa: str) -> None:
    """Bounds are near what floats give: less than one value of a thousand is computed again."""
    weights, scale = bell(5)
    engine = NativeEngine(CORE, isa=isa)
    engine.correlate(job(picture_of(300, 400), weights, scale=scale))
    assert 0 < engine.recomputed < 120


@pytest.mark.parametrize("isa", [isa for isa in ISAS if isa in ("v3", "v4")])
def test_the_bound_is_needed(camera: Any, isa: str) -> None:
    """With a bound of zero results must go wrong, or this test could not see that they do."""
    column, row = [10007, 12000, 10007], [1, 4, 1]
    scale = Fraction(1, sum(column) * sum(row))
    wanted = job(camera, np.outer(column, row).tolist(), scale=scale)
    expected = REFERENCE.correlate(wanted).image
    careful = NativeEngine(CORE, isa=isa)
    careless = NativeEngine(CORE, isa=isa, bound_factor=0)
    assert careful.plan(wanted).sum_kind is SumKind.REAL
    np.testing.assert_array_equal(careful.correlate(wanted).image, expected)
    assert np.count_nonzero(careless.correlate(wanted).image != expected) > 0
