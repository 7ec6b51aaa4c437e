"""Sums under padding ignore: the weights inside, scaled to the kernel's sum, rounded once."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import RANGES, nearest_float32, rounded
from strategies import images, weights

import imgconv
from imgconv import Kernel, correlate, filter_image
from imgconv.io.config.recipes import recipe_from
from imgconv.model.errors import ArgumentError, LimitError
from imgconv.ops.pipeline.bands import Stream

WHOLE = st.integers(-9, 9)


class Held:
    def __init__(self, image):
        self.image, self.shape, self.dtype = image, image.shape, image.dtype

    def read(self, start, stop):
        return self.image[start:stop]


def expected(image, kernel, anchor):
    """What each pixel becomes, in fractions."""
    rows, columns = image.shape
    whole = sum(map(sum, kernel))
    result = np.empty(image.shape, image.dtype)
    for y in range(rows):
        for x in range(columns):
            taps = [
                (w, image[y + r - anchor[0], x + c - anchor[1]].item())
                for r, row in enumerate(kernel)
                for c, w in enumerate(row)
                if 0 <= y + r - anchor[0] < rows and 0 <= x + c - anchor[1] < columns
            ]
            inside = sum(w for w, _ in taps)
            total = sum((Fraction(w) * Fraction(v) for w, v in taps), Fraction(0))
            value = total * whole / inside if inside * whole > 0 else total
            if image.dtype == np.float32:
                result[y, x] = nearest_float32(value)
            else:
                low, high = RANGES[image.dtype.name]
                result[y, x] = min(max(rounded(value, "half-even"), low), high)
    return result


@settings(max_examples=50, deadline=None)
@given(images(("uint8", "uint16", "int16"), max_side=6), weights(numbers=WHOLE), st.data())
def test_the_exact_quotient(image, kernel, data):
    anchor = tuple(data.draw(st.integers(0, n - 1)) for n in (len(kernel), len(kernel[0])))
    if sum(map(sum, kernel)) == 0:
        if len(kernel) * len(kernel[0]) > 1:
            with pytest.raises(ArgumentError, match="adds up to 0, so that padding ignore cannot"):
                correlate(image, kernel, anchor=anchor, border="ignore")
        return
    got = correlate(image, kernel, anchor=anchor, border="ignore")
    np.testing.assert_array_equal(got, expected(image, kernel, anchor))


def test_floats_and_colours():
    generator = np.random.default_rng(1)
    image = generator.normal(0, 9, (7, 8, 3)).astype(np.float32)
    kernel = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    got = correlate(image, Kernel(kernel, scale="1/16"), border="ignore")
    for channel in range(3):
        scaled = [[Fraction(w, 16) for w in row] for row in kernel]
        want = expected(image[..., channel], scaled, (1, 1))
        np.testing.assert_allclose(got[..., channel], want, rtol=1e-6)


def test_a_blur_does_not_darken():
    for dtype, white in (("uint8", 255), ("uint16", 65535), ("float32", 1)):
        flat = np.full((9, 12), white, dtype)
        for kernel in ("gaussian:2", "box:7", "sharpen"):
            np.testing.assert_array_equal(correlate(flat, kernel, border="ignore"), flat)
    inside = correlate(np.eye(30, dtype=np.uint8) * 255, "box:5", border="ignore")
    usual = correlate(np.eye(30, dtype=np.uint8) * 255, "box:5")
    np.testing.assert_array_equal(inside[2:-2, 2:-2], usual[2:-2, 2:-2])


@settings(max_examples=25, deadline=None)
@given(
    images(max_side=9, channels=(None, 3, 2, 4)),
    st.sampled_from(["gaussian:1", "2 1; 1 -1", "sharpen"]),
    st.sampled_from(["auto", "filter"]),
    st.sampled_from(["same", "full", "2"]),
    st.integers(1, 2),
    st.integers(1, 4),
)
def test_bands_are_the_whole(image, kernel, alpha, size, stride, height):
    if image.dtype == np.float32:
        image = np.clip(image, -100, 100)
    recipe = recipe_from(
        {"steps": [kernel, "median"], "padding": "ignore", "alpha": alpha, "size": size,
         "stride": stride, "border-value": 0 if image.dtype == np.float32 else 7}
    )  # fmt: skip
    whole = filter_image(image, recipe)
    bands = list(Stream(lambda: Held(image), recipe, height=height, threads=1).bands())
    np.testing.assert_array_equal(np.concatenate(bands), whole)


def test_alpha_is_a_mean_of_what_lies_inside():
    image = np.full((6, 7, 4), 200, np.uint8)
    image[..., 3] = 100
    result = filter_image(image, steps=["gaussian:1"], padding="ignore")
    np.testing.assert_array_equal(result, image)
    image[2, 3, 3] = 0
    image[2, 3, :3] = 0
    result = filter_image(image, steps=["gaussian:1"], padding="ignore")
    assert (result[..., :3] == 200).all()  # what cannot be seen does not count


@settings(max_examples=40, deadline=None)
@given(images(("uint8", "int16"), max_side=6, channels=(None, 3)), st.data())
def test_an_explanation_arrives_at_what_was_written(image, data):
    at = tuple(data.draw(st.integers(0, n - 1)) for n in image.shape[:2])
    steps = [data.draw(st.sampled_from(["gaussian:1", "sharpen", "2 1; 1 -1", "-1 2 -3"]))]
    found = imgconv.explain(image, steps=steps, padding="ignore", at=at)
    result = filter_image(image, steps=steps, padding="ignore")
    np.testing.assert_array_equal(np.ravel(found.value), np.ravel(result[at]))


def test_what_has_no_sum_is_refused():
    image = np.zeros((5, 6), np.uint8)
    with pytest.raises(ArgumentError, match="sobel_x adds up to 0"):
        correlate(image, "sobel_x", border="ignore")
    with pytest.raises(ArgumentError, match="sobel is a set of kernels"):
        correlate(image, "sobel", border="ignore")
    recipe = recipe_from({"steps": ["blur"], "padding": "ignore", "range": "rescale"})
    with pytest.raises(LimitError, match="range rescale with padding ignore"):
        Stream(lambda: Held(image), recipe, height=2)
    with pytest.raises(ArgumentError, match="a layer needs a value outside"):
        imgconv.conv2d(image[None].astype(np.float32), np.ones((1, 1, 3, 3)), border="ignore")
