"""Explanations where neighbours do not count, and regions that see themselves alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import BORDERS, images

from imgconv import explain, filter_image
from imgconv.io.config.recipes import recipe_from
from imgconv.model.errors import ArgumentError
from imgconv.model.region_explanation import HoleStage
from imgconv.ops.pipeline.bands import Stream
from imgconv.ops.pipeline.run import run_recipe
from imgconv.ops.regions.masks import Masks
from regions.test_region_bands import Held

HOLE = 200


@settings(max_examples=40, deadline=None)
@given(images(("uint8",), 9), st.data())
def test_a_region_that_sees_itself_alone_is_a_picture_with_holes_around_it(image, data):
    step = data.draw(st.sampled_from(["box:3", "sharpen", "sobel_x", "median", "gaussian:1"]))
    flags = data.draw(hnp.arrays(bool, image.shape))
    border = data.draw(st.sampled_from(BORDERS))
    made = filter_image(image, steps=[step], mask=flags, sees="region", padding=border)
    alone = filter_image(image, steps=[step], valid=flags, padding=border)
    np.testing.assert_array_equal(made, np.where(flags, alone, image))
    height = data.draw(st.integers(1, image.shape[0]))
    recipe = recipe_from({"steps": [step, step], "mask": "m", "sees": "region", "padding": border})
    plane = flags * np.uint16(65535)
    whole = run_recipe(image, recipe, masks=Masks(plane)).image
    opened = Stream(lambda: Held(image), recipe, height=height, mask=lambda a, b: plane[a:b])
    np.testing.assert_array_equal(np.concatenate(list(opened.bands())), whole)


def test_nothing_leaks_over_the_edge_of_a_region():
    image = np.full((20, 20), 250, np.uint8)
    image[5:10, 5:10] = 40
    closed = filter_image(image, steps=["box:3", "box:5"], region=(5, 5, 5, 5), sees="region")
    np.testing.assert_array_equal(closed, image)
    open_ = filter_image(image, steps=["box:3", "box:5"], region=(5, 5, 5, 5))
    assert (open_[5:10, 5:10] > 40).all()


def test_sees_needs_a_region():
    with pytest.raises(ArgumentError, match="sees region leaves out what is not selected"):
        recipe_from({"steps": ["blur"], "sees": "region"})


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 5)),
               elements=st.sampled_from([HOLE, HOLE, 3, 77, 255, 0])),
    st.sampled_from(["box:3", "sharpen", "sobel_x", "1 2; 3 4"]),
    st.sampled_from([*BORDERS, "ignore"]),
    st.data(),
)  # fmt: skip
def test_an_explanation_says_which_taps_do_not_count(image, step, border, data):
    options = {"steps": ["invert", step], "nodata": HOLE, "padding": border, "min_valid": "1/3"}
    made = filter_image(image, **options)
    at = tuple(data.draw(st.integers(0, n - 1)) for n in image.shape)
    explanation = explain(image, at=at, **options)
    assert explanation.value == made[at]
    stage = explanation.stages[-1]
    window = stage.taps if isinstance(stage, HoleStage) else stage.windows[0].taps
    flags = [
        image[tap.source] != HOLE if tap.source is not None else border != "ignore"
        for tap in window
    ]
    if step == "sobel_x":
        flags = [a and b for a, b in zip(flags, reversed(flags), strict=True)]
    assert [tap.counts for tap in window] == flags
    assert not any(tap.products[0] for tap in window if not tap.counts)


def test_words_of_an_explanation():
    image = np.array([[9, 1, 2], [3, 200, 5], [200, 7, 8]], np.uint8)
    lines = explain(image, steps=["blur"], nodata=200, at=(1, 1)).stages[0].lines()
    assert "    1,1    1,1    200       1        0  does not count" in lines
    assert "  7 of 9 taps count, 0.777778 of the weights" in lines
    (hole,) = explain(image, steps=["sharpen"], nodata=200, at=(1, 1)).stages
    assert hole.lines()[-1] == "  0.444444 of the weights count, so there is no result: 200"
    assert hole.as_dict()["counted"] == "no result"


def test_what_a_region_sees_is_explained():
    image = np.random.default_rng(1).integers(0, 99, (8, 8), np.uint8)
    options = {"steps": ["box:3"], "region": (2, 2, 3, 3), "sees": "region"}
    stage = explain(image, at=(2, 2), **options).stages[0]
    assert stage.counted == "4 of 9 taps count, 0.444444 of the weights"
    assert stage.values == (filter_image(image, **options)[2, 2],)
    outside = explain(image, at=(0, 0), **options)
    assert outside.value == image[0, 0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": ["median"]}, "step median is not explained where pixels do not count"),
        ({"steps": ["blur"], "range": "rescale"}, "rescale is not explained"),
    ],
)
def test_what_is_not_explained(options, words):
    with pytest.raises(ArgumentError, match=words):
        explain(np.zeros((5, 5), np.uint8), nodata=7, at=(1, 1), **options)


def test_channels_with_different_holes_are_explained_one_by_one():
    image = np.ones((5, 5, 3), np.uint8)
    image[2, 2, 0] = 7
    with pytest.raises(ArgumentError, match="the channels have different holes"):
        explain(image, steps=["blur"], nodata=7, at=(2, 2))
    (stage, put) = explain(image, steps=["blur"], nodata=7, channels="red", at=(2, 2)).stages
    assert stage.counted.startswith("8 of 9")
    assert put.values == (1, 1, 1)
