"""A recipe run on bands of rows gives the bits, and the report, of the run on the whole image."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import BORDERS, images, weights

from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError, LimitError
from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Combine, KernelSet, SetOutput
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.recipe import Recipe
from imgconv.model.settings import Settings
from imgconv.model.steps.color import Invert, ToGray
from imgconv.model.steps.methods import Gray
from imgconv.model.steps.threshold import Binarization
from imgconv.ops.pipeline.bands import Stream, chain_of
from imgconv.ops.pipeline.run import run_recipe


class Held:
    """A source that notes what is read of it."""

    def __init__(self, image):
        self.image, self.shape, self.dtype = image, image.shape, image.dtype
        self.spans = []

    def read(self, start, stop):
        assert 0 <= start < stop <= self.shape[0]
        self.spans.append((start, stop))
        return self.image[start:stop]


def streamed(image, recipe, height):
    stream = Stream(lambda: Held(image), recipe, height=height, threads=1)
    bands = list(stream.bands())
    result = np.concatenate(bands)
    assert stream.shape == result.shape
    assert stream.dtype == result.dtype
    assert all(len(band) == height for band in bands[:-1])
    return result, stream


def assert_same(image, recipe, height):
    """Compare with the whole run, or see that both refuse in the same words."""
    try:
        whole = run_recipe(image, recipe, threads=1)
    except ArgumentError as error:
        with pytest.raises(ArgumentError, match="^" + re.escape(str(error)) + "$"):
            streamed(image, recipe, height)
        return
    result, stream = streamed(image, recipe, height)
    assert result.dtype == whole.image.dtype
    np.testing.assert_array_equal(result, whole.image)
    np.testing.assert_array_equal(np.signbit(result), np.signbit(whole.image))
    assert stream.clipped_share == whole.clipped_share
    assert stream.threshold == whole.threshold
    assert stream.notes == whole.notes


@st.composite
def kernels(draw):
    rows = draw(weights(max_side=6, numbers=st.integers(-9, 9)))
    scale = draw(st.sampled_from([1, "1/9", "0.3"]))
    anchor = (
        draw(st.integers(0, len(rows) - 1)),
        draw(st.integers(0, len(rows[0]) - 1)),
    )
    return Kernel(rows, scale=scale, anchor=anchor)


@st.composite
def sets(draw):
    members = tuple(replace(kernel, offset=0) for kernel in draw(st.tuples(kernels(), kernels())))
    output = draw(st.sampled_from(SetOutput))
    return KernelSet(members, draw(st.sampled_from(Combine)), output)


steps = st.tuples(st.integers(1, 4), st.integers(1, 3))
sizes = st.one_of(st.sampled_from(OutputSize), st.tuples(*[st.integers(0, 9)] * 4))


@st.composite
def recipes(draw, chains):
    gray, negative = draw(st.sampled_from([None, *Gray])), draw(st.booleans())
    return Recipe(
        steps=(*([ToGray(gray)] if gray else []), *([Invert()] if negative else []), *draw(chains)),
        settings=Settings(
            border=Border(draw(st.sampled_from(BORDERS))),
            border_value=draw(st.sampled_from([0, 1, 200])),
            stride=draw(steps),
            dilation=draw(steps),
            size=draw(sizes),
            depth=draw(st.sampled_from([None, *Depth])),
            rounding=draw(st.sampled_from(Rounding)),
            output_range=draw(st.sampled_from(OutputRange)),
        ),
        alpha=draw(st.sampled_from(Alpha)),
    )


def needs_all(image, recipe):
    """Tell whether a stretch would need the weighed colours of the whole image."""
    gray = any(step.kind == "gray" for step in recipe.steps)
    weighed = image.shape[2:] == (4,) and not gray and recipe.alpha is Alpha.AUTO
    return weighed and recipe.settings.output_range is OutputRange.RESCALE


PICTURES = images(max_side=13, channels=(None, 3, 4))


@settings(max_examples=40, deadline=None)
@given(PICTURES, recipes(st.lists(kernels(), max_size=3)), st.integers(1, 9))
def test_chains_of_kernels(image, recipe, height):
    assume(not needs_all(image, recipe))
    assert_same(image, recipe, height)


def test_of_two_refusals_the_same_comes_first():
    """Of what a step cannot do to an image, and a kernel that is larger than it."""
    wide = Kernel([[0] * 9])
    recipe = Recipe(steps=(ToGray(Gray.LINEAR), wide), settings=Settings(size=OutputSize.VALID))
    for steps in (recipe.steps, recipe.steps[::-1]):
        assert_same(np.zeros((1, 1, 3), np.int16), replace(recipe, steps=steps), 1)


@settings(max_examples=30, deadline=None)
@given(PICTURES, recipes(st.lists(sets(), min_size=1, max_size=2)), st.integers(1, 9))
def test_sets(image, recipe, height):
    assume(not needs_all(image, recipe))
    assert_same(image, recipe, height)


@pytest.mark.parametrize("output", SetOutput)
def test_members_that_read_other_rows(output, camera):
    """Of a band each member has the rows that it reads: as many of them, but others."""
    above = Kernel([[1], [2], [0]], anchor=(2, 0))
    for other in (Kernel([[1], [3], [5]], anchor=(0, 0)), Kernel([[7]])):
        recipe = Recipe(steps=(KernelSet((above, other), Combine.MAX, output=output),))
        for height in (1, 3, 50):
            assert_same(camera[:40, :30], recipe, height)


class Only:
    """A source of some spans of rows, and of no others."""

    def __init__(self, image, spans):
        self.image, self.spans = image, spans
        self.shape, self.dtype = image.shape, image.dtype

    def read(self, start, stop):
        assert any(first <= start and stop <= last for first, last in self.spans)
        return self.image[start:stop]


@settings(max_examples=50, deadline=None)
@given(PICTURES, recipes(st.lists(kernels(), max_size=3)), st.integers(1, 9))
def test_bands_are_made_apart_of_the_rows_that_they_name(image, recipe, height):
    assume(recipe.settings.output_range is not OutputRange.RESCALE)
    try:
        whole = run_recipe(image, recipe, threads=1).image
    except ArgumentError:
        return
    plan = chain_of(Only(image, []), recipe)[-1]
    for start in range(0, len(whole), height):
        stop = min(start + height, len(whole))
        spans = plan.sources(start, stop)
        assert spans == sorted(spans)
        band = chain_of(Only(image, spans), recipe, threads=1)[-1].read(start, stop)
        np.testing.assert_array_equal(band, whole[start:stop])


@settings(max_examples=25, deadline=None)
@given(
    # few levels, since scikit-image's "minimum" smooths a histogram up to 10,000 times
    images(dtypes=("uint8", "uint16", "int16"), max_side=13, channels=(None, 3)).map(
        lambda image: image % 64
    ),
    recipes(st.lists(kernels(), max_size=1)),
    st.sampled_from(["otsu", "mean", "yen", "isodata", "minimum", "li", "triangle", "100"]),
    st.booleans(),
    st.integers(1, 9),
)
def test_thresholds(image, recipe, method, after, height):
    integer = Settings(border=recipe.settings.border, stride=recipe.settings.stride)
    chosen = Binarization.parse(method)
    at = len(recipe.steps) if after else len(recipe.steps) - len(recipe.kernels)
    steps = (*recipe.steps[:at], chosen, *recipe.steps[at:])
    recipe = replace(recipe, steps=steps, settings=integer)
    assert_same(image, recipe, height)


@pytest.mark.parametrize("border", BORDERS)
def test_rows_are_read_in_order_and_once(border):
    """Only a border that wraps reads rows out of turn, and only as many as it needs."""
    held = Held(np.arange(200, dtype=np.uint8).reshape(100, 2))
    chain = (Kernel([[1], [2], [3]], scale="1/6"), Kernel([[1, 1]] * 5, scale="1/10"))
    recipe = Recipe(steps=chain, settings=Settings(border=Border(border)))
    list(Stream(lambda: held, recipe, height=8).bands())
    held.spans.sort()
    rows = [row for start, stop in held.spans for row in range(start, stop)]
    assert sorted(set(rows)) == list(range(100))
    assert len(rows) - 100 == (9 if border == "wrap" else 0)


@pytest.mark.parametrize("method", ["sauvola", "niblack"])
def test_a_threshold_that_needs_the_whole_image(method):
    recipe = Recipe(steps=(Binarization.parse(method),))
    with pytest.raises(LimitError, match=f"threshold method {method} needs the whole image"):
        streamed(np.zeros((9, 9), np.uint8), recipe, 4)


def test_a_threshold_of_floats_needs_the_whole_image():
    with pytest.raises(LimitError, match="otsu of a float image needs the whole image"):
        streamed(np.zeros((9, 9), np.float32), Recipe(steps=(Binarization.parse("otsu"),)), 4)


def test_a_stretch_where_some_bands_hold_nothing_finite():
    image = np.linspace(0, 1, 60, dtype=np.float32).reshape(20, 3)
    image[3:12] = np.nan
    recipe = Recipe(
        steps=(Kernel([[1, 2, 1]]),), settings=Settings(output_range=OutputRange.RESCALE)
    )
    assert_same(image, recipe, 2)
    assert_same(np.full_like(image, np.inf), recipe, 2)
