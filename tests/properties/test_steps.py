"""Steps in any order and number: whole and in bands, held against each step done by itself."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import BORDERS, images

from imgconv import binarize, correlate, invert, load_kernel, to_gray
from imgconv.io.config.recipes import format_recipe, recipe_from
from imgconv.model.errors import ArgumentError, LimitError
from imgconv.model.output import Depth
from imgconv.ops.pipeline.bands import Stream
from imgconv.ops.pipeline.run import run_recipe

KERNELS = ("gaussian:0.8", "sobel_x", "sharpen", "sobel", "1 -2; 3 1", "emboss_128")
PLAIN = ("gray", "gray:average", "invert", "binarize:otsu", "binarize:100", "binarize:mean")

orders = st.lists(st.sampled_from([*KERNELS, *PLAIN]), min_size=1, max_size=6)
depths = st.sampled_from([None, *Depth])
shared = st.fixed_dictionaries(
    {
        "padding": st.sampled_from(BORDERS),
        "range": st.sampled_from(["saturate", "abs", "offset", "rescale"]),
        "stride": st.sampled_from([1, 1, 1, 2]),
        "size": st.sampled_from(["same", "same", "full"]),
    }
)


def by_hand(image, steps, depth, options):
    """Do each step by itself, the depth and the range as `Recipe` states them."""
    sums = [number for number, step in enumerate(steps) if step in KERNELS]
    sums = sums or [len(steps)]  # without sums, a conversion at the end
    asked = depth
    for number, step in enumerate([*steps, "1"][: max(len(steps), sums[-1] + 1)]):
        now = Depth.of(image.dtype)
        if number not in sums:
            image = plain(image, step)
            continue
        last = number == sums[-1]
        wanted = asked or now
        chosen = wanted if last or wanted.holds(now) else now
        how = {key: value for key, value in options.items() if key not in ("padding", "range")}
        image = correlate(
            image,
            load_kernel(step),
            border=options["padding"],
            depth=chosen,
            output_range=options["range"] if last else "saturate",
            **how,
        )
    return image


def plain(image, step):
    kind, _, method = step.partition(":")
    if kind == "gray":
        return to_gray(image, method or "bt601")
    return invert(image) if kind == "invert" else binarize(image, method)


class Held:
    def __init__(self, image):
        self.image, self.shape, self.dtype = image, image.shape, image.dtype

    def read(self, start, stop):
        return self.image[start:stop]


@settings(max_examples=50, deadline=None)
@given(images(max_side=11, channels=(None, 1, 3)), orders, depths, shared, st.integers(1, 6))
def test_any_order_of_steps(image, steps, depth, options, height):
    recipe = recipe_from({"steps": steps, "depth": depth, **options})
    try:
        expected = by_hand(image, steps, depth, options)
    except ArgumentError as error:
        with pytest.raises(ArgumentError, match="^" + re.escape(str(error)) + "$"):
            run_recipe(image, recipe)
        return
    whole = run_recipe(image, recipe)
    assert whole.image.dtype == expected.dtype
    np.testing.assert_array_equal(whole.image, expected)
    try:
        stream = Stream(lambda: Held(image), recipe, height=height, threads=1)
    except LimitError as error:
        assert "float image needs the whole image" in str(error)  # noqa: PT017
        assume(False)
    bands = list(stream.bands())
    np.testing.assert_array_equal(np.concatenate(bands), expected)
    assert stream.dtype == expected.dtype
    assert stream.clipped_share == whole.clipped_share
    assert stream.threshold == whole.threshold


@settings(max_examples=50, deadline=None)
@given(
    images(dtypes=("uint8", "uint16", "float32"), max_side=9, channels=(None, 3, 4)).map(
        lambda image: np.abs(image) % 2 if image.dtype == np.float32 else image
    ),
    orders,
    st.sampled_from([None, Depth.U8, Depth.U16, Depth.F32]),
    st.sampled_from(BORDERS),
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(1, 5),
)
def test_linear_light_over_any_stretch_of_steps(image, steps, depth, border, one, other, height):
    """Whole and in bands alike; what comes before and after is done as without light."""
    first, last = sorted((min(one, len(steps)), min(other, len(steps))))
    lit = [*steps[:first], "linear", *steps[first:last], "encode", *steps[last:]]
    recipe = recipe_from({"steps": lit, "depth": depth, "padding": border})
    try:
        whole = run_recipe(image, recipe)
    except ArgumentError:
        return
    try:
        stream = Stream(lambda: Held(image), recipe, height=height, threads=1)
    except LimitError:
        return
    np.testing.assert_array_equal(np.concatenate(list(stream.bands())), whole.image)
    assert stream.clipped_share == whole.clipped_share


@settings(max_examples=50, deadline=None)
@given(orders, depths, shared)
def test_what_is_written_is_read_back(steps, depth, options):
    from imgconv.io.config import strict_yaml
    from imgconv.io.config.recipes import recipe_from_node

    recipe = recipe_from({"steps": steps, "depth": depth, **options})
    node = strict_yaml.parse(format_recipe(recipe), "recipe.yaml")
    assert recipe_from_node(node) == recipe
