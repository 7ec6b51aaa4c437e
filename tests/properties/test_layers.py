"""Layers against plain loops: every shape, every border, every kind of number."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from layer_oracle import convolve as expected
from layer_strategies import DYADIC, RATIONAL, WHOLE, WIDE, layers

from imgconv.model.output import Depth, Rounding
from imgconv.ops.layers.layer import make_conv, run_conv


def check(case, depth="f32", rounding="half-even"):
    image, weights, bias, options = case
    values = None if bias is None else np.array(bias, object)
    conv = make_conv(weights, values, **options)
    found = run_conv(image[None], conv, depth=Depth(depth), rounding=Rounding(rounding), threads=2)
    wanted = expected(image, weights, bias, depth=Depth(depth).dtype, rounding=rounding, **options)
    np.testing.assert_array_equal(found[0], wanted, strict=True)
    assert not np.signbit(found[found == 0]).any()


@pytest.mark.sampled(9)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "numbers", [WHOLE, DYADIC, WIDE, RATIONAL], ids=["whole", "dyadic", "wide", "rational"]
)
def test_float_maps(axes, numbers):
    @settings(max_examples=40, deadline=None)
    @given(layers(axes, numbers))
    def agree(case):
        check(case)

    agree()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("depth", ["u8", "u16", "i16"])
@settings(max_examples=40, deadline=None)
@given(
    case=layers(2, st.one_of(DYADIC, RATIONAL, WHOLE)),
    rounding=st.sampled_from([rounding.value for rounding in Rounding]),
)
def test_integer_maps(case, depth, rounding):
    check(case, depth, rounding)


@settings(max_examples=40, deadline=None)
@given(case=layers(2, st.one_of(WHOLE, DYADIC)), data=st.data())
def test_values_that_are_not_finite_follow_ieee(case, data):
    image, weights, bias, options = case
    image = image.astype(np.float32)
    special = st.sampled_from([np.nan, np.inf, -np.inf])
    for _ in range(data.draw(st.integers(1, 3))):
        at = tuple(data.draw(st.integers(0, n - 1)) for n in image.shape)
        image[at] = data.draw(special)
    for depth in ("f32", "i16"):
        check((image, weights, bias, options), depth)


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(np.float32, (5, 6, 2), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),  # noqa: E501
    hnp.arrays(np.float32, (2, 2, 3, 3), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),  # noqa: E501
)  # fmt: skip
def test_floats_of_every_size(image, weights):
    """Sums that cancel, subnormal ones, and those beyond float32."""
    check((image, weights, None, {"padding": ((1, 1), (1, 1)), "border": "wrap"}))


@settings(max_examples=25, deadline=None)
@given(
    case=layers(2, st.one_of(st.sampled_from([Fraction(1, 6), Fraction(1, 2), Fraction(-1, 10)])))
)
def test_ties(case):
    """Sixths and halves of whole numbers lie between two levels often."""
    check(case, "u8")
