"""The worked examples of the texts that the tool grew out of, with their errors put right."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv.io.config.recipes import recipe_from
from imgconv.io.kernels.bank import KernelBank
from imgconv.ops.compare.compare import compare
from imgconv.ops.linear.correlate import correlate

SEVEN = ("small_blur", "large_blur", "sharpen", "laplacian", "sobel_x", "sobel_y", "emboss")


def u8(text):
    return np.array([[int(v) for v in line.split()] for line in text.split("/")], np.uint8)


@pytest.mark.parametrize(
    ("image", "kernel", "expected"),
    [
        (
            "3 3 2 1 0/0 0 1 3 1/3 1 2 2 3/2 0 0 2 2/2 0 0 0 1",
            "0 1 2/2 2 0/0 1 2",
            [[12, 12, 17], [10, 17, 19], [9, 6, 14]],
        ),
        # Printed there as 14 13 11 / 10 14 16 / 9 10 12.
        (
            "1 2 3 0 1/0 1 2 3 1/1 2 1 0 2/0 1 2 1 1/2 1 0 2 1",
            "0 1 2/1 0 1/2 1 0",
            [[14, 12, 7], [8, 14, 13], [11, 5, 9]],
        ),
    ],
)
def test_worked_examples(image, kernel, expected):
    result = correlate(u8(image), u8(kernel).astype(int), size="valid")
    assert result.tolist() == expected


def test_the_vertical_difference_is_minus_six():
    """Printed there as -5."""
    result = correlate(u8("1 2 3/4 5 6/7 8 9"), [[1, 0, -1]] * 3, size="valid", depth="i16")
    assert result.tolist() == [[-6]]


def test_a_mean_of_nine():
    result = correlate(u8("93 139 101/26 252 196/135 230 18"), [["1/9"] * 3] * 3, size="valid")
    assert result.tolist() == [[132]]


def test_bias_is_added_to_a_channel():
    for image, bias, expected in [
        ("2 1 2/0 0 1/0 3 1", 2, [[4, 3, 4], [2, 2, 3], [2, 5, 3]]),
        ("0 1 1/2 0 3/1 1 1", 1, [[1, 2, 2], [3, 1, 4], [2, 2, 2]]),
        ("1 3 0/2 0 0/3 1 0", 3, [[4, 6, 3], [5, 3, 3], [6, 4, 3]]),
    ]:
        from imgconv.model.kernel import Kernel

        assert correlate(u8(image), Kernel([[1]], offset=bias)).tolist() == expected


def test_the_horizontal_derivative_answers_at_vertical_edges():
    """One text has it the other way round."""
    edge = np.repeat(np.array([[0, 0, 0, 100, 100, 100]], np.uint8), 6, axis=0)
    bank = KernelBank.standard()
    assert correlate(edge, bank["sobel_x"], depth="i16").any()
    assert not correlate(edge, bank["sobel_y"], depth="i16").any()


@pytest.mark.parametrize("name", SEVEN)
def test_equal_to_opencv_with_replicate(camera, name):
    """The texts' claim, true with replicate on both sides and rounding half to even."""
    comparison = compare(camera, recipe_from({"kernels": [name], "padding": "replicate"}))
    assert comparison.difference.equal == camera.size
    assert comparison.causes == ()


@pytest.mark.parametrize(
    ("name", "share", "greatest"), [("small_blur", 0.45, 20), ("sobel_y", 0.001, 100)]
)
def test_the_script_differs_from_opencv(camera, name, share, greatest):
    """As the script is written: it truncates, and replicates where OpenCV reflects."""
    comparison = compare(camera, recipe_from({"kernels": [name]}), against="naive")
    difference = comparison.difference
    assert 1 - difference.equal / difference.pixels > share
    assert difference.border.max_abs_diff > greatest
    assert difference.interior.max_abs_diff <= 1
    assert "unexplained" not in {cause.name for cause in comparison.causes}
