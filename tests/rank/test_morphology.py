"""Morphology against plain loops, SciPy and OpenCV, and the algebra that it is known for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DTYPES, images

from imgconv.model.errors import ArgumentError, KernelError
from imgconv.model.footprint import Footprint, FootprintShape
from imgconv.ops.rank.morphology import (
    black_hat,
    closing,
    dilate,
    erode,
    hit_or_miss,
    inner_gradient,
    morph_gradient,
    opening,
    outer_gradient,
    top_hat,
)
from rank import window_oracle as oracle
from rank.windows import ALL_BORDERS, SCIPY_MODES, footprints, noise

BORDERS_BUT_CONSTANT = ("replicate", "reflect", "reflect101", "wrap", "ignore")


@settings(max_examples=25, deadline=None)
@given(image=images(max_side=5), footprint=footprints(), border=st.sampled_from(ALL_BORDERS))
def test_erosion_and_dilation_are_extremes_of_windows(image, footprint, border):
    support, (row, column) = footprint
    np.testing.assert_array_equal(
        erode(image, support, anchor=(row, column), border=border),
        oracle.over(image, oracle.rank(0), support, (row, column), border),
    )
    turned = (support.shape[0] - 1 - row, support.shape[1] - 1 - column)
    np.testing.assert_array_equal(
        dilate(image, support, anchor=(row, column), border=border),
        oracle.over(image, oracle.rank(1), support[::-1, ::-1], turned, border),
    )


@pytest.mark.parametrize("border", SCIPY_MODES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("support", [np.ones((3, 3)), np.tri(3), np.array([[1, 0, 1, 1, 0]])])
def test_as_scipy(support, dtype, border):
    image = noise(dtype, (11, 14))
    ours = {"border": border, "border_value": 5}
    theirs = {"footprint": support != 0, "mode": SCIPY_MODES[border], "cval": 5}
    for function, expected in (
        (erode, scipy.ndimage.grey_erosion),
        (dilate, scipy.ndimage.grey_dilation),
    ):
        np.testing.assert_array_equal(function(image, support, **ours), expected(image, **theirs))
    # SciPy continues the image between erosion and dilation once more.
    inside = ... if border == "wrap" else (slice(4, -4), slice(4, -4))
    for function, expected in (
        (opening, scipy.ndimage.grey_opening),
        (closing, scipy.ndimage.grey_closing),
    ):
        got = function(image, support, **ours)
        np.testing.assert_array_equal(got[inside], expected(image, **theirs)[inside])


@pytest.mark.parametrize("dtype", DTYPES)
def test_heights_as_scipy(dtype):
    image = (noise(dtype, (11, 14)) // 4).astype(dtype) if dtype != "float32" else noise(dtype)
    support = np.array([[0, 1, 1], [1, 1, 0], [1, 0, 1]])
    heights = np.array([[9, 3, 2], [-1, 5, 0], [1, 7, 4]])
    footprint = Footprint.of(support, heights=heights)
    theirs = {"footprint": support, "structure": heights, "mode": "nearest"}
    wide = image.astype(np.float64)
    low, high = oracle.ends(image.dtype)
    for function, expected in (
        (erode, scipy.ndimage.grey_erosion),
        (dilate, scipy.ndimage.grey_dilation),
    ):
        got = function(image, footprint, border="replicate")
        want = np.clip(expected(wide, **theirs), low, high)
        np.testing.assert_array_equal(got, want.astype(dtype))


@pytest.mark.parametrize("border", BORDERS_BUT_CONSTANT)
@pytest.mark.parametrize("dtype", DTYPES)
def test_equal_heights_are_added_and_subtracted(dtype, border):
    image = np.round(noise(dtype, (8, 9)))
    low, high = oracle.ends(image.dtype)
    support = np.array([[0, 1, 1], [1, 1, 0]])
    raised = Footprint.of(support, heights=np.where(support, 2, 0))
    for function, height in ((dilate, 2), (erode, -2)):
        want = np.clip(
            function(image, support, border=border).astype(np.float64) + height, low, high
        )
        np.testing.assert_array_equal(function(image, raised, border=border), want.astype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [None, 3, 4, 6])
def test_as_opencv_where_the_footprint_is_symmetric(dtype, channels):
    image = noise(dtype, (20, 30) if channels is None else (20, 30, channels))
    element = np.array(Footprint.shaped(FootprintShape.DISK, 5).rows, np.uint8)
    for function, name, times in (
        (erode, cv2.MORPH_ERODE, 1),
        (dilate, cv2.MORPH_DILATE, 2),
        (opening, cv2.MORPH_OPEN, 2),
        (closing, cv2.MORPH_CLOSE, 1),
        (morph_gradient, cv2.MORPH_GRADIENT, 1),
        (top_hat, cv2.MORPH_TOPHAT, 1),
        (black_hat, cv2.MORPH_BLACKHAT, 1),
    ):
        np.testing.assert_array_equal(
            function(image, element, border="ignore", iterations=times),
            cv2.morphologyEx(image, name, element, iterations=times),
        )


def test_the_footprint_of_a_dilation_is_turned_unlike_opencvs():
    image = np.zeros((1, 5), np.uint8)
    image[0, 2] = 9
    right = np.array([[0, 1, 1]], np.uint8)
    assert dilate(image, right).tolist() == [[0, 0, 9, 9, 0]]
    assert cv2.dilate(image, right).tolist() == [[0, 9, 9, 0, 0]]


@settings(max_examples=30, deadline=None)
@given(pair=images(channels=(None, 3)), other=st.randoms(use_true_random=False),
       footprint=footprints())  # fmt: skip
def test_erosion_and_dilation_are_adjoint(pair, other, footprint):
    support, anchor = footprint
    options = {"anchor": anchor, "border": "ignore"}
    shuffled = pair.ravel().copy()
    other.shuffle(shuffled)
    second = shuffled.reshape(pair.shape)
    for image, bound in ((pair, second), (erode(pair, support, **options), pair)):
        below = (dilate(image, support, **options) <= bound).all()
        assert below == (image <= erode(bound, support, **options)).all()
    assert (dilate(erode(pair, support, **options), support, **options) <= pair).all()


@settings(max_examples=25, deadline=None)
@given(image=images(), footprint=footprints(), border=st.sampled_from(BORDERS_BUT_CONSTANT))
def test_erosion_and_dilation_are_dual(image, footprint, border):
    support, (row, column) = footprint
    turned = (support.shape[0] - 1 - row, support.shape[1] - 1 - column)

    def negative(values):
        return -values if values.dtype == np.float32 else ~values

    np.testing.assert_array_equal(
        dilate(negative(image), support, anchor=(row, column), border=border),
        negative(erode(image, support[::-1, ::-1], anchor=turned, border=border)),
    )


@settings(max_examples=25, deadline=None)
@given(image=images(), footprint=footprints(), border=st.sampled_from(ALL_BORDERS))
def test_an_opening_never_exceeds_the_image_whatever_continues_it(image, footprint, border):
    support, anchor = footprint
    options = {"anchor": anchor, "border": border}
    assert (opening(image, support, **options) <= image).all()
    assert (image <= closing(image, support, **options)).all()


@settings(max_examples=25, deadline=None)
@given(image=images(), footprint=footprints(), iterations=st.integers(1, 3))
def test_open_and_close_are_idempotent_and_bound_the_image(image, footprint, iterations):
    support, anchor = footprint
    options = {"anchor": anchor, "border": "ignore", "iterations": iterations}
    opened, closed = opening(image, support, **options), closing(image, support, **options)
    assert (opened <= image).all()
    assert (image <= closed).all()
    np.testing.assert_array_equal(opening(opened, support, **options), opened)
    np.testing.assert_array_equal(closing(closed, support, **options), closed)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("border", ALL_BORDERS)
def test_differences_are_those_of_the_parts(dtype, border):
    image = noise(dtype, (9, 12, 3))
    support = np.array([[1, 1, 0], [0, 1, 1]])
    options = {"border": border, "iterations": 2}
    low, high = oracle.ends(image.dtype)

    def minus(one, other):
        if dtype == "float32":
            return one - other
        return np.clip(one.astype(np.int64) - other, low, high).astype(dtype)

    eroded, dilated = erode(image, support, **options), dilate(image, support, **options)
    for function, want in (
        (morph_gradient, minus(dilated, eroded)),
        (inner_gradient, minus(image, eroded)),
        (outer_gradient, minus(dilated, image)),
        (top_hat, minus(image, opening(image, support, **options))),
        (black_hat, minus(closing(image, support, **options), image)),
    ):
        np.testing.assert_array_equal(function(image, support, **options), want)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "pattern",
    [
        [[0, -1, -1], [1, 1, -1], [0, 1, 0]],
        [[-1, -1, -1], [-1, 1, -1], [-1, -1, -1]],
        [[1, 1], [-1, 0]],
        [[0, 1, 0]],
    ],
)
def test_hit_or_miss_is_scipys_on_black_and_white(dtype, pattern):
    white = np.array(1 if dtype == "float32" else np.iinfo(dtype).max, dtype)
    black = noise("uint8", (30, 40), seed=3) < 130
    image = np.where(black, np.zeros_like(white), white)
    values = np.array(pattern)
    misses = values < 0 if (values < 0).any() else np.zeros_like(values, bool)
    got = hit_or_miss(image, pattern, border="constant")
    want = scipy.ndimage.binary_hit_or_miss(image != 0, values > 0, misses)
    np.testing.assert_array_equal(got, np.where(want, white, np.zeros_like(white)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_hit_or_miss_of_grey_levels(dtype):
    image = noise(dtype, (7, 8))
    pattern = np.array([[0, -1, -1], [1, 1, -1], [0, 1, 0]])
    hits = oracle.over(image, oracle.rank(0), pattern > 0, (1, 1), "wrap").astype(np.float64)
    misses = oracle.over(image, oracle.rank(1), pattern < 0, (1, 1), "wrap")
    high = oracle.ends(image.dtype)[1]
    want = np.clip(hits - misses, 0, high).astype(dtype)
    got = hit_or_miss(image, pattern, border="wrap")
    if dtype == "float32":
        np.testing.assert_allclose(got, want, rtol=1e-6)
    else:
        np.testing.assert_array_equal(got, want)


def test_nan_makes_nan_of_each_pass():
    image = np.ones((9, 9), np.float32)
    image[4, 4] = np.nan
    assert np.isnan(erode(image, 3)).sum() == 9
    assert np.isnan(opening(image, 3)).sum() == 25
    assert np.isnan(dilate(image, 3, iterations=3)).sum() == 49
    assert np.isnan(top_hat(image, np.eye(3))).sum() == 1 + 2 + 2


def test_where_no_pixel_counts_there_is_the_neutral_value():
    image = np.array([[4, 5, 6]], np.uint8)
    left = np.array([[1, 0, 0]])
    assert erode(image, left, border="ignore").tolist() == [[255, 4, 5]]
    assert dilate(image, left, border="ignore").tolist() == [[5, 6, 0]]
    raised = Footprint.of(left, heights=[[3, 0, 0]])
    assert erode(image, raised, border="ignore").tolist() == [[255, 1, 2]]
    assert dilate(image, raised, border="ignore").tolist() == [[8, 9, 0]]


def test_what_is_refused():
    image = np.zeros((3, 3), np.uint8)
    with pytest.raises(ArgumentError, match="iterations is 0"):
        erode(image, 3, iterations=0)
    with pytest.raises(KernelError, match="at least one positive weight"):
        hit_or_miss(image, [[-1, 0]])
    with pytest.raises(ArgumentError, match="height 1/2 is not whole"):
        dilate(image, Footprint.of([[1, 1]], heights=[["1/2", 0]]))
    with pytest.raises(KernelError, match="heights of 1 x 1 do not fit a footprint of 1 x 2"):
        Footprint.of([[1, 1]], heights=[[1]])
