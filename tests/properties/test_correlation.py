"""What holds for every image and kernel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import BORDERS, images, weights

from imgconv.model.kernel import Kernel
from imgconv.ops.linear.correlate import convolve, correlate

borders = st.sampled_from(BORDERS)
any_images = images(channels=(None, 1, 3, 4))
common = settings(max_examples=30, deadline=None)


@common
@given(any_images, borders)
def test_identity_gives_the_pixels_back(image, border):
    result = correlate(image, [[0, 0, 0], [0, 1, 0], [0, 0, 0]], border=border)
    np.testing.assert_array_equal(result, image)
    assert result.dtype == image.dtype


@common
@given(any_images, weights(), borders)
def test_the_input_is_not_modified(image, matrix, border):
    before = image.copy()
    image.flags.writeable = False
    correlate(image, matrix, border=border)
    np.testing.assert_array_equal(image, before)


@common
@given(images(), st.integers(-9, 9), st.integers(-9, 9))
def test_a_shifted_impulse_rolls_under_wrap(image, down, right):
    rows, columns = image.shape
    kernel = np.zeros((rows, columns), int)
    kernel[down % rows, right % columns] = 1
    result = correlate(image, kernel, border="wrap", anchor=(0, 0))
    np.testing.assert_array_equal(result, np.roll(image, (-down, -right), (0, 1)))


@common
@given(any_images, weights(), borders)
def test_convolving_is_correlating_with_the_flipped_kernel(image, matrix, border):
    kernel = Kernel(matrix)
    flipped = Kernel(
        [row[::-1] for row in matrix[::-1]],
        anchor=(len(matrix) - 1 - kernel.anchor[0], len(matrix[0]) - 1 - kernel.anchor[1]),
    )
    assert kernel.flipped() == flipped
    np.testing.assert_array_equal(
        convolve(image, kernel, border=border), correlate(image, flipped, border=border)
    )


@common
@given(any_images, weights(), borders, st.integers(1, 4), st.integers(1, 4))
def test_stride_is_a_slice(image, matrix, border, down, right):
    whole = correlate(image, matrix, border=border)
    strided = correlate(image, matrix, border=border, stride=(down, right))
    np.testing.assert_array_equal(strided, whole[::down, ::right])


@common
@given(any_images, weights(), borders, st.integers(1, 3), st.integers(1, 3))
def test_dilation_is_a_kernel_with_zeros_between(image, matrix, border, down, right):
    rows, columns = len(matrix), len(matrix[0])
    spread = [[0] * ((columns - 1) * right + 1) for _ in range((rows - 1) * down + 1)]
    for r in range(rows):
        for c in range(columns):
            spread[r * down][c * right] = matrix[r][c]
    anchor = (rows // 2, columns // 2)
    np.testing.assert_array_equal(
        correlate(image, matrix, border=border, dilation=(down, right)),
        correlate(image, spread, border=border, anchor=(anchor[0] * down, anchor[1] * right)),
    )


@common
@given(images(channels=(2, 3, 5)), weights(), borders)
def test_channels_are_independent(image, matrix, border):
    whole = correlate(image, matrix, border=border)
    for channel in range(image.shape[2]):
        np.testing.assert_array_equal(
            whole[..., channel], correlate(image[..., channel], matrix, border=border)
        )


@common
@given(
    st.integers(0, 255),
    weights(numbers=st.fractions(-3, 3, max_denominator=60)).filter(lambda m: sum(map(sum, m))),
    borders.filter(lambda border: border != "constant"),
)
def test_a_constant_image_under_a_kernel_of_sum_one(level, matrix, border):
    kernel = Kernel(matrix, scale=1 / sum(map(sum, matrix)))
    assert kernel.sum == 1
    image = np.full((5, 6), level, np.uint8)
    np.testing.assert_array_equal(correlate(image, kernel, border=border), image)


@common
@given(images(), weights(), borders)
def test_valid_is_the_part_without_the_border(image, matrix, border):
    rows, columns = image.shape
    kh, kw = len(matrix), len(matrix[0])
    if kh > rows or kw > columns:
        return
    same = correlate(image, matrix, border=border, anchor=(0, 0))
    valid = correlate(image, matrix, size="valid")
    np.testing.assert_array_equal(valid, same[: rows - kh + 1, : columns - kw + 1])


@common
@given(images(dtypes=("uint8", "uint16", "int16")), weights(), borders)
def test_rescale_fills_the_range(image, matrix, border):
    result = correlate(image, matrix, border=border, output_range="rescale", depth="u8")
    assert result.min() == 0
    assert result.max() in (0, 255)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_full_keeps_white_white(dtype):
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    image = np.array([[0, white]], dtype)
    for depth, expected in (("u8", 255), ("u16", 65535), ("f32", 1), ("i16", 32767)):
        result = correlate(image, [[1]], depth=depth, output_range="full")
        assert result.tolist() == [[0, expected]]
