"""Weighted means by the core: the same bits as the definition, whatever the bands and threads."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from imgconv import Kernel
from imgconv.engines.native import NativeEngine
from imgconv.engines.reference import ReferenceEngine
from imgconv.engines.select import native_engine
from imgconv.model.border import Border
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.settings import Settings
from imgconv.ops.linear import row_bands, weighted_bands
from imgconv.ops.linear.weighted import filter_inside, weighted

REFERENCE = ReferenceEngine()
HIGHS = {"uint8": 255, "uint16": 65535, "int16": 32767, "float32": 1}
KERNELS = [
    Kernel([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    Kernel([[1, 2], [3, 4]], scale="1/7", offset=3),
    Kernel([[0, 0, 0], [0, -2, 1], [0, 0, -3]], offset="1/2"),
    Kernel([[1, -3, 1]]),
    Kernel([[3**18, 5**13, 3**18]] * 3, scale="1/3000000000"),
    Kernel([[2**21 - 1, 7, -3], [5, 2**20, 1]], scale="1/3145737", offset="1/3"),
    Kernel([[1, 2**22 - 2, 1]], scale="-1/4194304", offset="511/2"),
]
EXTREME = [
    Kernel([[1, 2, 1]], scale=Fraction(1, 3**290)),
    Kernel([[1, 2, 1]], scale=3**290, offset=Fraction(1, 7**160)),
    Kernel([[10**139 + 1, 3]], scale=Fraction(1, 10**139 + 9), offset=Fraction(1, 10**139 + 7)),
]
RANGES = list(OutputRange)


def picture(rng, dtype, shape, opacity):
    high = HIGHS[dtype]
    if dtype == "float32":
        image = rng.normal(0.4, 0.4, shape).astype(dtype)
    else:
        image = rng.integers(np.iinfo(dtype).min, high + 1, shape).astype(dtype)
    if opacity == "holes":
        image[: shape[0] // 2, ..., -1] = 0
    elif opacity == "steps":
        image[..., -1] = rng.choice(np.array([0, high, high, high // 3], dtype), shape[:2])
    elif opacity == "opaque":
        image[..., -1] = high
    return image


def same(one, other):
    assert one.image.tobytes() == other.image.tobytes()
    assert one.clipped == other.clipped


@pytest.fixture
def small_bands(monkeypatch):
    monkeypatch.setattr(row_bands, "_PIXELS", 40)


def random_settings(rng):
    return Settings(
        border=list(Border)[rng.integers(len(Border))],
        border_value=int(rng.integers(2)),
        stride=[(1, 1), (2, 2)][rng.integers(2)],
        dilation=[(1, 1), (2, 1)][rng.integers(2)],
        depth=[None, *Depth][rng.integers(5)],
        rounding=list(Rounding)[rng.integers(4)],
        output_range=RANGES[rng.integers(len(RANGES))],
    )


@pytest.mark.usefixtures("small_bands")
@pytest.mark.parametrize("dtype", HIGHS)
@pytest.mark.parametrize("opacity", ["holes", "steps", "opaque", "any"])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.sampled(3)
def test_the_core_gives_the_bits_of_the_definition(dtype, opacity, seed):
    rng = np.random.default_rng(seed)
    for kernel in KERNELS:
        shape = int(rng.integers(1, 14)), int(rng.integers(1, 40)), 2 + 2 * (seed % 2)
        image = picture(rng, dtype, shape, opacity)
        parts = image[..., :-1], image[..., -1:], kernel, random_settings(rng)
        same(
            weighted(*parts, 1 + seed % 2, native_engine(), None),
            weighted(*parts, 1, REFERENCE, None),
        )


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("output_range", [OutputRange.SATURATE, OutputRange.RESCALE])
@pytest.mark.parametrize("kernel", EXTREME)
def test_numbers_that_no_float_holds(dtype, output_range, kernel):
    image = picture(np.random.default_rng(1), dtype, (5, 6, 4), "steps")
    parts = image[..., :-1], image[..., -1:], kernel, Settings(output_range=output_range)
    same(weighted(*parts, 1, native_engine(), None), weighted(*parts, 1, REFERENCE, None))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("depth", Depth)
@pytest.mark.parametrize("output_range", [OutputRange.SATURATE, OutputRange.RESCALE])
def test_integer_images_take_the_path_of_the_core(dtype, depth, output_range, monkeypatch):
    """Where the definition is gone there is a result all the same."""
    monkeypatch.setattr("imgconv.ops.linear.weighted._by_definition", None)
    image = picture(np.random.default_rng(1), dtype, (30, 40, 4), "steps")
    settings = Settings(depth=depth, output_range=output_range)
    ignoring = settings._replace(border=Border.IGNORE)
    for kernel in (*KERNELS[:2], KERNELS[-1]):
        weighted(image[..., :-1], image[..., -1:], kernel, settings, 1, native_engine(), None)
        filter_inside(image[..., :-1], kernel, ignoring, 1, native_engine(), None)


@pytest.mark.parametrize("isa", native_engine().isas)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_instruction_set_gives_the_same_means(isa, dtype, kernel):
    engine = NativeEngine(native_engine()._core, isa=isa)
    for channels in (2, 4):
        image = picture(np.random.default_rng(2), dtype, (9, 37, channels), "steps")
        parts = image[..., :-1], image[..., -1:], kernel, Settings()
        same(weighted(*parts, 1, engine, None), weighted(*parts, 1, REFERENCE, None))


@pytest.mark.usefixtures("small_bands")
@pytest.mark.parametrize("doubt", [0.5, weighted_bands._DOUBT])
@pytest.mark.parametrize("kernel", KERNELS[-3:])
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("output_range", [OutputRange.SATURATE, OutputRange.ABS])
def test_what_floats_leave_undecided_is_done_in_integers(
    doubt, kernel, rounding, output_range, monkeypatch
):
    """A doubt that covers everything changes no bit; areas of one colour have many halves."""
    monkeypatch.setattr(weighted_bands, "_DOUBT", doubt)
    image = picture(np.random.default_rng(3), "uint16", (24, 30, 4), "steps")
    image[8:] = image[8]
    settings = Settings(border=Border.CONSTANT, rounding=rounding, output_range=output_range)
    parts = image[..., :-1], image[..., -1:], kernel, settings
    same(weighted(*parts, 1, native_engine(), None), weighted(*parts, 1, REFERENCE, None))


def test_a_view_in_which_weights_follow_colours_is_not_copied():
    from imgconv.ops.linear.weighted import _joined

    image = np.zeros((3, 4, 4), np.uint8)
    assert np.shares_memory(_joined(image[..., :-1], image[..., -1:]), image)
    apart = _joined(image[..., :-1], np.ones((3, 4, 1), np.uint8))
    assert not np.shares_memory(apart, image)
    assert apart[..., -1].all()
