"""Kernel expressions, against NumPy and against what they promise."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal
from strategies import images, weights

from imgconv.io.kernels.spec import load_kernel
from imgconv.model.algebra import added, composed, multiplied, normalized, rotated, transposed
from imgconv.model.errors import KernelError, LimitError, UnknownKernelError
from imgconv.model.kernel import Kernel
from imgconv.ops.linear.correlate import correlate

small = st.integers(-9, 9)
kernels = st.builds(Kernel, weights(3, small), scale=st.integers(1, 3), offset=st.integers(-3, 3))


def grid(kernel):
    return np.array([[float(kernel.scale * w) for w in row] for row in kernel.weights])


@settings(max_examples=40, deadline=None)
@given(images(("uint8",)), kernels, kernels)
def test_composition_is_one_after_the_other(image, first, second):
    """Under wrap and without rounding or clipping, composing changes no bit."""
    between = correlate(image, first, border="wrap", depth="f32")
    both = correlate(between, second, border="wrap")
    at_once = correlate(image, composed(first, second), border="wrap", depth="f32")
    np.testing.assert_array_equal(at_once, both)


@settings(max_examples=25, deadline=None)
@given(kernels, kernels)
def test_composition_is_full_convolution(first, second):
    expected = signal.convolve2d(grid(first), grid(second))
    np.testing.assert_allclose(grid(composed(first, second)), expected, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(images(("int16",)), kernels, kernels, st.integers(-4, 4))
def test_sums_and_multiples_are_linear(image, one, other, factor):
    options = {"border": "replicate", "depth": "f32"}
    image = image // 16
    total = correlate(image, added(one, multiplied(other, factor)), **options)
    apart = correlate(image, one, **options).astype(float)
    np.testing.assert_array_equal(total, apart + factor * correlate(image, other, **options))


@settings(max_examples=25, deadline=None)
@given(images(("uint8",)), kernels)
def test_turns_turn_the_picture(image, kernel):
    options = {"border": "wrap", "depth": "f32"}
    plain = correlate(image, kernel, **options)
    np.testing.assert_array_equal(correlate(image.T, transposed(kernel), **options), plain.T)
    turned = correlate(np.rot90(image), rotated(kernel), **options)
    np.testing.assert_array_equal(turned, np.rot90(plain))
    np.testing.assert_array_equal(grid(rotated(kernel)), np.rot90(grid(kernel)))
    four = rotated(rotated(rotated(rotated(kernel))))
    assert (four.weights, four.anchor) == (kernel.weights, kernel.anchor)


def test_normalized():
    assert normalized(Kernel([[1, 2]], scale=5)).sum == 1
    with pytest.raises(KernelError, match="adds up to 0 cannot be normalised"):
        load_kernel("sobel_x.normalized")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*identity - blur", "2*[0 0 0; 0 1 0; 0 0 0] - 1/9*[1 1 1; 1 1 1; 1 1 1]"),
        ("-laplacian", "[0 -1 0; -1 4 -1; 0 -1 0]"),
        ("identity - laplacian", "sharpen"),
        ("(sobel_x + sobel_y) * 2", "[-4 -4 0; -4 0 4; 0 4 4]"),
        ("sobel_y.T", "sobel_x"),
        ("[1 2 1].T @ [-1 0 1]", "sobel_x"),
        ("box:3.normalized.T", "blur"),
        ("sobel_x.flip", "-1*sobel_x"),
        ("1/9*[1 1 1; 1 1 1; 1 1 1]", "blur"),
        ("2 * 3 * identity - 5*identity", "identity"),
    ],
)
def test_expressions(text, expected):
    ours, theirs = load_kernel(text), load_kernel(expected)
    scaled = [[w * k.scale for row in k.weights for w in row] for k in (ours, theirs)]
    assert scaled[0] == scaled[1]
    assert ours.shape == theirs.shape
    assert ours.name == text


def test_unsharp_is_an_expression():
    ours, theirs = load_kernel("2*identity - gaussian:sigma=1"), load_kernel("unsharp:sigma=1")
    assert [[w * ours.scale for w in row] for row in ours.weights] == [
        [w * theirs.scale for w in row] for row in theirs.weights
    ]
    assert ours.sum == Fraction(1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2*3", "is a number, not a kernel"),
        ("blur + 1", "a number and a kernel cannot be added"),
        ("blur * blur", "@ composes two kernels"),
        ("2 @ blur", r"\* multiplies by a number"),
        ("(blur", r"a \) is missing"),
        ("blur)", r"at 5: '\)' is left over"),
        ("blur @", "missing at the end"),
        ("3.T", "follows a kernel, not a number"),
        ("kirsch * 2", "set of kernels"),
        ("blur * 1/0", "divides by zero"),
        ("(" * 30 + "blur" + ")" * 30, "deeper than 20"),
        ("blur + " * 150 + "blur", "unexpected"),
        ("__import__('os') @ blur", "unexpected"),
        ("[1 2; 3] * 2", "the rows differ in length: 1 in row 1"),
    ],
)
def test_what_is_no_expression(text, words):
    with pytest.raises(KernelError, match=words):
        load_kernel(text)


def test_unknown_names_are_told_in_expressions():
    with pytest.raises(UnknownKernelError, match="no kernel is called 'sharpn'"):
        load_kernel("2*sharpn")


def test_composing_large_kernels_hits_a_limit():
    with pytest.raises(LimitError, match="takes more than 10000000 products"):
        load_kernel("box:101 @ box:101")


def test_the_limit_is_one_for_the_whole_expression():
    with pytest.raises(LimitError, match="takes more than 10000000 products"):
        load_kernel(" @ ".join(["box:21"] * 30))


def test_fractions_compose_as_whole_numbers():
    third = Kernel([["1/3", "2/3"]], scale="1/2", offset=1)
    both = composed(third, Kernel([["1/7"], ["3/7"]]))
    assert both.integer_form.weights == ((1, 2), (3, 6))
    assert (both.sum, both.offset) == (Fraction(2, 7), Fraction(4, 7))
