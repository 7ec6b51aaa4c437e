"""The engine against plain loops, bit for bit.

The two axes never mix in the geometry, so everything that an axis can be is tried on rows and on
columns apart; all image and kernel sizes are then tried in two dimensions with the rest drawn.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import BORDERS, DTYPES, images, weights

from imgconv.model.errors import ArgumentError
from imgconv.model.kernel import Kernel
from imgconv.ops.linear.correlate import correlate

SIZES_1D = ("same", "valid", "full", (0, 2), (3, 1))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("size", SIZES_1D, ids=str)
@pytest.mark.sampled(12)
def test_every_axis(axis, border, size):
    shown = size if isinstance(size, str) else (*size, 0, 0) if axis == 0 else (0, 0, *size)
    for n, k in product(range(1, 6), range(1, 7)):
        line = np.array([[3, 250, 17, 90, 201][:n]], np.uint8)
        row = [[2, -1, 5, 3, -4, 7][:k]]
        image = line.T if axis == 0 else line
        kernel = [[w] for w in row[0]] if axis == 0 else row
        for anchor, stride, dilation in product(range(k), (1, 2, 3), (1, 2, 3)):
            where = {
                "border": border,
                "border_value": 9,
                "anchor": (anchor, 0) if axis == 0 else (0, anchor),
                "stride": (stride, 1) if axis == 0 else (1, stride),
                "dilation": (dilation, 1) if axis == 0 else (1, dilation),
                "size": shown,
            }
            expected = oracle.correlate(image, kernel, depth="int16", **where)
            if expected.size == 0:
                with pytest.raises(ArgumentError, match="no output pixel is left"):
                    correlate(image, kernel, depth="i16", **where)
                continue
            np.testing.assert_array_equal(correlate(image, kernel, depth="i16", **where), expected)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.sampled(3)
def test_every_size(border):
    draw = random.Random(f"sizes {border}")
    for rows, columns, kh, kw in product(range(1, 6), range(1, 6), range(1, 7), range(1, 7)):
        image = np.array(
            [[draw.randrange(256) for _ in range(columns)] for _ in range(rows)], np.uint8
        )
        kernel = [[draw.randrange(-9, 10) for _ in range(kw)] for _ in range(kh)]
        where = {
            "border": border,
            "border_value": 200,
            "anchor": (draw.randrange(kh), draw.randrange(kw)),
            "stride": (draw.randint(1, 3), draw.randint(1, 3)),
            "dilation": (draw.randint(1, 2), draw.randint(1, 2)),
            "size": draw.choice(["same", "full", (7, 6, 6, 8)]),
        }
        how = {"scale": Fraction(1, draw.choice([1, 2, 14, 18])), "offset": draw.randrange(9)}
        expected = oracle.correlate(image, kernel, **how, **where)
        ours = correlate(image, Kernel(kernel, **how), **where)
        np.testing.assert_array_equal(ours, expected)


DEPTH_NAMES = {"uint8": "u8", "uint16": "u16", "int16": "i16", "float32": "f32"}


@settings(max_examples=120, deadline=None)
@given(
    image=images(),
    matrix=weights(),
    scale=st.fractions(-2, 2, max_denominator=300),
    offset=st.fractions(-300, 300, max_denominator=7),
    depth=st.sampled_from(DTYPES),
    rounding=st.sampled_from(["half-even", "half-up", "half-down", "truncate"]),
    border=st.sampled_from(BORDERS),
    absolute=st.booleans(),
)
def test_every_value(image, matrix, scale, offset, depth, rounding, border, absolute):
    expected = oracle.correlate(
        image,
        matrix,
        scale=scale,
        offset=offset,
        depth=depth,
        rounding=rounding,
        border=border,
        absolute=absolute,
    )
    ours = correlate(
        image,
        Kernel(matrix, scale=scale, offset=offset),
        depth=DEPTH_NAMES[depth],
        rounding=rounding,
        border=border,
        output_range="abs" if absolute else "saturate",
    )
    assert ours.dtype == expected.dtype
    np.testing.assert_array_equal(ours.view(ours.dtype), expected)
    if depth == "float32":
        assert not np.signbit(ours[ours == 0]).any(), "zero is +0"


@pytest.mark.parametrize("divisor", [2, 7, 9, 14, 18, 26, 28, 256, 1792])
def test_ties_of_every_divisor(divisor):
    """Sums at, just below and just above each half are rounded to even."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for offset in (Fraction(0), Fraction(1, 2), Fraction(-1, 2 * divisor)):
        expected = oracle.correlate(image, [[1, 3]], scale=Fraction(1, divisor), offset=offset)
        ours = correlate(image, Kernel([[1, 3]], scale=Fraction(1, divisor), offset=offset))
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize(
    "matrix",
    [
        [[10**9, -(10**9), 1]],
        [[2**40, -(2**40) + 1]],
        [[10**30, -(10**30), "1/3"]],
        [[1e-30, 1e30, -1e30]],
        [[1e130, -1e130, 1]],
    ],
    ids=["int32", "int64", "beyond int64", "tiny and huge", "beyond float products"],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_of_huge_range_cancel_exactly(matrix, dtype):
    image = np.array([[5, 5, 5, 7], [200, 200, 3, 1]], dtype)
    exact = [[Fraction(w) for w in row] for row in matrix]
    expected = oracle.correlate(image, exact, border="replicate")
    np.testing.assert_array_equal(correlate(image, matrix, border="replicate"), expected)


def test_channels_threads_and_bands_change_nothing(astronaut):
    kernel = Kernel([[1, -2, 3], [0, 5, -1]], scale="1/7")
    whole = correlate(astronaut, kernel, threads=1)
    np.testing.assert_array_equal(correlate(astronaut, kernel, threads=5), whole)
    for channel in range(3):
        np.testing.assert_array_equal(
            correlate(astronaut[..., channel], kernel), whole[..., channel]
        )
