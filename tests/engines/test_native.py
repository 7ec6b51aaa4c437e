"""Every path of the native engine, on every instruction set, against the definition."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from engines.core import CORE, FAST, ISAS, REFERENCE, forced, image_of
from engines.engine_jobs import Weights, job, jobs, oracle
from imgconv.engines import core_values
from imgconv.engines import plan as plan_module
from imgconv.engines.base import Correlation
from imgconv.engines.native import NativeEngine
from imgconv.model.border import STAND_INS, Border
from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth, Rounding

RNG = np.random.default_rng(5)
FLOATS = RNG.random((5, 5)).astype(np.float32)
ADVERSARIAL: dict[str, tuple[Weights, object, object]] = {
    **{f"box over {d}": ([[1, 1, 1]] * 3, Fraction(1, d), 0) for d in (14, 26, 28, 1792)},
    **{f"ties over {d}": ([[1, 2, 1], [2, 6, 2], [1, 2, 1]], Fraction(1, d), 0)
       for d in (2, 18, 256)},
    "halves with offset": ([[1, 0, 1]], Fraction(1, 2), Fraction(1, 2)),
    "cancelling": ([[1e12, -1e12, 1e-9], [-1e12, 1e12, 0.5]], 1, 0),
    "beyond int32": ([[32767] * 5] * 60, Fraction(1, 3), 0),
    "beyond int32, both signs": ([[9000000, -9000000, 1]], Fraction(1, 7), 3),
    "tiny": ([[1e-30, 1e-30]], 1, 0),
    "huge": ([[1e30, -1e30, 0.25]], 1, 0),
    "beyond 128 bits": ([[10**40, -(10**40), 1]], Fraction(1, 3), 0),
    "corner": ([[0] * 7 for _ in range(6)] + [[0] * 6 + [1]], 1, 0),
    "one row": ([list(range(1, 302))], Fraction(1, 45451), 0),
    "one column": ([[w] for w in range(-20, 61)], Fraction(1, 900), 7),
    "all zero": ([[0, 0], [0, 0]], 1, 5),
    "sharpen": ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1, 0),
    "sobel": ([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], 1, 0),
    "taps16 limit": ([[64, 64], [0, -127]], Fraction(1, 64), 0),
    "signed bytes": ([[-128, 127, 3]], Fraction(1, 8), 0),
    "floats": (FLOATS.tolist(), float(1 / FLOATS.sum()), 0),
    "disk": ([[12, 93, 128, 93, 12], [231, 256, 256, 256, 231], [93, 256, 256, 256, 93]],
             Fraction(1, 2627), 0),
    "many like changes": ([[1] * 150] * 2, Fraction(1, 300), 0),
    "largest change": ([[16384, -9], [-16383, 16384]], Fraction(1, 32768), 0),
    "separable": (np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]).tolist(), Fraction(1, 256), 0),
    "separable, wide": (np.outer([3001, 9000, 3001], [2999, 9001, 2999]).tolist(),
                        Fraction(1, 15002 * 14999), 0),
    "beside ties": ([[k * 10**8 + 1 for k in line] for line in ([1, 2, 1], [2, 6, 3], [1, 0, 1])],
                    Fraction(1, 18 * 10**8), 0),
    "double weights, double gain": (RNG.random((4, 4)).tolist(), 0.11, 0.3),
    "negative gain": ([[1, 2], [3, 4]], Fraction(-1, 10), 255),
}  # fmt: skip


@pytest.fixture(autouse=True)
def threads_for_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_values, "_THREAD_NS", 1)  # even for a small picture


@pytest.fixture
def engine() -> NativeEngine:
    return NativeEngine(CORE)


@pytest.mark.parametrize("depth", Depth)
@pytest.mark.parametrize("name", ADVERSARIAL)
@pytest.mark.sampled(6)
def test_adversarial_kernels(name: str, depth: Depth) -> None:
    weights, scale, offset = ADVERSARIAL[name]
    big = len(weights) * len(weights[0]) > 50
    wanted = job(image_of(depth, (3, 5) if big else (5, 9)), weights, scale=scale, offset=offset)
    image, clipped = oracle(wanted)
    for which, got in forced(wanted):
        np.testing.assert_array_equal(got.image, image, err_msg=which)
        assert got.clipped == clipped, which


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("name", ["sharpen", "floats", "separable, wide", "box over 14"])
@pytest.mark.sampled(8)
def test_photographs(camera: Any, astronaut: Any, name: str, threads: int) -> None:
    weights, scale, offset = ADVERSARIAL[name]
    for photograph in (camera[100:223, 40:371], astronaut[60:171, 100:253]):
        for picture in (
            photograph,
            photograph.astype(np.uint16) * 257,
            photograph.astype(np.int16) * 100 - 9000,
            (photograph / 255).astype(np.float32),
        ):
            wanted = job(picture, weights, scale=scale, offset=offset, threads=threads)
            expected = REFERENCE.correlate(wanted)
            for which, got in forced(wanted):
                np.testing.assert_array_equal(got.image, expected.image, err_msg=which)
                assert got.clipped == expected.clipped, which


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=jobs())
def test_any_job(wanted: Correlation) -> None:
    expected = REFERENCE.correlate(wanted)
    for which, got in forced(wanted):
        np.testing.assert_array_equal(got.image, expected.image, err_msg=which)
        assert got.clipped == expected.clipped, which


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wanted=jobs())
def test_the_oracle_agrees_with_the_reference(wanted: Correlation) -> None:
    if wanted.image.size > 400 or wanted.geometry.out_shape[0] * wanted.geometry.out_shape[1] > 200:
        small = job(wanted.image[:4, :6], [[1, 2]])
        wanted = small._replace(depth=wanted.depth, rounding=wanted.rounding)
    image, clipped = oracle(wanted)
    expected = REFERENCE.correlate(wanted)
    np.testing.assert_array_equal(image, expected.image)
    assert clipped == expected.clipped


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("divisor", [1, 2, 3, 9, 14, 18, 26, 28, 100, 256, 1792])
@pytest.mark.sampled(3)
def test_every_sum_of_two_pixels(divisor: int, rounding: Rounding) -> None:
    """All 65536 pairs of 8-bit pixels, so every sum that the kernel can have."""
    left, right = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    pairs = np.stack([left, right], axis=-1).reshape(256, 512)
    wanted = job(
        pairs, [[3, 2]], scale=Fraction(1, divisor), size=OutputSize.VALID, rounding=rounding
    )
    expected = REFERENCE.correlate(wanted)
    for which, got in forced(wanted):
        np.testing.assert_array_equal(got.image, expected.image, err_msg=which)
        assert got.clipped == expected.clipped, which


# Kernels with values so near to the middle of two outputs that arithmetic which is not exact errs.
NEAR_TIES: dict[tuple[str, Depth], tuple[Weights, object]] = {
    ("fixed16", Depth.U8): ADVERSARIAL["floats"][:2],
    ("fma32", Depth.U8): ADVERSARIAL["beside ties"][:2],
    ("separable", Depth.U8): (
        np.outer([10**7 + 1, 2 * 10**7, 10**7], [1, 4, 1]).tolist(),
        Fraction(1, 24 * 10**7),
    ),
    ("fft", Depth.U8): ([[2**50] * 5] * 3 + [[2**50] * 4 + [1]], Fraction(1, 2**55)),
    ("fft", Depth.F32): ([[2**30, -(2**30), 3, 5, 7, 9, 2, 4]] * 3, Fraction(1, 2**10)),
    ("fma64", Depth.F32): ([[(2**24 + 1) << 40, 1]], Fraction(1, 2**64)),
    ("separable", Depth.F32): ([[1, 2**26], [2**27, 2**53]], Fraction(1, 2**53)),
}


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(("path", "depth"), NEAR_TIES)
@pytest.mark.sampled(3)
def test_the_bounds_are_needed(camera: Any, path: str, depth: Depth, isa: str) -> None:
    """With a bound of zero results must go wrong, or this test could not see that they do."""
    weights, scale = NEAR_TIES[path, depth]
    picture = camera if depth is Depth.U8 else camera.astype(np.float32)
    wanted = job(picture, weights, scale=scale)
    expected = REFERENCE.correlate(wanted).image
    engine = NativeEngine(CORE, isa=isa, path=path)
    careless = NativeEngine(CORE, isa=isa, path=path, bound_factor=0)
    assert engine.plan(wanted).path == path
    np.testing.assert_array_equal(engine.correlate(wanted).image, expected)
    assert engine.recomputed > 0
    wrong = np.count_nonzero(careless.correlate(wanted).image != expected)
    assert wrong > 0


def test_not_finite() -> None:
    rng = np.random.default_rng(8)
    picture = rng.standard_normal((12, 300)).astype(np.float32)
    for value in (np.inf, -np.inf, np.nan):
        picture[rng.random(picture.shape) < 0.01] = value
    for weights in ([[1, 0, -1]], [[0, 1, 0], [1, 0.3, 1], [0, 1, 0]]):
        for depth in (Depth.F32, Depth.U8, Depth.I16):
            wanted = job(picture, weights, depth=depth)
            expected = REFERENCE.correlate(wanted)
            for which, got in forced(wanted):
                np.testing.assert_array_equal(got.image, expected.image, err_msg=which)
                assert got.clipped == expected.clipped, which


@pytest.mark.parametrize("border", STAND_INS)
def test_kernels_larger_than_the_image(border: Border) -> None:
    weights = RNG.integers(-4, 9, (9, 11)).tolist()
    wanted = job(
        image_of(Depth.U8, (2, 3)), weights, scale=Fraction(1, 50), border=border, border_value=9
    )
    image, _ = oracle(wanted)
    for which, got in forced(wanted):
        np.testing.assert_array_equal(got.image, image, err_msg=which)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("shape", [(131, 217), (150, 90, 3), (300, 45), (40, 130)])
@pytest.mark.sampled(6)
def test_tiles(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], threads: int) -> None:
    """Several transformed tiles beside and below each other, odd ones too, in every type."""
    monkeypatch.setattr(plan_module, "_SIDES", (64, 128))
    kernels = RNG.integers(-9, 10, (9, 23)).tolist(), RNG.random((15, 5)).tolist()
    for depth in Depth:
        for weights in kernels:
            wanted = job(
                image_of(depth, shape), weights, scale=Fraction(1, 60), border_value=5,
                border=Border.CONSTANT, threads=threads,
            )  # fmt: skip
            expected = REFERENCE.correlate(wanted)
            for isa in ISAS:
                engine = NativeEngine(CORE, isa=isa, path="fft")
                got = engine.correlate(wanted)
                assert engine.plan(wanted).path == "fft"
                np.testing.assert_array_equal(got.image, expected.image, err_msg=isa)
                assert got.clipped == expected.clipped


def test_counts_are_the_same_everywhere() -> None:
    """Masks of vectors have bits that stand for no lane."""
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (9, 141, 2)).astype(np.uint8)
    wanted = job(picture, rng.random((4, 6)).tolist(), scale=0.3)
    expected = REFERENCE.correlate(wanted)
    for path in ("fixed16", "fma32", "fma64"):
        for isa in ISAS:
            engine = NativeEngine(CORE, isa=isa, path=path)
            got = engine.correlate(wanted)
            np.testing.assert_array_equal(got.image, expected.image, err_msg=isa)
            assert got.clipped == expected.clipped
            assert engine.recomputed < 100


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("shape", [(40, 60), (30, 25, 3)])
def test_smooth_areas_under_weights_that_add_up_to_0(isa: str, shape: tuple[int, ...]) -> None:
    """Their sums are 0 or nearly so, which a bound by the largest pixels never decides."""
    across = np.linspace(0.2, 0.7, shape[1])[:, None] * np.ones(shape[2:])
    ramp = np.broadcast_to(across.reshape(shape[1:]), shape).astype(np.float32)
    half = int(RNG.integers(1 << 27, 1 << 28)), int(RNG.integers(1 << 27, 1 << 28))
    column = [half[0], half[1], -2 * (half[0] + half[1]), half[1], half[0]]
    weights = [column, column[::-1], [-2 * weight for weight in column]]
    for picture in (ramp, np.full(shape, 0.3712345, np.float32), ramp - np.float32(0.45)):
        wanted = job(picture, weights, scale=Fraction(1, 1 << 28))
        engine = NativeEngine(CORE, isa=isa)
        np.testing.assert_array_equal(
            engine.correlate(wanted).image, REFERENCE.correlate(wanted).image
        )


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("path", ["fma64", "separable"])
@pytest.mark.parametrize("offset", [0, Fraction(1, 1 << 40), Fraction(-1, 3)])
def test_dark_floats_beside_bright_ones(isa: str, path: str, offset: Fraction) -> None:
    """Where neither weights nor pixels are below 0 the bound follows the value, not the picture."""
    column = [1, 37, 2**9 + 1, 2**12 - 5, 2**9 + 1, 37, 1]
    weights = [[a * b for b in column] for a in column]
    dark = np.where(RNG.random((60, 70)) < 0.03, RNG.random((60, 70)) * 1e-6, 0)
    dark[:, :9] = RNG.random((60, 9))
    engine = NativeEngine(CORE, isa=isa, path=path)
    for negative in (0, -1e-6):
        picture = dark.astype(np.float32)
        picture[50:, 60:] += np.float32(negative)
        for outside in (0.5, -0.5):
            wanted = job(
                picture, weights, scale=Fraction(1, 3 << 26), offset=offset,
                border=Border.CONSTANT, border_value=outside,
            )  # fmt: skip
            assert engine.plan(wanted).path == path
            np.testing.assert_array_equal(
                engine.correlate(wanted).image, REFERENCE.correlate(wanted).image
            )
            if offset == negative == 0 < outside:
                assert engine.recomputed < 100, "halves alone"


@pytest.mark.parametrize("level", [0, 777])
def test_flat_words_to_floats_have_sums_that_need_no_second_look(level: int) -> None:
    """A Fourier transform would leave open all that are 0."""
    weights = RNG.integers(-(1 << 15), 1 << 15, (17, 17))
    weights[8, 8] -= weights.sum()
    wanted = job(np.full((300, 300), level, np.uint16), weights.tolist(), depth=Depth.F32)
    engine = NativeEngine(CORE)
    assert not engine.correlate(wanted).image.any()
    assert engine.recomputed == 0


def test_parts_of_larger_arrays() -> None:
    """Rows that do not follow each other, in and out; nothing beside the output is written."""
    whole = image_of(Depth.U8, (40, 300, 3))
    views = whole[3:30, 5:200], whole[::-2, 10:80], whole[:, ::2], whole[..., ::-1]
    for view in views:
        wanted = job(view, ADVERSARIAL["sharpen"][0], threads=2)
        expected = REFERENCE.correlate(wanted).image
        kept = view.copy()
        for path in FAST:
            around = np.full((expected.shape[0], expected.shape[1] + 70, 3), 77, np.uint8)
            NativeEngine(CORE, path=path).correlate(wanted, out=around[:, 30:-40])
            np.testing.assert_array_equal(around[:, 30:-40], expected)
            assert (around[:, :30] == 77).all()
            assert (around[:, -40:] == 77).all()
        np.testing.assert_array_equal(view, kept)


def test_many_callers_at_once(engine: NativeEngine) -> None:
    picture = image_of(Depth.U8, (200, 333))
    wanted = [
        job(picture, weights, scale=scale, threads=3)
        for weights, scale, _ in (ADVERSARIAL[n] for n in ("sharpen", "floats", "separable"))
    ] * 8
    expected = [REFERENCE.correlate(one).image for one in wanted[:3]] * 8
    with ThreadPoolExecutor(6) as callers:
        results = list(callers.map(engine.correlate, wanted))
    for got, image in zip(results, expected, strict=True):
        np.testing.assert_array_equal(got.image, image)


def test_sums_and_extremes(engine: NativeEngine) -> None:
    for depth in Depth:
        for name in ("sobel", "floats", "beyond int32", "beyond 128 bits"):
            weights, scale, _ = ADVERSARIAL[name]
            wanted = job(image_of(depth, (9, 31)), weights, scale=scale)
            assert engine.extremes(wanted) == REFERENCE.extremes(wanted)
            np.testing.assert_array_equal(
                engine.sums(wanted).astype(object), REFERENCE.sums(wanted).astype(object)
            )


_MEASURE = """
import resource, sys
import numpy as np
from fractions import Fraction
from engines.engine_jobs import job
from imgconv.engines.native import NativeEngine, load_core
image = np.full((4000, 6000), 9, np.uint8)
out = np.full(image.shape + (1,), 1, np.uint8)
engine = NativeEngine(load_core())
small = job(image[:64, :64], eval(sys.argv[1]), scale=Fraction(1, 100), threads=2)
engine.correlate(small)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
engine.correlate(job(image, eval(sys.argv[1]), scale=Fraction(1, 100), threads=2), out=out)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("weights", ["[[1] * 101] * 101", "[[1, -2, 3]] * 31", "[[0.1, 0.7]] * 51"])
@pytest.mark.sampled(2)
def test_scratch_is_bounded(weights: str) -> None:
    """At most 32 MiB and 1 % of the image for each of two threads."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, weights],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert int(done.stdout) < 2 * (32 * 1024 + 240)
