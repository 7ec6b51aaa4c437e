"""float32 images: exactly rounded, IEEE 754 where a tap is not finite."""

from __future__ import annotations

import numpy as np
import oracle
import pytest

from imgconv.engines import float_sums
from imgconv.model.kernel import Kernel
from imgconv.ops.linear.correlate import correlate

NAN, INF = np.nan, np.inf


def row(*values):
    return np.array([values], np.float32)


@pytest.mark.parametrize(
    ("image", "kernel", "expected"),
    [
        (row(INF, 1, 2), [[1, 1, 0]], row(INF, INF, 3)),
        (row(INF, -INF, 2), [[1, 1]], row(INF, NAN, -INF)),
        (row(NAN, 1, 2), [[0, 1, 0]], row(NAN, 1, 2)),
        (row(NAN, 1, 2), [[1, 0, 0]], row(NAN, NAN, 1)),
        (row(INF, 1, 2), [[-3, 0, 0]], row(-INF, -INF, -3)),
        (row(INF, 1, 2), [["1e130", 0, "-1e130"]], row(INF, INF, -INF)),
    ],
)
def test_not_finite(image, kernel, expected):
    np.testing.assert_array_equal(correlate(image, kernel, border="replicate"), expected)


def test_not_finite_in_integers():
    image = row(NAN, INF, -INF, 7)
    np.testing.assert_array_equal(correlate(image, [[1]], depth="u8"), [[0, 255, 0, 7]])


def test_overflow_and_underflow():
    image = row(3e38, -3e38, 1e-45, 0)
    np.testing.assert_array_equal(correlate(image, [[2]]), row(INF, -INF, 3e-45, 0))
    small = correlate(image, Kernel([["1/2"]]))
    assert small[0, 2] == 0, "half of the least subnormal is a tie, and 0 is even"


def test_zero_taps_hide_what_is_not_finite():
    image = row(NAN, 1, INF)
    np.testing.assert_array_equal(correlate(image, [[0, 2, 0]])[0, 1], np.float32(2))


def test_a_tie_is_decided_exactly():
    """1 + 2**-24 lies in the middle between two floats; a hair more decides."""
    image = row(1, 2.0**-24, 2.0**-60)
    assert correlate(image, [[1, 1, 0]], size="valid")[0, 0] == 1
    assert correlate(image, [[1, 1, 1]], size="valid")[0, 0] == np.float32(1 + 2.0**-23)


def test_the_bound_is_needed(monkeypatch):
    """With the error bound at zero the tie above comes out wrong."""
    image = row(1, 2.0**-24, 2.0**-60)
    monkeypatch.setattr(float_sums, "_ULP", 0.0)
    monkeypatch.setenv("IMGCONV_ENGINE", "reference")
    assert correlate(image, [[1, 1, 1]], size="valid")[0, 0] == 1


def test_a_photograph(camera):
    """Few values are doubtful there, and those are right too."""
    image = (camera[200:260, 200:260] / np.float32(255)).astype(np.float32)
    kernel = Kernel([[0, 1, 0], [1, -4, 1], [0, 1, 0]], scale="1/7")
    expected = oracle.correlate(image, kernel.weights, scale=kernel.scale)
    np.testing.assert_array_equal(correlate(image, kernel), expected)
