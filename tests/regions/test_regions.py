"""A recipe on a part of an image: its own pixels inside, the image's own bits outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import BORDERS, images

from imgconv import filter_image
from imgconv.io.config.recipes import format_recipe, recipe_from
from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError, ImgconvError
from imgconv.model.region import Region, Selection
from imgconv.ops.pipeline.run import run_recipe
from imgconv.ops.regions.reading import plan_read

KERNELS = ("gaussian:0.8", "sobel_x", "sharpen", "1 -2; 3 1", "0 0 0 0 1", "laplacian")
OTHERS = (
    *("median", "open", "erode:5", "sobel", "bilateral", "guided", "local_normalize"),
    *("unsharp_threshold", "invert", "canny", "clahe", "linear", "nlmeans", "range:4"),
)


def inside(shape, regions):
    flags = np.zeros(shape[:2], bool)
    for row, column, rows, columns in regions:
        flags[row : row + rows, column : column + columns] = True
    return flags


def bits(image):
    return image.view(f"u{image.dtype.itemsize}")


def assert_composed(image, recipe, regions):
    """Compare with the whole result inside, and with the image's own bits outside."""
    part = run_recipe(image, replace(recipe, selection=Selection(regions=tuple(regions)))).image
    whole = run_recipe(image, recipe).image
    flags = inside(image.shape, regions)
    assert part.dtype == image.dtype
    np.testing.assert_array_equal(bits(part)[~flags], bits(image)[~flags])
    np.testing.assert_array_equal(part[flags], whole[flags])


@st.composite
def rectangles(draw, shape):
    row = draw(st.integers(0, shape[0] - 1))
    column = draw(st.integers(0, shape[1] - 1))
    rows = draw(st.integers(1, shape[0] - row))
    return Region(row, column, rows, draw(st.integers(1, shape[1] - column)))


@pytest.mark.parametrize("border", [*BORDERS, "ignore"])
@pytest.mark.parametrize("weights", ["1 2 1", "1; 3", "1 0 0 0 0 2; 0 0 1 0 0 0"])
def test_every_rectangle_of_a_small_image_under_every_border(border, weights):
    image = np.random.default_rng(1).integers(0, 256, (4, 5), np.uint8)
    recipe = recipe_from({"steps": [weights], "padding": border, "range": "abs"})
    whole = run_recipe(image, recipe).image
    for row in range(4):
        for column in range(5):
            for rows in range(1, 5 - row):
                for columns in range(1, 6 - column):
                    region = Region(row, column, rows, columns)
                    part = replace(recipe, selection=Selection(regions=(region,)))
                    expected = np.where(inside((4, 5), [region]), whole, image)
                    np.testing.assert_array_equal(run_recipe(image, part).image, expected)


@settings(max_examples=40, deadline=None)
@given(images(max_side=12, channels=(None, 1, 2, 3, 4)), st.data())
def test_the_identity_outside_and_the_whole_result_inside(image, data):
    steps = data.draw(st.lists(st.sampled_from(KERNELS), min_size=1, max_size=3))
    options = {
        "padding": data.draw(st.sampled_from([*BORDERS, "ignore"])),
        "alpha": data.draw(st.sampled_from(Alpha)),
        "range": data.draw(st.sampled_from(["saturate", "abs", "rescale"])),
        "dilation": data.draw(st.sampled_from([1, 2])),
        "convolve": data.draw(st.booleans()),
    }
    regions = data.draw(st.lists(rectangles(image.shape), min_size=1, max_size=3))
    recipe = recipe_from({"steps": steps, **options})
    try:
        run_recipe(image, recipe)
    except ImgconvError:
        assume(False)
    assert_composed(image, recipe, regions)


@settings(max_examples=24, deadline=None)
@given(images(max_side=20, channels=(None, 3)), st.data())
def test_steps_of_every_kind_inside(image, data):
    assume(np.isfinite(image).all() and np.abs(image.astype(np.float64)).max() < 1e9)
    step = data.draw(st.sampled_from(OTHERS))
    border = data.draw(st.sampled_from(BORDERS))
    recipe = recipe_from({"steps": [step], "padding": border})
    try:
        whole = run_recipe(image, recipe).image
    except ImgconvError:
        assume(False)
    assume(whole.shape == image.shape and whole.dtype == image.dtype)
    assert_composed(image, recipe, [data.draw(rectangles(image.shape))])


def test_a_threshold_is_that_of_the_whole_image():
    image = np.arange(100, dtype=np.uint8).reshape(10, 10)
    recipe = recipe_from({"steps": ["binarize:otsu"]})
    assert_composed(image, recipe, [Region(0, 0, 3, 3)])


def test_gray_stands_in_every_colour_and_alpha_stays():
    image = np.random.default_rng(2).integers(0, 256, (6, 7, 4), np.uint8)
    made = filter_image(image, steps=["gray"], region=(1, 2, 3, 4))
    gray = filter_image(image, steps=["gray"])
    flags = inside(image.shape, [(1, 2, 3, 4)])
    np.testing.assert_array_equal(made[~flags], image[~flags])
    for channel in range(3):
        np.testing.assert_array_equal(made[flags][:, channel], gray[flags])
    np.testing.assert_array_equal(made[..., 3], image[..., 3])


