"""Sums that move over the picture, on pictures as wide as their vectors need: boxes and disks."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from engines.core import CORE, ISAS, REFERENCE, image_of
from engines.engine_jobs import Weights, job
from imgconv.engines import core_values
from imgconv.engines.base import Correlation
from imgconv.engines.native import NativeEngine
from imgconv.model.border import STAND_INS, Border
from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth, Rounding

DISTANCES = np.hypot(*np.mgrid[-9:10, -9:10])
DISK = (64 * np.clip(9 - DISTANCES, 0, 1)).astype(int).tolist()
MIXED = np.repeat([[3, -3, 0, 7], [3, 120, -9, 7], [0, 120, -9, -3000]], 4, axis=0).tolist()


@pytest.fixture(autouse=True)
def threads_for_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_values, "_THREAD_NS", 1)  # even for a small picture


def check(wanted: Correlation, path: str) -> None:
    expected = REFERENCE.correlate(wanted)
    for isa in ISAS:
        for threads in (1, 3):
            engine = NativeEngine(CORE, isa=isa, path=path)
            got = engine.correlate(wanted._replace(threads=threads))
            assert engine.plan(wanted).path == path
            np.testing.assert_array_equal(got.image, expected.image, err_msg=isa)
            assert got.clipped == expected.clipped


@pytest.mark.parametrize("size", [OutputSize.SAME, OutputSize.VALID, OutputSize.FULL])
@pytest.mark.parametrize("border", STAND_INS)
@pytest.mark.parametrize("width", [64, 79, 128, 201])
@pytest.mark.sampled(8)
def test_boxes(width: int, border: Border, size: OutputSize) -> None:
    picture = image_of(Depth.U8, (17, width))
    for rows, columns in [(3, 3), (7, 31), (1, 9), (9, 1), (15, 60)]:
        weights = [[1] * columns] * rows
        scale = Fraction(1, rows * columns)
        check(job(picture, weights, scale=scale, border=border, border_value=77, size=size), "box")


@pytest.mark.parametrize("anchor", [(0, 0), (4, 8), (0, 8)])
def test_boxes_that_stand_aside(anchor: tuple[int, int]) -> None:
    weights: Weights = [[1] * 9] * 5
    check(job(image_of(Depth.U8, (9, 150)), weights, scale=Fraction(1, 45), anchor=anchor), "box")


@pytest.mark.parametrize(
    "changes",
    [
        {"scale": Fraction(1, 20)},
        {"offset": -40},
        {"offset": 0.5, "scale": Fraction(1, 50)},
        {"rounding": Rounding.HALF_UP},
        {"absolute": True, "scale": Fraction(-1, 25)},
        {"depth": Depth.U16},
        {"scale": Fraction(3, 100)},
    ],
)
def test_boxes_with_other_finishes(changes: dict[str, Any]) -> None:
    known = {"scale": Fraction(1, 25), **changes}
    check(job(image_of(Depth.U8, (12, 140)), [[1] * 5] * 5, **known), "box")


def floats_of(*shape: int) -> Any:
    return np.random.default_rng(shape[1]).integers(0, 256, shape).astype(np.float32) / np.float32(
        255
    )


@pytest.mark.parametrize("size", [OutputSize.SAME, OutputSize.VALID, OutputSize.FULL])
@pytest.mark.parametrize("border", STAND_INS)
@pytest.mark.parametrize("shape", [(17, 64), (17, 79), (90, 201), (20, 67, 3), (20, 63, 5)])
@pytest.mark.sampled(12)
def test_boxes_on_floats(shape: tuple[int, ...], border: Border, size: OutputSize) -> None:
    for rows, columns in [(3, 3), (7, 31), (1, 9), (9, 1), (15, 60)]:
        weights: Weights = [[2] * columns] * rows
        scale = Fraction(1, 2 * rows * columns)
        wanted = job(
            floats_of(*shape), weights, scale=scale, border=border, border_value=0.7, size=size
        )
        check(wanted, "box")


@pytest.mark.parametrize(
    "changes",
    [
        {"scale": 1},
        {"scale": Fraction(-1, 7)},
        {"scale": Fraction(1, 50), "offset": -0.25},
        {"offset": Fraction(1, 3), "absolute": True, "scale": Fraction(-1, 25)},
        {"anchor": (0, 4)},
    ],
)
def test_float_boxes_with_other_finishes(changes: dict[str, Any]) -> None:
    known = {"scale": Fraction(1, 25), **changes}
    check(job(floats_of(30, 140), [[1] * 5] * 5, **known), "box")


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38, 1e-30, 1e-44, 2.0**40])
@pytest.mark.parametrize("rows", [[0], [199], [5, 6, 150], [90]])
def test_float_boxes_where_sums_are_not_exact(rows: list[int], value: float) -> None:
    """Lines that would break exactness are done otherwise, and what follows is as ever."""
    picture = floats_of(200, 70)
    for row in rows:
        picture[row, row % 70] = value
    picture[40:60] *= np.float32(1e-9)
    check(job(picture, [[1] * 9] * 7, scale=Fraction(1, 63)), "box")


def test_float_boxes_of_nothing() -> None:
    check(job(np.zeros((9, 40), np.float32), [[1] * 5] * 5, scale=Fraction(1, 25)), "box")


@pytest.mark.parametrize("shape", [(40, 150), (23, 70, 3), (5, 3), (1, 1)])
@pytest.mark.parametrize("depth", [Depth.U8, Depth.U16, Depth.I16])
@pytest.mark.parametrize("weights", [DISK, MIXED, [[1] * 150] * 2])
@pytest.mark.sampled(4)
def test_weights_that_change_seldom(weights: Weights, depth: Depth, shape: tuple[int, ...]) -> None:
    scale = Fraction(1, sum(abs(w) for row in weights for w in row))
    check(job(image_of(depth, shape), weights, scale=scale, offset=3), "running")


@pytest.mark.parametrize("size", [OutputSize.SAME, OutputSize.VALID, OutputSize.FULL])
@pytest.mark.parametrize("border", STAND_INS)
def test_disks_at_the_border(border: Border, size: OutputSize) -> None:
    picture, scale = image_of(Depth.U8, (30, 90)), Fraction(1, 16000)
    for changes in ({}, {"anchor": (0, 18)}, {"dilation": (1, 2)}):
        known: dict[str, Any] = {"border": border, "border_value": 9, "size": size, **changes}
        check(job(picture, DISK, scale=scale, **known), "running")


def test_the_largest_sums() -> None:
    """White everywhere: sums of a whole group of changes come to the end of int16."""
    white = np.full((300, 200), 255, np.uint8)
    columns = [[1] * 140, [0] * 140] * 3
    check(job(white, columns, scale=Fraction(1, 420)), "running")


def test_changes_whose_sums_wrap() -> None:
    """On the way from one row to the next sums leave int32, and come back."""
    rows = [[16383 * (1 - 2 * (row % 2))] * 2 for row in range(500)]
    picture = np.repeat(np.uint8([[255], [0]] * 300), 70, axis=1)
    check(job(picture, rows, scale=Fraction(1, 1 << 24), size=OutputSize.VALID), "running")


@pytest.mark.parametrize("path", ["box", "running", "taps16", "fixed16"])
def test_parts_of_larger_arrays(path: str) -> None:
    """Rows that do not follow each other, in and out; nothing beside the output is written."""
    view = image_of(Depth.U8, (40, 400))[3:33, 11:311]
    assert not view.flags.c_contiguous
    wanted = job(view, [[1] * 5] * 3, scale=Fraction(1, 15), border=Border.WRAP)
    expected = REFERENCE.correlate(wanted).image
    for isa in ISAS:
        around = np.full((30, 400, 1), 77, np.uint8)
        NativeEngine(CORE, isa=isa, path=path).correlate(wanted, out=around[:, 50:350])
        np.testing.assert_array_equal(around[:, 50:350], expected)
        assert (around[:, :50] == 77).all()
        assert (around[:, 350:] == 77).all()


@pytest.mark.parametrize("pad", [90, 3000])
@pytest.mark.parametrize("weights", [[[1, 2, 1]], [[1, 1, 1]]])
def test_borders_wider_than_the_picture(weights: Weights, pad: int) -> None:
    scale, picture = Fraction(1, sum(weights[0])), image_of(Depth.U8, (3, 40))
    for border in STAND_INS:
        known: dict[str, Any] = {"border": border, "border_value": 5, "size": (1, 1, pad, pad)}
        wanted = job(picture, weights, scale=scale, **known)
        expected = REFERENCE.correlate(wanted).image
        for isa in ISAS:
            for path in ("taps16", "fixed16", "running", "box"):
                got = NativeEngine(CORE, isa=isa, path=path).correlate(wanted).image
                np.testing.assert_array_equal(got, expected, err_msg=f"{isa} {path}")
