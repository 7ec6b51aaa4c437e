"""Parts of weighed images in which the weight is the same everywhere, beside the definition."""

from __future__ import annotations

import os

import numpy as np
import pytest

from imgconv import Kernel, load_kernel
from imgconv.engines.native import NativeEngine
from imgconv.engines.reference import ReferenceEngine
from imgconv.engines.select import native_engine
from imgconv.model.border import Border
from imgconv.model.output import Depth, OutputRange
from imgconv.model.settings import Settings
from imgconv.ops.linear.single import plan
from imgconv.ops.linear.weighted import weighted

if native_engine() is None:
    if os.environ.get("IMGCONV_REQUIRE_NATIVE"):
        raise RuntimeError("the native core was not built, and it is required")
    pytest.skip("the native core was not built", allow_module_level=True)

NATIVE, REFERENCE = native_engine(), ReferenceEngine()
KERNELS = {
    "sharpen": load_kernel("sharpen"),
    "gaussian": load_kernel("gaussian:1"),
    "box": Kernel([[1] * 5] * 7, scale="1/35"),
    "offset": Kernel([[1, 2, 1]], scale="1/4", offset="-300"),
    "negative": Kernel([[-1, -3], [-1, -3]], scale="-1/8", offset="7/2"),
}
SETTINGS = {
    "default": Settings(),
    "constant": Settings(border=Border.CONSTANT, border_value=9),
    "wrap, steps": Settings(border=Border.WRAP, stride=(2, 3), dilation=(2, 1)),
    "ignored": Settings(border=Border.IGNORE),
    "absolute": Settings(border=Border.REFLECT, output_range=OutputRange.ABS),
    "signed": Settings(border=Border.REPLICATE, depth=Depth.I16),
}


def picture(dtype, channels, rows=150, columns=300):
    """Give areas of full weight, of none and of any, that begin and end wherever it may be."""
    rng = np.random.default_rng(rows + columns)
    high = np.iinfo(dtype).max
    image = rng.integers(0, high + 1, (rows, columns, channels)).astype(dtype)
    image[20:97, 30:250, -1] = high
    image[97:, :200, -1] = 0
    image[:21, 101:, -1] = 0
    image[110:, 201:, -1] = high
    return image


def floats(channels, rows=150, columns=300):
    """Give the same as floats that came from bytes, and some that did not."""
    image = picture("uint8", channels, rows, columns).astype(np.float32) / np.float32(255)
    image[40:60, 60:90, :-1] = np.random.default_rng(2).random((20, 30, channels - 1))
    image[70:80, 100:140, :-1] = 0
    image[140:, 30:90, :-1] *= -1
    return image


def by(engine, image, kernel, settings, threads=1):
    return weighted(image[..., :-1], image[..., -1:], kernel, settings, threads, engine, None)


def same(image, kernel, settings, engine=NATIVE):
    expected = by(REFERENCE, image, kernel, settings)
    for threads in (1, 2):
        found = by(engine, image, kernel, settings, threads)
        np.testing.assert_array_equal(found.image, expected.image)
        assert found.image.tobytes() == expected.image.tobytes()
        assert found.clipped == expected.clipped


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.sampled(4)
def test_parts_of_even_weight_have_the_bits_of_the_definition(name, settings, dtype, channels):
    same(picture(dtype, channels), KERNELS[name], SETTINGS[settings])


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.sampled(4)
def test_parts_of_floats_have_the_bits_of_the_definition(name, settings, channels):
    same(floats(channels), KERNELS[name], SETTINGS[settings])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e37, 1e-44, -0.0])
def test_what_is_not_usual_stands_in_an_even_part(value):
    image = floats(4)
    for row, column, channel in ((50, 100, 0), (120, 100, 1), (50, 150, 3), (120, 150, 3)):
        image[row, column, channel] = value
    for name in ("sharpen", "gaussian", "box"):
        same(image, KERNELS[name], Settings())


def test_values_in_parts_of_one_weight_are_not_computed_again():
    image = floats(4)
    image[..., -1] = 1
    image[:64, :128, -1] = 0
    by(NATIVE, image, KERNELS["sharpen"], Settings())
    assert NATIVE.weigher.recomputed < 4 * (64 + 128) * 40
    assert by(NATIVE, image[64:], KERNELS["sharpen"], Settings()).image.size
    assert NATIVE.weigher.recomputed == 0


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("name", KERNELS)
def test_an_image_of_one_weight_has_the_bits_of_the_definition(name, level):
    image = picture("uint8", 4, 70, 40)
    image[..., -1] = level
    same(image, KERNELS[name], Settings())


@pytest.mark.parametrize("isa", NATIVE.isas)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_every_instruction_set_sees_the_same_parts(dtype, isa):
    engine = NativeEngine(NATIVE._core, isa=isa)
    for channels in (2, 4):
        for name in ("sharpen", "offset"):
            same(picture(dtype, channels, 90, 131), KERNELS[name], Settings(), engine)
            same(floats(channels, 90, 131), KERNELS[name], Settings(), engine)


def test_one_pixel_of_another_weight_is_seen_wherever_it_is():
    image = np.full((64, 200, 4), 255, np.uint8)
    image[..., :-1] = np.random.default_rng(1).integers(0, 256, (64, 200, 3))
    for row, column in ((0, 0), (31, 63), (32, 64), (63, 199), (40, 191), (33, 192)):
        seen = image.copy()
        seen[row, column, -1] = 254
        for settings in (Settings(), Settings(border=Border.WRAP)):
            same(seen, KERNELS["box"], settings)


def test_a_kernel_that_does_not_fit_is_refused():
    job, words = (
        plan(np.zeros((8, 8, 4), dtype), KERNELS["sharpen"], Settings(), 1)
        for dtype in ("uint8", "uint16")
    )
    correlator = NATIVE._preparer.prepare(job).correlator
    other = NATIVE._preparer.prepare(words).correlator
    out = np.empty((8, 8, 4), np.uint8)
    with pytest.raises(TypeError, match="the plain kernel does not fit"):
        correlator.run(job.image, out, *job.geometry, NATIVE._borders[id(job.border)], 0, 1, other)
