"""Agreement with OpenCV and SciPy as far as each of them promises."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from strategies import BORDERS, images

from imgconv.model.border import Border
from imgconv.ops.linear.correlate import correlate

small = st.integers(1, 5)
integer_kernels = st.tuples(small, small).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(-9, 9), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)
_CV = {
    "constant": cv2.BORDER_CONSTANT,
    "replicate": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "reflect101": cv2.BORDER_REFLECT_101,
}
_SCIPY = {
    "constant": "constant",
    "replicate": "nearest",
    "reflect": "reflect",
    "reflect101": "mirror",
    "wrap": "wrap",
}


@settings(max_examples=50, deadline=None)
@given(
    images(("uint8", "uint16", "int16"), channels=(None, 3)),
    integer_kernels,
    st.sampled_from(list(_CV)),
)
def test_opencv_is_exact_for_small_integers(image, kernel, border):
    """Its float32 sums are exact while they stay below 2**24."""
    theirs = cv2.filter2D(image, -1, np.array(kernel, np.float32), borderType=_CV[border])
    ours = correlate(image, kernel, border=border)
    np.testing.assert_array_equal(ours, theirs.reshape(ours.shape))


@settings(max_examples=50, deadline=None)
@given(images(("uint8", "int16")), integer_kernels, st.sampled_from(BORDERS))
def test_scipy_is_exact_in_float64(image, kernel, border):
    theirs = ndimage.correlate(
        image, np.array(kernel, float), output=np.float64, mode=_SCIPY[border]
    )
    ours = correlate(image, kernel, border=border, depth="f32")
    np.testing.assert_array_equal(ours, theirs.astype(np.float32))


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_border_indices_are_opencv_s(border, n):
    code = cv2.BORDER_WRAP if border == "wrap" else _CV[border]
    for i in range(-3 * n - 2, 4 * n + 3):
        theirs = cv2.borderInterpolate(i, n, code)
        ours = Border(border).source_index(i, n)
        assert (-1 if ours is None else ours) == theirs


def test_binomial_agrees_with_three_calls_of_opencv_but_not_the_fourth():
    """filter2D and sepFilter2D are exact here; GaussianBlur's 8-bit fixed point is not."""
    image = np.random.default_rng(1).integers(0, 256, (512, 512), dtype=np.uint8)
    row = np.array([1, 4, 6, 4, 1]) / 16
    ours = correlate(image, np.outer(row, row))
    np.testing.assert_array_equal(ours, cv2.filter2D(image, -1, np.outer(row, row)))
    np.testing.assert_array_equal(ours, cv2.sepFilter2D(image, -1, row, row))
    off = np.abs(ours.astype(int) - cv2.GaussianBlur(image, (5, 5), 0))
    assert off.max() <= 1
