"""Channels that are filtered by themselves: what they are, and what the others keep."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from cli.program import assert_fails, save, written
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import images

from imgconv import filter_image, to_gray
from imgconv.io.config.recipes import format_recipe, read_recipe, recipe_from
from imgconv.model.errors import ArgumentError, ImgconvError
from imgconv.model.region import parse_channels
from imgconv.ops.pipeline.run import run_recipe
from imgconv.ops.regions.lightness import lightness_of
from regions.test_region_bands import streamed
from regions.test_regions import rectangles

NAMES = ("red", "green,blue", "alpha", "red,alpha", "luma", "luma:bt709", "lightness", "value")


def random(dtype, channels, seed=1, size=(9, 8)):
    generator = np.random.default_rng(seed)
    if dtype == "float32":
        return generator.random((*size, channels), np.float32)
    info = np.iinfo(dtype)
    return generator.integers(info.min, info.max + 1, (*size, channels), dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_colours_are_filtered_as_gray_images_and_the_others_kept(dtype):
    image = random(dtype, 3)
    made = filter_image(image, steps=["sharpen", "median"], channels="red,blue")
    np.testing.assert_array_equal(made[..., 1], image[..., 1])
    for channel in (0, 2):
        gray = np.ascontiguousarray(image[..., channel])
        expected = filter_image(gray, steps=["sharpen", "median"])
        np.testing.assert_array_equal(made[..., channel], expected)


def test_alpha_weighs_a_channel_and_stays():
    image = random("uint8", 4)
    made = filter_image(image, steps=["box:3"], channels=["green"])
    whole = filter_image(image, steps=["box:3"])
    np.testing.assert_array_equal(made[..., 1], whole[..., 1])
    np.testing.assert_array_equal(made[..., [0, 2, 3]], image[..., [0, 2, 3]])


@pytest.mark.parametrize("steps", [["box:3"], ["sobel_x"], ["erode:3"]])
def test_alpha_alone_is_filtered_as_a_gray_image(steps):
    image = random("uint8", 4)
    made = filter_image(image, steps=steps, channels="alpha")
    np.testing.assert_array_equal(made[..., :3], image[..., :3])
    plane = np.ascontiguousarray(image[..., 3])
    np.testing.assert_array_equal(made[..., 3], filter_image(plane, steps=steps))


@pytest.mark.parametrize(("name", "method"), [("luma", "bt601"), ("luma:bt709", "bt709")])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_luma_moves_all_colours_alike(dtype, name, method):
    image = random(dtype, 3)
    made = filter_image(image, steps=["sharpen"], channels=name)
    luma = to_gray(image, method)
    change = filter_image(luma, steps=["sharpen"]).astype(int) - luma
    ends = np.iinfo(dtype)
    expected = np.clip(image.astype(int) + change[..., None], ends.min, ends.max)
    np.testing.assert_array_equal(made, expected)


def test_value_scales_all_colours_alike():
    image = random("uint8", 3)
    image[2, 3] = 0
    made = filter_image(image, steps=["box:3"], channels="value")
    value = image.max(axis=2)
    after = filter_image(value, steps=["box:3"])
    for at in np.ndindex(value.shape):
        for channel in range(3):
            expected = int(after[at])
            if value[at]:
                exact = Fraction(int(image[at][channel]) * int(after[at]), int(value[at]))
                expected = min(round(exact), 255)
            assert made[at][channel] == expected


def test_lightness_is_that_of_scikit_image():
    from skimage.color import rgb2lab

    image = random("uint16", 3, size=(60, 60))
    lab = rgb2lab(image / 65535.0)
    found = lightness_of(image) / 65535 * 100
    np.testing.assert_allclose(found, lab[..., 0], atol=0.02)  # its white has four digits
    floats = (image / 65535.0).astype(np.float32)
    np.testing.assert_allclose(lightness_of(floats) * 100, lab[..., 0], atol=0.02)


def test_lightness_keeps_a_and_b():
    from skimage.color import rgb2lab

    generator = np.random.default_rng(3)
    image = generator.integers(24000, 40000, (30, 30, 3), np.uint16)  # no colour is clamped
    made = filter_image(image, steps=["box:3"], channels="lightness")
    before, after = rgb2lab(image / 65535.0), rgb2lab(made / 65535.0)
    np.testing.assert_allclose(after[..., 1:], before[..., 1:], atol=0.02)
    plane = filter_image(lightness_of(image), steps=["box:3"])
    np.testing.assert_allclose(after[..., 0], plane / 655.35, atol=0.02)


@settings(max_examples=24, deadline=None)
@given(images(max_side=5, channels=(None, 3, 4)), st.sampled_from(NAMES))
def test_what_changes_nothing_keeps_every_bit(image, name):
    if image.dtype == np.float32:
        image = np.abs(image)
        assume((image < 1e9).all())
    try:
        made = filter_image(image, steps=["identity"], channels=name)
    except ArgumentError:
        assume(False)
    kind = f"u{image.dtype.itemsize}"
    np.testing.assert_array_equal(made.view(kind), image.view(kind))


def test_sharpened_luma_makes_no_colour_fringes(astronaut):
    sharp = filter_image(astronaut, steps=["sharpen"])
    luma = filter_image(astronaut, steps=["sharpen"], channels="luma")

    def colour(image):
        wide = image.astype(int)
        return wide[..., 0] - wide[..., 1], wide[..., 2] - wide[..., 1]

    inside = ((luma > 0) & (luma < 255)).all(axis=2)
    for before, after in zip(colour(astronaut), colour(luma), strict=True):
        np.testing.assert_array_equal(before[inside], after[inside])
    assert any(
        np.abs(before[inside] - after[inside]).max() > 100
        for before, after in zip(colour(astronaut), colour(sharp), strict=True)
    )


def test_gray_is_its_own_luma_and_value():
    image = random("uint8", 1)[..., 0]
    whole = filter_image(image, steps=["sharpen"])
    for name in ("luma", "value"):
        np.testing.assert_array_equal(filter_image(image, steps=["sharpen"], channels=name), whole)
    light = filter_image(image, steps=["box:3"], channels="lightness")
    colour = filter_image(np.dstack([image] * 3), steps=["box:3"], channels="lightness")
    assert np.abs(light.astype(int) - colour[..., 1]).max() <= 1


@settings(max_examples=40, deadline=None)
@given(images(max_side=12, channels=(3, 4)), st.data())
def test_channels_in_regions_and_in_bands(image, data):
    name = data.draw(st.sampled_from(NAMES))
    steps = data.draw(st.lists(st.sampled_from(["box:3", "sobel_y", "median"]), min_size=1,
                               max_size=2))  # fmt: skip
    options = {"steps": steps, "channels": name, "range": "abs", "padding": "reflect"}
    regions = [data.draw(rectangles(image.shape))]
    try:
        whole = run_recipe(image, recipe_from(options), threads=1).image
    except ImgconvError:
        assume(False)
    recipe = recipe_from({**options, "region": regions})
    part = run_recipe(image, recipe, threads=1).image
    (row, column, rows, columns) = regions[0]
    expected = image.copy()
    inside = np.s_[row : row + rows, column : column + columns]
    expected[inside] = whole[inside]
    np.testing.assert_array_equal(part, expected)
    height = data.draw(st.integers(1, image.shape[0]))
    np.testing.assert_array_equal(streamed(image, recipe, height), part)
    np.testing.assert_array_equal(streamed(image, recipe_from(options), height), whole)


def test_thresholds_of_channels_in_bands():
    image = random("uint8", 3, size=(40, 9))
    recipe = recipe_from({"steps": ["binarize:otsu"], "channels": "red,green"})
    whole = run_recipe(image, recipe).image
    np.testing.assert_array_equal(streamed(image, recipe, 7), whole)
    for channel in (0, 1):
        plane = np.ascontiguousarray(image[..., channel])
        expected = filter_image(plane, steps=["binarize:otsu"])
        np.testing.assert_array_equal(whole[..., channel], expected)


@pytest.mark.parametrize(
    ("channels", "text", "words"),
    [
        (3, "alpha", "no alpha channel"),
        (1, "red", "has no channel red"),
        (2, "blue", "has no channel blue"),
    ],
)
def test_channels_that_an_image_does_not_have(channels, text, words):
    with pytest.raises(ArgumentError, match=words):
        filter_image(random("uint8", channels), steps=["blur"], channels=text)


@pytest.mark.parametrize("name", ["lightness", "value"])
def test_int16_has_no_white(name):
    with pytest.raises(ArgumentError, match="i16"):
        filter_image(random("int16", 3), steps=["blur"], channels=name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("purple", "no channel is called 'purple'"),
        ("red,red", "name one twice"),
        ("luma,red", "luma is made of all colours"),
        ("", "no channel is called ''"),
    ],
)
def test_what_names_no_channels(text, words):
    with pytest.raises(ArgumentError, match=words):
        parse_channels(text)


def test_channels_of_a_recipe_are_read_back(tmp_path):
    for name in NAMES:
        recipe = recipe_from({"steps": ["blur"], "channels": name})
        path = tmp_path / "recipe.yaml"
        path.write_text(format_recipe(recipe))
        assert read_recipe(path) == recipe


def test_channels_on_the_command_line(run, tmp_path, colour, rgb):
    assert run("apply", "colour.png", "out.png", "-k", "sharpen", "--channels", "luma").code == 0
    expected = filter_image(rgb, steps=["sharpen"], channels="luma")
    np.testing.assert_array_equal(written(tmp_path / "out.png"), expected[..., ::-1])
    save(tmp_path / "gray.png", rgb[..., 0])
    done = run("apply", "gray.png", "no.png", "-k", "sharpen", "--channels", "alpha")
    assert_fails(done, 2, "no alpha channel")
    depth = run(
        "apply", "colour.png", "no.png", "-k", "blur", "--channels", "red", "--depth", "i16"
    )
    assert_fails(depth, 2, "the recipe makes i16")


def test_a_pixel_of_one_channel_is_explained(run, colour, rgb):
    words = ("explain", "colour.png", "-k", "sharpen", "--channels", "luma", "--at", "10,12")
    told = run(*words).out.decode()
    made = filter_image(rgb, steps=["sharpen"], channels="luma")[10, 12]
    before, after = (" ".join(map(str, pixel)) for pixel in (rgb[10, 12], made))
    assert f"luma put back at row 10, column 12: {before} -> {after}" in told
    assert f"written by the engine: {filter_image(to_gray(rgb), steps=['sharpen'])[10, 12]}" in told
    assert json.loads(run(*words, "--json").out)["value"] == made.tolist()
    two = run("explain", "colour.png", "-k", "blur", "--channels", "red,blue", "--at", "1,1")
    assert_fails(two, 2, "explained")
