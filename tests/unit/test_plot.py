"""Plots show the weights and the response."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv.io.kernel_spec import load_kernel
from imgconv.ops.plot import frequency_response, plot


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
    picture = plot(load_kernel(spec))
    assert picture.shape[2] == 3
    assert picture.dtype == np.uint8
    assert len(np.unique(picture)) > 10


def test_colours_tell_the_sign():
    picture = plot(load_kernel("-1 1"))
    left, right = picture[150, 40].astype(int), picture[150, 480].astype(int)
    assert left[2] > left[0], "negative is blue"
    assert right[0] > right[2], "positive is red"
