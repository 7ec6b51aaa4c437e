"""Linear light: decoded, filtered, encoded."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv import filter_image, recipe_from
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.ops.color.linear_light import light_of, srgb_of
from imgconv.ops.color.srgb import from_linear, to_linear
from imgconv.ops.pipeline.run import run_recipe


def light(value):
    """Give the light of an sRGB value between 0 and 1 (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def encoded(value):
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


@pytest.mark.parametrize(("dtype", "count"), [("uint8", 256), ("uint16", 65536)])
def test_every_level_comes_back(dtype, count):
    levels = np.arange(count, dtype=dtype).reshape(16, -1)
    np.testing.assert_array_equal(filter_image(levels, kernels=["identity"], linear=True), levels)


def test_every_level_comes_back_beside_alpha():
    image = np.random.default_rng(0).integers(0, 65536, (40, 30, 4), np.uint16)
    np.testing.assert_array_equal(filter_image(image, kernels=["identity"], linear=True), image)


def test_half_black_and_half_white_is_188():
    """Half the light; the numbers' own mean would be 128."""
    stripes = np.array([[0, 255]], np.uint8)
    options = {"kernels": ["1/2 1/2"], "border": "wrap"}
    assert filter_image(stripes, linear=True, **options).tolist() == [[188, 188]]
    assert filter_image(stripes, **options).tolist() == [[128, 128]]


def test_a_blur_is_that_of_the_light(camera):
    image = camera[200:212, 200:212]
    result = filter_image(image, kernels=["1/9 1/9 1/9; 1/9 1/9 1/9; 1/9 1/9 1/9"], linear=True)
    lights = [[light(v / 255) for v in row] for row in image.tolist()]
    for row in range(1, 11):
        for column in range(1, 11):
            window = [lights[r][row_c] for r in range(row - 1, row + 2)
                      for row_c in range(column - 1, column + 2)]  # fmt: skip
            assert result[row, column] == round(255 * encoded(sum(window) / 9))


def test_offsets_and_the_border_are_levels_of_the_image():
    from imgconv import Kernel

    black = np.zeros((1, 1), np.uint8)
    raised = filter_image(black, kernels=[Kernel([[1]], offset=51)], linear=True)
    assert raised.item() == round(255 * encoded(0.2))
    beside = {"border": "constant", "border_value": 100, "linear": True}
    assert filter_image(black, kernels=["0 0 1"], **beside).item() == 100


def test_nothing_is_clipped_between_kernels():
    image = np.array([[10, 200]], np.uint8)
    result = filter_image(image, kernels=["4", "1/4"], linear=True)
    np.testing.assert_array_equal(result, image)


def test_depths():
    image = np.array([[0, 128, 255]], np.uint8)
    assert filter_image(image, linear=True, kernels=["1"], depth="u16").tolist() == [
        [0, 128 * 257, 65535]
    ]
    floats = filter_image(image, linear=True, kernels=["1"], depth="f32")
    np.testing.assert_allclose(floats, image / 255, atol=1e-6)
    with pytest.raises(ArgumentError, match="linear light needs a u8, u16 or f32 image"):
        filter_image(image, linear=True, kernels=["1"], depth="i16")


@pytest.mark.parametrize("shape", [(23, 30), (23, 30, 3), (23, 30, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(
    "options",
    [
        {"kernels": ["gaussian:2"]},
        {"kernels": ["sharpen", "sobel"]},
        {"kernels": ["box:31"], "depth": "u8"},
        {"kernels": ["sharpen"], "binarize": 120, "gray": "bt601"},
        {"kernels": ["sharpen"], "binarize": "otsu", "gray": "bt601"},
    ],
)
def test_bands_of_linear_light_change_nothing(monkeypatch, shape, dtype, options):
    pixels = np.random.default_rng(4).random(shape)
    image = pixels.astype(dtype) if dtype == "float32" else (pixels * 255).astype(dtype)
    job = recipe_from({**options, "linear": True, "padding": "wrap"})
    whole = run_recipe(image, job, threads=1)
    monkeypatch.setattr("imgconv.ops.pipeline.run._BAND", 60)
    for threads in (1, 2, 5):
        banded = run_recipe(image, job, threads=threads)
        assert banded.image.tobytes() == whole.image.tobytes()
        assert banded[1:] == whole[1:]


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("depth", [Depth.U8, Depth.U16, Depth.F32])
def test_alpha_is_no_light(channels, depth):
    """It is neither decoded nor encoded, and what it is beyond its range is not counted."""
    rng = np.random.default_rng(5)
    image = rng.integers(0, 256, (9, 11, channels)).astype(np.uint8)
    lit = light_of(image)
    colours = np.ascontiguousarray(image[..., :-1])
    np.testing.assert_array_equal(lit[..., :-1], to_linear(colours, Depth.U8))
    np.testing.assert_array_equal(lit[..., -1], image[..., -1] / np.float32(255))
    lit += rng.normal(0, 0.3, lit.shape).astype(np.float32)
    pixels, clipped = srgb_of(lit, depth)
    wanted, beyond = from_linear(np.ascontiguousarray(lit[..., :-1]), depth)
    np.testing.assert_array_equal(pixels[..., :-1], wanted)
    assert clipped == beyond
    share = np.clip(lit[..., -1], 0, 1) * np.float32(depth.high)
    np.testing.assert_array_equal(pixels[..., -1], share if depth is Depth.F32 else np.rint(share))
