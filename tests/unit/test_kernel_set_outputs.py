"""Indices, directions and float images of sets of kernels; what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import nearest_float32
from unit.bank_tools import NORTH_FIRST, load, run_set
from unit.kernel_set_oracle import (
    ENDS,
    NO_ROOT,
    combined,
    images,
    kernel_lists,
    member_values,
    some,
)

from imgconv import Kernel, KernelSet, correlate, filter_image
from imgconv.model.errors import ArgumentError, KernelError
from imgconv.model.kernel_set import Combine, SetOutput
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.ops.linear.kernel_set import apply_set


class TestFloat32:
    @pytest.mark.parametrize("combine", NO_ROOT)
    def test_from_integers_it_is_the_exact_value_rounded_once(self, combine):
        image = np.random.default_rng(5).integers(0, 256, (6, 7), np.uint8)
        kernels = [Kernel([[1, "-0.1"]], scale="1/7"), Kernel([[1], [-3]], scale="1/3")]
        ours = run_set(image, KernelSet(tuple(kernels), combine), depth=Depth.F32)
        members = [member_values(image, kernel, "reflect101") for kernel in kernels]
        wanted = [
            [nearest_float32(combined(values, combine)) for values in zip(*rows, strict=True)]
            for rows in zip(*members, strict=True)
        ]
        assert np.array_equal(ours, np.array(wanted, np.float32))

    @pytest.mark.parametrize("combine", Combine)
    def test_of_float_images(self, combine):
        image = np.random.default_rng(6).random((6, 7), np.float32)
        kernels = load("sobel").kernels
        ours = run_set(image, KernelSet(kernels, combine))
        members = [np.array(member_values_of_floats(image, kernel)) for kernel in kernels]
        wanted = {
            Combine.MAX: np.maximum(*members),
            Combine.MAX_ABS: np.maximum(*map(abs, members)),
            Combine.SUM_ABS: abs(members[0]) + abs(members[1]),
            Combine.ROOT_SUM_SQUARES: np.hypot(*members),
        }[combine]
        # float64 and one rounding to float32: half of 2**-23.
        np.testing.assert_allclose(ours, wanted, rtol=2.0**-24 * 1.001, atol=1e-14)

    @pytest.mark.parametrize("output", SetOutput)
    @pytest.mark.parametrize("depth", Depth)
    def test_nan_and_infinity_do_not_warn(self, output, depth):
        image = np.zeros((5, 5), np.float32)
        image[1, 1], image[3, 3], image[0, 4] = np.nan, np.inf, -np.inf
        kernels = replace(load("sobel"), output=output)
        answer = run_set(image, kernels, depth=depth)
        assert answer.dtype == np.dtype(depth.dtype)


def member_values_of_floats(image, kernel):
    exactly = np.array([[Fraction(float(x)) for x in row] for row in image], object)
    return [[float(value) for value in row] for row in member_values(exactly, kernel, "reflect101")]


class TestIndex:
    @some
    @given(images(), kernel_lists(most=5), st.sampled_from(Combine))
    def test_the_first_greatest_member(self, image, kernels, combine):
        chosen = KernelSet(tuple(kernels), combine, SetOutput.INDEX)
        members = [member_values(image, kernel, "reflect101") for kernel in kernels]
        compared = (lambda value: value) if combine is Combine.MAX else abs
        wanted = [
            [[compared(v) for v in values].index(max(map(compared, values))) for values in zipped]
            for zipped in (list(zip(*rows, strict=True)) for rows in zip(*members, strict=True))
        ]
        for depth in Depth:
            assert run_set(image, chosen, depth=depth).tolist() == wanted

    @pytest.mark.parametrize("name", ["kirsch", "robinson3", "robinson5", "prewitt_compass"])
    def test_of_compass_sets_on_noise(self, name):
        image = np.random.default_rng(11).integers(0, 256, (7, 7), np.uint8)
        members = [
            member_values(image, load(f"{name}_{direction}"), "reflect101")
            for direction in NORTH_FIRST
        ]
        winners = np.argmax(np.array(members, float), axis=0)
        assert np.array_equal(run_set(image, load(f"{name}:output=index")), winners)

    def test_flat_areas_have_index_0(self):
        assert not run_set(np.full((4, 4), 200, np.uint8), load("kirsch:output=index")).any()

    def test_nothing_is_clipped(self):
        image = np.random.default_rng(11).integers(0, 256, (7, 7), np.uint8)
        assert apply_set(image, load("kirsch:output=index"), Settings()).clipped == 0

    def test_convolution_turns_the_compass(self):
        """The flipped kernel of one direction is that of the opposite one (Kirsch)."""
        image = np.random.default_rng(12).integers(0, 256, (9, 9), np.uint8)
        plain = filter_image(image, kernels=["kirsch:output=index"])
        turned = filter_image(image, kernels=["kirsch:output=index"], convolve=True)
        flipped = run_set(image, load("kirsch:output=index").flipped())
        assert np.array_equal(turned, flipped)
        alone = [filter_image(image, kernels=[f"kirsch_{d}"], depth="i16") for d in NORTH_FIRST]
        single = np.sum(np.array(alone) == np.max(alone, axis=0), axis=0) == 1
        assert single.sum() > 50
        assert np.array_equal((plain[single] + 4) % 8, turned[single])


def along_axes(kernels, a, b):
    """The gradient of the ramp to which the two kernels answer with these values."""
    moments = np.array([[float(m) for m in first_moments(kernel)] for kernel in kernels])
    if abs(np.linalg.det(moments)) < 1e-12:
        return a, b
    return np.tensordot(np.linalg.inv(moments), np.stack([a, b]), 1) + 0.0


def first_moments(kernel):
    taps = [(r, c, w) for r, row in enumerate(kernel.weights) for c, w in enumerate(row)]
    return (
        kernel.scale * sum(c * w for _, c, w in taps),
        kernel.scale * sum(r * w for r, _, w in taps),
    )


class TestOrientation:
    @some
    @given(images(), kernel_lists(most=2))
    def test_it_is_the_angle_of_the_two_values(self, image, kernels):
        chosen = KernelSet(tuple(kernels), Combine.ROOT_SUM_SQUARES, SetOutput.ORIENTATION)
        a, b = (np.array(member_values(image, kernel, "reflect101"), float) for kernel in kernels)
        x, y = along_axes(kernels, a, b)
        turns = np.arctan2(y, x) / (2 * np.pi) % 1
        for depth in Depth:
            low, high = ENDS[depth]
            levels = 360 if depth is Depth.F32 else high - low + 1
            answer = run_set(image, chosen, depth=depth).astype(float)
            assert (answer >= low).all()
            assert (answer < low + levels).all()
            distance = np.abs((answer - low) / levels - turns)
            half = 2.0**-24 if depth is Depth.F32 else 0.5 / levels
            assert np.minimum(distance, 1 - distance).max() <= half * 1.01 + 1e-9

    @pytest.mark.parametrize("scale", [1, Fraction(1, 10**44), 10**39, Fraction(1, 10**160)])
    @pytest.mark.parametrize("most", [255, 3])
    def test_it_is_the_nearest_of_256_whatever_the_scale(self, scale, most):
        image = np.random.default_rng(12).integers(0, most, (300, 400), np.uint8, endpoint=True)
        kernels = (Kernel([[-1, 0, 1]], scale=scale), Kernel([[-1], [0], [1]], scale=scale))
        found = run_set(image, KernelSet(kernels, Combine.MAX, SetOutput.ORIENTATION))
        wide = np.pad(image.astype(float), 1, "reflect")
        across, down = wide[1:-1, 2:] - wide[1:-1, :-2], wide[2:, 1:-1] - wide[:-2, 1:-1]
        levels = np.arctan2(down, across) / (2 * np.pi) * 256
        assert np.abs(levels - np.floor(levels) - 0.5).min() > 1e-6, "none is a tie"
        assert np.array_equal(found, np.rint(levels) % 256)

    def test_a_flat_area_has_direction_0(self):
        for name in ("sobel", "roberts", "scharr"):
            assert not run_set(
                np.full((5, 5), 9, np.uint8), load(f"{name}:output=orientation")
            ).any()

    def test_clipped_is_0(self):
        image = np.random.default_rng(11).integers(0, 256, (7, 7), np.uint8)
        assert apply_set(image, load("sobel:output=orientation"), Settings()).clipped == 0


class TestErrors:
    def test_an_offset_in_a_member(self):
        with pytest.raises(KernelError, match="kernel lifted of a set has an offset; it cannot"):
            KernelSet((Kernel([[1]]), Kernel([[1]], offset=3, name="lifted")), Combine.MAX)

    @pytest.mark.parametrize("count", [0, 1])
    def test_fewer_than_two_members(self, count):
        with pytest.raises(KernelError, match=f"a set needs two kernels or more, not {count}"):
            KernelSet((Kernel([[1]]),) * count, Combine.MAX)

    @pytest.mark.parametrize("name", ["kirsch", "robinson", "compass", "line", "frei_chen_edge"])
    def test_the_orientation_of_more_than_a_pair(self, name):
        with pytest.raises(KernelError, match="orientation needs a set of two kernels: x and y"):
            load(f"{name}:output=orientation")

    @pytest.mark.parametrize(
        ("spec", "message"),
        [
            (
                "sobel:combine=mean",
                "combine is 'mean'; choose max, max_abs, root_sum_squares, sum_abs",
            ),
            ("sobel:output=angle", "output is 'angle'; choose value, index, orientation"),
            ("sobel:sigma=2", "sobel has no option 'sigma'"),
            ("sobel:max,value,index", "sobel has no option"),
        ],
    )
    def test_options_that_a_set_does_not_have(self, spec, message):
        with pytest.raises(KernelError, match=re.escape(message)):
            load(spec)

    @pytest.mark.parametrize("size", ["valid", "full"])
    def test_members_whose_outputs_differ_in_size(self, size):
        image = np.zeros((9, 9), np.uint8)
        with pytest.raises(ArgumentError, match="central_difference differ in size and so do"):
            filter_image(image, kernels=["central_difference"], size=size)

    def test_more_members_than_the_depth_has_values(self):
        many = KernelSet((Kernel([[1]]),) * 257, Combine.MAX, SetOutput.INDEX)
        with pytest.raises(ArgumentError, match="257 kernels have indices beyond 255"):
            correlate(np.zeros((3, 3), np.uint8), many)
        assert correlate(np.zeros((3, 3), np.uint8), many, depth="u16").max() == 0

    def test_an_anchor_that_a_member_does_not_have(self):
        with pytest.raises(KernelError, match="anchor 2,2 is not a"):
            load("roberts").anchored((2, 2))
