"""Plots show the weights and the response."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv.io.kernels.spec import load_kernel
from imgconv.ops.draw.plot import plot
from imgconv.ops.draw.response import frequency_response, measure_response


def test_response_is_the_fourier_transform():
    kernel = load_kernel("1 2 3; 4 5 6; 7 8 10")
    weights = np.array([[float(w) for w in row] for row in kernel.weights])
    padded = np.zeros((128, 128))
    padded[:3, :3] = weights
    expected = np.abs(np.fft.fftshift(np.fft.fft2(padded)))
    np.testing.assert_allclose(frequency_response(kernel)[:-1, :-1], expected, atol=1e-9)


@pytest.mark.parametrize(("spec", "at_zero"), [("blur", 1), ("laplacian", 0), ("sharpen", 1)])
def test_zero_frequency_is_the_sum(spec, at_zero):
    response = frequency_response(load_kernel(spec))
    assert response[64, 64] == pytest.approx(at_zero, abs=1e-12)


@pytest.mark.parametrize("spec", ["sobel_x", "gaussian:5", "1", "identity", "1 2 3 4 5"])
def test_pictures(spec):
    picture = plot([load_kernel(spec)])
    assert picture.shape[2] == 3
    assert picture.dtype == np.uint8
    assert len(np.unique(picture)) > 10


def test_colours_tell_the_sign():
    picture = plot([load_kernel("-1 1")])
    left, right = picture[100, 40].astype(int), picture[100, 300].astype(int)
    assert left[2] > left[0], "negative is blue"
    assert right[0] > right[2], "positive is red"


@pytest.mark.parametrize(
    ("spec", "kind", "direction"),
    [
        ("identity", "all-pass", ""),
        ("gaussian:2", "low-pass", ""),
        ("box:9", "low-pass", ""),
        ("laplacian", "high-pass", ""),
        ("outline", "high-pass", ""),
        ("log", "band-pass", ""),
        ("dog", "band-pass", ""),
        ("sharpen", "high-boost", ""),
        ("1 0 1", "band-stop", ""),
        ("sobel_x", "band-pass", "across"),
        ("sobel_y", "band-pass", "down"),
        ("kirsch_ne", "band-pass", "up the right diagonal"),
        ("kirsch_se", "band-pass", "down the right diagonal"),
    ],
)
def test_kernels_are_named_by_measure(spec, kind, direction):
    response = measure_response(load_kernel(spec))
    assert (response.kind, response.direction) == (kind, direction)


def test_many_kernels_on_one_sheet():
    one = plot([load_kernel("blur")])
    sheet = plot([load_kernel(name) for name in ("blur", "sharpen", "emboss")], columns=2)
    assert sheet.shape == (2 * one.shape[0], 2 * one.shape[1], 3)
    np.testing.assert_array_equal(sheet[: one.shape[0], : one.shape[1]], one)


def test_both_axes_of_the_response_have_numbers():
    picture = plot([load_kernel("sobel_x")], 1)
    left, below = picture[80:400, 326:347], picture[388:410, 348:650]
    assert (left.min(axis=2) < 200).any(axis=1)[[*range(3, 15)]].any(), "-1/2 at the top"
    assert (left.min(axis=2) < 200).any(axis=1)[150:165].any(), "0 in the middle"
    assert (left.min(axis=2) < 200).any(axis=1)[290:310].any(), "1/2 at the bottom"
    assert (below.min(axis=2) < 200).any()
