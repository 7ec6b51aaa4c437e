"""Weighted means by the core, on images wide enough for every loop, beside the definition."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest

from imgconv import Kernel, load_kernel
from imgconv.engines.means import Quotient
from imgconv.engines.native import NativeEngine
from imgconv.engines.reference import ReferenceEngine
from imgconv.engines.select import native_engine
from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.settings import Settings
from imgconv.ops.linear.alpha import filter_with_alpha
from imgconv.ops.linear.single import plan
from imgconv.ops.linear.weighted import weighted

if native_engine() is None:
    if os.environ.get("IMGCONV_REQUIRE_NATIVE"):
        raise RuntimeError("the native core was not built, and it is required")
    pytest.skip("the native core was not built", allow_module_level=True)

NATIVE, REFERENCE = native_engine(), ReferenceEngine()
DOG = np.outer([3001, 9000, 3001], [2999, 9001, 2999])
DOG[1, 1] -= 10**8
KERNELS = {
    "sharpen": Kernel([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "separable": load_kernel("gaussian:1"),
    "both signs, separable": Kernel(np.outer([-7000, 30001, -7000], [-6000, 25001, -6000]).tolist(),
                                    scale=Fraction(1, 16001 * 13001)),
    "both signs": Kernel(DOG.tolist(), scale=Fraction(1, int(DOG.sum()))),
    "box": Kernel([[1] * 15] * 11, scale="1/165"),
    "box with an offset": Kernel([[-1] * 12] * 9, scale="-1/108", offset="-40"),
    "halves": Kernel([[1, 1], [1, 1]], scale="1/4"),
}  # fmt: skip
PATHS = {
    "sharpen": "dot16",
    "separable": "separable",
    "box": "box",
    "halves": "dot16",
}
DTYPES = {"uint8": 255, "uint16": 65535, "float32": 1}


def picture(dtype, channels, seed=0, columns=331):
    """Give areas without alpha, with all of it and with any, of noise and of flat colours."""
    rng = np.random.default_rng(seed)
    high, shape = DTYPES[dtype], (13, columns, channels)
    values = rng.random(shape) if dtype == "float32" else rng.integers(0, high + 1, shape)
    image = values.astype(dtype)
    image[:, 40:150] = image[0, 40]
    image[:, 20:120, -1] = 0
    image[:6, 100:300, -1] = 0
    image[8:, 150:250, -1] = high
    image[:, 250:290, :-1] = 0
    return image


def same(one, other):
    np.testing.assert_array_equal(one.image, other.image)
    assert one.image.tobytes() == other.image.tobytes()
    assert one.clipped == other.clipped


def by(engine, image, kernel, settings, threads=1):
    return weighted(image[..., :-1], image[..., -1:], kernel, settings, threads, engine, None)


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.sampled(4)
def test_means_have_the_bits_of_the_definition(name, dtype, channels):
    kernel = KERNELS[name]
    rng = np.random.default_rng(len(name))
    for seed in range(3):
        settings = Settings(
            border=[*Border][rng.integers(len(Border))],
            border_value=[0, 1][rng.integers(2)],
            stride=[(1, 1), (2, 3)][rng.integers(2)],
            dilation=[(1, 1), (1, 2)][rng.integers(2)],
            rounding=[*Rounding][rng.integers(4)],
            output_range=[OutputRange.SATURATE, OutputRange.ABS, OutputRange.OFFSET][seed],
        )
        for chosen in (Settings(), settings):
            image = picture(dtype, channels, seed)
            same(by(NATIVE, image, kernel, chosen, 2), by(REFERENCE, image, kernel, chosen))


@pytest.mark.parametrize("name", PATHS)
def test_each_kind_of_kernel_has_its_sums(name):
    image, kernel = picture("uint8", 4), KERNELS[name]
    job = plan(image, kernel, Settings(), 1)
    total = sum(map(sum, job.weights))
    quotient = Quotient(job.gain * total, job.bias, Fraction(1, total), 255)
    assert NATIVE.weigher.cost(job, quotient) is not None
    prepared = NATIVE.weigher._prepare(job, quotient)
    assert prepared.mean.plan.path == PATHS[name]


@pytest.mark.parametrize("isa", NATIVE.isas)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sharpen", "separable", "both signs, separable", "box"])
def test_every_instruction_set_gives_the_same(name, dtype, isa):
    engine = NativeEngine(NATIVE._core, isa=isa)
    for channels in (2, 4):
        image = picture(dtype, channels, 5)
        same(
            by(engine, image, KERNELS[name], Settings()),
            by(REFERENCE, image, KERNELS[name], Settings()),
        )


@pytest.mark.parametrize("name", ["sharpen", "separable"])
def test_floats_that_are_not_finite_or_not_positive_are_those_of_the_definition(name):
    image = picture("float32", 4, 7)
    rng = np.random.default_rng(8)
    image[..., :-1] -= np.float32(0.3)
    for value in (np.nan, np.inf, -np.inf, -0.0, 3e38, 1e-44, -0.25):
        image[rng.integers(13), rng.integers(331, size=2), rng.integers(4)] = value
    same(
        by(NATIVE, image, KERNELS[name], Settings()),
        by(REFERENCE, image, KERNELS[name], Settings()),
    )
    tiny = image * np.float32(1e-30)
    same(
        by(NATIVE, tiny, KERNELS[name], Settings()), by(REFERENCE, tiny, KERNELS[name], Settings())
    )


def test_few_values_are_summed_again():
    """A bound that is too wide would be right, and slow."""
    image = picture("uint8", 4, 9)
    by(NATIVE, image, load_kernel("gaussian:2"), Settings())
    assert 0 < NATIVE.weigher.recomputed < image.size // 100
    by(NATIVE, picture("float32", 4, 9), load_kernel("gaussian:2"), Settings())
    assert NATIVE.weigher.recomputed < image.size // 1000


@pytest.mark.parametrize("alpha", [Alpha.AUTO, Alpha.KEEP])
@pytest.mark.parametrize("opaque", [True, False])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("name", ["sharpen", "sobel_x", "emboss", "sobel", "kirsch"])
@pytest.mark.sampled(7)
def test_all_channels_at_once_count_as_if_alpha_were_apart(name, dtype, opaque, alpha):
    kernel = load_kernel(name)
    image = picture("uint16" if dtype == "int16" else dtype, 4, 3)
    image = (image // 2).astype(dtype) if dtype == "int16" else image
    if opaque:
        image[..., -1] = 32767 if dtype == "int16" else DTYPES[dtype]
    for border in (Border.REFLECT101, Border.CONSTANT):
        for depth in (None, Depth.I16):
            for mode in (OutputRange.SATURATE, OutputRange.OFFSET):
                settings = Settings(border=border, border_value=1, depth=depth, output_range=mode)
                found = [
                    filter_with_alpha(image, kernel, settings, alpha, threads=1, engine=engine)
                    for engine in (NATIVE, REFERENCE)
                ]
                same(*found)


def test_floats_of_flat_and_of_opaque_areas_are_seldom_summed_again():
    """Exact sums of few floats are often halfway between two: those are known to be exact."""
    image = picture("float32", 4, 11)
    steps = np.linspace(0, 1, 331, dtype=np.float32)
    image[..., -1] = np.where(steps < 0.3, np.float32(0), np.where(steps > 0.6, 1, steps))
    image[:, 20:40, :-1] = 0
    found = by(NATIVE, image, KERNELS["sharpen"], Settings())
    assert NATIVE.weigher.recomputed < image.size // 50
    same(found, by(REFERENCE, image, KERNELS["sharpen"], Settings()))