def test_only_what_the_windows_read_is_filtered():
    plan = recipe_from({"steps": ["gaussian:1,size=5", "1 1 1"]}).planned
    from imgconv.model.output import Depth
    from imgconv.model.steps.base import Form

    box = Region(50, 60, 4, 5)
    assert plan_read(box, (200, 200), plan(Form(Depth.U8))) == (slice(48, 56), slice(57, 68))


def test_the_values_far_from_a_region_do_not_matter():
    image = np.full((40, 40), np.nan, np.float32)
    image[5:20, 5:20] = 1
    made = filter_image(image, steps=["blur"], region="8,8,4,4")
    assert (made[8:12, 8:12] == 1).all()


def test_overlapping_regions_are_filtered_once():
    image = np.random.default_rng(3).integers(0, 256, (9, 9), np.uint8)
    regions = [Region(0, 0, 5, 5), Region(3, 3, 5, 5), Region(3, 3, 1, 1)]
    assert_composed(image, recipe_from({"steps": ["sharpen"]}), regions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2,3,4", (1, 2, 3, 4)),
        (" 1 , 2,3,4 ", (1, 2, 3, 4)),
        ("4x3+2+1", (1, 2, 3, 4)),
        ((1, 2, 3, 4), (1, 2, 3, 4)),
        (np.array([1, 2, 3, 4]), (1, 2, 3, 4)),
    ],
)
def test_ways_to_write_a_region(text, expected):
    assert Region.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["1,2,3", "1,2,3,4,5", "4x3", "4x3-2+1", "a,b,c,d", (1.5, 2, 3, 4), "", 7]
)
def test_what_is_no_region(text):
    with pytest.raises(ArgumentError, match="is not a rectangle"):
        Region.parse(text)


@pytest.mark.parametrize("text", ["-1,0,2,2", "0,0,0,2", "0,0,2,0"])
def test_regions_without_a_pixel(text):
    with pytest.raises(ArgumentError, match="has no pixel"):
        Region.parse(text)


@pytest.mark.parametrize("region", ["0,0,6,5", "0,0,5,7", "5,0,1,1"])
def test_a_region_that_reaches_outside_is_refused(region):
    with pytest.raises(ArgumentError, match="reaches outside an image of 5 x 6"):
        filter_image(np.zeros((5, 6), np.uint8), steps=["blur"], region=region)


@pytest.mark.parametrize("option", [{"stride": 2}, {"size": "valid"}, {"size": "full"}])
def test_recipes_that_change_the_size_are_refused(option):
    with pytest.raises(ArgumentError, match="has the size of the image"):
        recipe_from({"steps": ["blur"], "region": "0,0,2,2", **option})


def test_recipes_that_change_the_depth_are_refused():
    with pytest.raises(ArgumentError, match=r"stays as it is, u8, and the recipe makes i16"):
        filter_image(np.zeros((5, 6), np.uint8), steps=["blur"], depth="i16", region="0,0,2,2")


def test_a_feather_needs_an_edge():
    with pytest.raises(ArgumentError, match="feather fades the effect at the edge"):
        recipe_from({"steps": ["blur"], "feather": 3})


@pytest.mark.parametrize("feather", [-1, 251])
def test_how_far_a_feather_reaches(feather):
    with pytest.raises(ArgumentError, match=f"feather {feather} is not from 0 to 250"):
        recipe_from({"steps": ["blur"], "region": "0,0,2,2", "feather": feather})


@pytest.mark.parametrize(
    "given",
    [
        {"region": ["1,2,3,4", "9x8+0+0"], "feather": 3},
        {"region": (1, 2, 3, 4)},
        {"region": [(1, 2, 3, 4), (0, 0, 9, 9)]},
        {"mask": "a b.png", "mask-invert": True},
    ],
)
def test_recipes_are_read_back_as_they_are_written(given, tmp_path):
    from imgconv.io.config.recipes import read_recipe

    recipe = recipe_from({"steps": ["blur"], **given})
    path = tmp_path / "recipe.yaml"
    path.write_text(format_recipe(recipe))
    assert read_recipe(path) == recipe


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("region: [1, 2, 3, 4]", [(1, 2, 3, 4)]),
        ("region: 4x3+2+1", [(1, 2, 3, 4)]),
        ("region: [[1, 2, 3, 4], 9x8+0+0]", [(1, 2, 3, 4), (0, 0, 8, 9)]),
    ],
)
def test_regions_in_a_file(text, regions, tmp_path):
    from imgconv.io.config.recipes import read_recipe

    path = tmp_path / "recipe.yaml"
    path.write_text(f"feather: 2\n{text}\nsteps: [blur]\n")
    found = read_recipe(path).selection
    assert (list(found.regions), found.feather) == (regions, 2)
