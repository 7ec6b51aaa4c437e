"""Kernels are exact, and refuse what is no kernel."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import weights

from imgconv.model.errors import ArgumentError, KernelError, LimitError
from imgconv.model.facts import examine
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import parse_number


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("-1/49", Fraction(-1, 49)),
        ("0.1", Fraction(1, 10)),
        ("1e-3", Fraction(1, 1000)),
        (".5", Fraction(1, 2)),
        (0.1, Fraction(3602879701896397, 2**55)),
        (np.float32(0.1).item(), Fraction(13421773, 2**27)),
        (Fraction(4, 2), 2),
    ],
)
def test_numbers_mean_what_they_say(written, value):
    assert parse_number(written) == value


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("abc", "'abc' is not a number"),
        ("1/0", "divides by zero"),
        ("1/-2", "not a number"),
        ("nan", "not a number"),
        (float("nan"), "not a finite number"),
        (float("inf"), "not a finite number"),
        (True, "True is not a number"),
        (None, "None is not a number"),
        ("1e999999999", "exponent"),
        ("9" * 1000, "not a number"),
        ("", "not a number"),
    ],
)
def test_what_is_no_number(written, words):
    with pytest.raises(ArgumentError, match=words):
        parse_number(written)


@pytest.mark.parametrize(
    ("matrix", "options", "words"),
    [
        ([], {}, "at least one weight"),
        ([[]], {}, "at least one weight"),
        ([1, 2, 1], {}, "two-dimensional"),
        ([[[1]]], {}, r"weight \[0, 0\]"),
        ([[1, 2], [3]], {}, "the rows differ in length: 1 in row 1, 2 in row 0"),
        ([[1, "x"]], {}, r"weight \[0, 1\]: 'x' is not a number"),
        ([[float("nan")]], {}, "not a finite number"),
        ("sharpen", {}, "rows of numbers"),
        ([[1] * 5000], {}, "too large"),
        ([[1]], {"scale": "big"}, "scale: 'big' is not a number"),
        ([[1, 2, 1]], {"anchor": (1, 1)}, "anchor 1,1 is not"),
        ([[1, 2, 1]], {"anchor": (0, -1)}, "anchor 0,-1 is not"),
        ([[1, 2, 1]], {"anchor": (0, 1.5)}, "anchor 0,1.5 is not"),
        ([[1, 2, 1]], {"anchor": (0,)}, "anchor 0 is not"),
    ],
)
def test_what_is_no_kernel(matrix, options, words):
    with pytest.raises(KernelError, match=words):
        Kernel(matrix, **options)


def test_arrays_are_taken_exactly():
    array = np.array([[0.1, 0.2]], np.float32)
    assert Kernel(array).weights == ((Fraction(13421773, 2**27), Fraction(13421773, 2**26)),)
    assert Kernel(np.array([[1, -2]], np.int8)).weights == ((1, -2),)


@given(weights())
def test_the_integer_form_is_the_same_kernel(matrix):
    kernel = Kernel(matrix, scale="3/7", offset="-1/2")
    form = kernel.integer_form
    for row, whole in zip(kernel.weights, form.weights, strict=True):
        for weight, number in zip(row, whole, strict=True):
            assert isinstance(number, int)
            assert form.gain * number == kernel.scale * weight
    assert form.bias == kernel.offset


def test_denominators_without_a_common_one_hit_a_limit():
    kernel = Kernel([[f"1/{10**300 + i}" for i in range(100)]])
    with pytest.raises(LimitError, match="common denominator"):
        _ = kernel.integer_form


def test_what_is_found_of_a_kernel_is_kept():
    kernel = Kernel([[1, 2, 3]])
    form = kernel.integer_form
    assert kernel.anchored((0, 0)).integer_form is form
    assert kernel.flipped() is kernel.flipped()


def test_a_scale_of_zero_leaves_no_taps():
    form = Kernel([[1, 2]], scale=0, offset=5).integer_form
    assert (form.weights, form.gain, form.bias) == (((0, 0),), 0, 5)


@given(weights(max_side=3, numbers=st.sampled_from([0, 1, 2, -1, Fraction(1, 3)])))
def test_factors_multiply_to_the_weights(matrix):
    kernel = Kernel(matrix)
    assert (kernel.factors is not None) == (examine(kernel).rank == 1)
    if kernel.factors:
        column, row = kernel.factors
        assert kernel.weights == tuple(tuple(a * b for b in row) for a in column)
        assert kernel.is_separable


def test_flipping_moves_the_anchor():
    kernel = Kernel([[1, 2], [3, 4]])
    assert kernel.anchor == (1, 1)
    assert kernel.flipped().anchor == (0, 0)
    assert kernel.flipped().flipped() == kernel


def test_kernels_are_values():
    assert Kernel([[1, 2]]) == Kernel([["1", "4/2"]])
    assert len({Kernel([[1]]), Kernel([[1]])}) == 1
    with pytest.raises(AttributeError):
        Kernel([[1]]).scale = 2
