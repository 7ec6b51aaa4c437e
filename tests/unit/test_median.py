"""The median: sorted windows are its definition, whatever computes it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import BORDERS, images

import imgconv
from imgconv import filter_image, load_step
from imgconv.io.config.recipes import recipe_from
from imgconv.model.errors import ArgumentError, KernelError
from imgconv.ops.pipeline.bands import Stream


def sorted_window(image, row, column, size, border, dilation, anchor):
    values = []
    for r in range(size):
        for c in range(size):
            at = (row + (r - anchor[0]) * dilation, column + (c - anchor[1]) * dilation)
            places = [border.source_index(p, n) for p, n in zip(at, image.shape, strict=True)]
            values.append(0 if None in places else image[tuple(places)])
    return sorted(values)[size * size // 2]


@settings(max_examples=40, deadline=None)
@given(
    images(max_side=9, channels=(None,)),
    st.sampled_from([1, 3, 5, 7]),
    st.sampled_from(BORDERS),
    st.integers(1, 2),
    st.integers(1, 3),
    st.data(),
)
def test_it_is_the_middle_of_the_sorted_window(image, size, border, dilation, stride, data):
    inside = st.integers(0, size - 1)
    anchor = data.draw(st.one_of(st.none(), st.tuples(inside, inside)))
    image = np.nan_to_num(image)
    options = {"padding": border, "dilation": dilation, "stride": stride, "anchor": anchor}
    result = filter_image(image, steps=[f"median:{size}"], **options)
    place = anchor or (size // 2, size // 2)
    mode = imgconv.Border.parse(border)
    expected = [
        [sorted_window(image, r, c, size, mode, dilation, place)
         for c in range(0, image.shape[1], stride)]
        for r in range(0, image.shape[0], stride)
    ]  # fmt: skip
    assert result.dtype == image.dtype
    np.testing.assert_array_equal(result, np.array(expected, image.dtype))


class Held:
    def __init__(self, image):
        self.image, self.shape, self.dtype = image, image.shape, image.dtype

    def read(self, start, stop):
        return self.image[start:stop]


@settings(max_examples=30, deadline=None)
@given(
    images(max_side=12, channels=(None, 1, 3, 4)),
    st.sampled_from([3, 5, 9]),
    st.sampled_from(BORDERS),
    st.sampled_from(["auto", "filter"]),
    st.sampled_from(["same", "full", "2"]),
    st.integers(1, 2),
    st.integers(1, 5),
)
def test_bands_are_the_whole(image, size, border, alpha, output_size, stride, height):
    recipe = recipe_from(
        {
            "steps": [f"median:{size}", "invert", "median"],
            "padding": border,
            "alpha": alpha,
            "size": output_size,
            "stride": stride,
        }
    )
    try:
        whole = filter_image(image, recipe)
    except ArgumentError:  # a window that is larger than the image with its pads
        assume(False)
    bands = list(Stream(lambda: Held(image), recipe, height=height, threads=1).bands())
    np.testing.assert_array_equal(np.concatenate(bands), whole)


def test_alpha_stays_that_under_the_anchor():
    image = np.random.default_rng(2).integers(0, 256, (9, 8, 4), np.uint8)
    result = filter_image(image, steps=["median"], stride="2,3", padding="constant")
    np.testing.assert_array_equal(result[..., 3], image[::2, ::3, 3])
    each = [filter_image(image[..., c], steps=["median"], stride="2,3", padding="constant")
            for c in range(3)]  # fmt: skip
    np.testing.assert_array_equal(result[..., :3], np.stack(each, axis=2))
    wide = filter_image(image, steps=["median"], size="full", padding="constant")
    assert (wide[0, :, 3] == 255).all()  # outside everything is opaque


@pytest.mark.parametrize(("dtype", "size"), [("uint8", 21), ("uint8", 255), ("uint16", 5)])
def test_opencv_and_numpy_agree(dtype, size):
    image = np.random.default_rng(4).integers(0, 1000, (30, 40)).astype(dtype)
    ours = filter_image(image, steps=[f"median:{size}"], padding="replicate")
    np.testing.assert_array_equal(ours, cv2.medianBlur(image, size))
    padded = np.pad(image, size // 2, "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    np.testing.assert_array_equal(ours, np.median(windows, axis=(-2, -1)).astype(dtype))


def test_floats():
    """NaN in the window makes NaN, and no zero is negative."""
    image = np.array([[np.nan, 1, 2, 4], [0, 3, 1, 5], [5, -0.0, 7, 2]], np.float32)
    middle = filter_image(image, steps=["median"], size="valid")
    np.testing.assert_array_equal(middle, [[np.nan, 2.0]])
    zeros = filter_image(np.full((3, 3), -0.0, np.float32), steps=["median"])
    assert not np.signbit(zeros).any()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("median:0", "'0' is not a size"),
        ("median:5001", "size 5001 of a footprint is above the limit of 4096"),
        ("median:1/2", "'1/2' is not a size"),
        ("median:large", "'large' is not a size"),
        ("median:disk,3x5", "a disk is as wide as high, not 3 x 5"),
        ("median:3,3", "median has no option '3'"),
        ("median:anchor=1", "median has no option 'anchor'"),
    ],
)
def test_a_wrong_size(spec, words):
    with pytest.raises(KernelError, match=words):
        load_step(spec)


def test_an_anchor_outside():
    with pytest.raises(ArgumentError, match=r"anchor 3,0 .* footprint of 3 x 3"):
        recipe_from({"steps": ["median"], "anchor": "3,0"})


def test_it_is_compared_with_opencv_s(camera):
    image = camera[:60, :50]
    same = imgconv.compare(image, steps=["median:5"], padding="replicate")
    assert same.calls == ("cv2.medianBlur",)
    assert same.difference.max_abs_diff == 0
    other = imgconv.compare(image, steps=["median:5"])
    assert [cause.name for cause in other.causes] == ["border"]
    deep = imgconv.compare(image.astype(np.uint16), steps=["median:7"])
    assert deep.difference.max_abs_diff == 0


def test_it_stands_in_the_bank_with_its_defaults():
    from imgconv import KernelBank

    bank = KernelBank.standard()
    entry = bank.entry("median")
    assert (entry.family, entry.kind) == ("rank", "step")
    assert bank["median"] == load_step("median") == load_step("median:size=3")


def test_between_kernels_and_after_black_and_white(camera):
    image = camera[:40, :50]
    result = filter_image(image, steps=["blur", "median:5", "binarize:100", "median"])
    blurred = cv2.medianBlur(np.pad(imgconv.correlate(image, "blur"), 2, "reflect"), 5)[2:-2, 2:-2]
    white = imgconv.binarize(blurred, "100")
    expected = cv2.medianBlur(np.pad(white, 1, "reflect"), 3)[1:-1, 1:-1]
    np.testing.assert_array_equal(result, expected)
