"""What sets of kernels yield, against the plain oracle."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import rounded
from unit.bank_tools import load, run_set
from unit.kernel_set_oracle import (
    ANY,
    ENDS,
    KINDS,
    NO_ROOT,
    RANGES,
    WHOLE_DEPTHS,
    check,
    expected,
    images,
    kernel_lists,
    member_values,
    some,
)

from imgconv import Kernel, KernelSet, filter_image
from imgconv.model.kernel_set import Combine
from imgconv.model.output import Depth, OutputRange, Rounding


class TestValues:
    @some
    @given(
        image=images(),
        kernels=kernel_lists(),
        combine=st.sampled_from(NO_ROOT),
        chosen=st.sampled_from([*RANGES, OutputRange.RESCALE]),
        **ANY,
    )
    def test_maxima_and_sums(self, image, kernels, combine, depth, rounding, chosen, border):
        check(image, kernels, combine, depth, rounding, chosen, border)

    @some
    @given(image=images(), kernels=kernel_lists(), chosen=st.sampled_from(RANGES), **ANY)
    def test_roots(self, image, kernels, depth, rounding, chosen, border):
        check(image, kernels, Combine.ROOT_SUM_SQUARES, depth, rounding, chosen, border)

    @pytest.mark.parametrize("rounding", Rounding)
    @pytest.mark.parametrize("depth", WHOLE_DEPTHS)
    @pytest.mark.parametrize("dtype", KINDS)
    @pytest.mark.parametrize("combine", Combine)
    @pytest.mark.sampled(5)
    def test_every_combination_of_types(self, combine, dtype, depth, rounding):
        limits = np.iinfo(dtype)
        random = np.random.default_rng(len(dtype) + limits.bits)
        image = random.integers(limits.min, limits.max, (7, 8), dtype, endpoint=True)
        kernels = [
            Kernel([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], scale=Fraction(1, 8)),
            Kernel([["0.1", -1], [1, "-0.1"]], scale=Fraction(1, 2)),
            Kernel([[1], [-2], [1]], scale=Fraction(1, 6)),
        ]
        for chosen in RANGES:
            check(image, kernels, combine, depth, rounding, chosen)
        if combine is not Combine.ROOT_SUM_SQUARES:
            check(image, kernels, combine, depth, rounding, OutputRange.RESCALE)

    @pytest.mark.parametrize("chosen", RANGES)
    @pytest.mark.parametrize("combine", Combine)
    @pytest.mark.parametrize(
        "name",
        [
            *("sobel", "scharr_optimal", "roberts", "farid", "kirsch", "line"),
            *("frei_chen_edge", "frei_chen_line", "sobel7"),
        ],
    )
    def test_sets_of_the_bank(self, name, combine, chosen):
        """Those of Frei and Chen have members of differing gains, Farid's tiny ones."""
        image = np.random.default_rng(7).integers(0, 256, (6, 5), np.uint8)
        for depth in (Depth.U8, Depth.I16):
            kernels = load(name).kernels
            check(image, kernels, combine, depth, Rounding.HALF_EVEN, chosen)

    @pytest.mark.parametrize("combine", Combine)
    def test_the_option_is_the_set_with_that_combine(self, combine):
        image = np.random.default_rng(8).integers(0, 256, (6, 5), np.uint8)
        ours = run_set(image, load(f"prewitt:combine={combine.value}"), depth=Depth.I16)
        kernels = load("prewitt").kernels
        wanted, _ = expected(
            image, kernels, combine, Depth.I16, Rounding.HALF_EVEN, OutputRange.SATURATE
        )
        assert ours.tolist() == wanted

    def test_channels_are_combined_apart(self):
        image = np.random.default_rng(9).integers(0, 256, (6, 5, 3), np.uint8)
        together = run_set(image, load("sobel"))
        for channel in range(3):
            assert np.array_equal(
                together[..., channel], run_set(image[..., channel], load("sobel"))
            )

    def test_alpha_that_is_kept(self):
        image = np.random.default_rng(9).integers(0, 256, (6, 5, 4), np.uint8)
        answer = filter_image(image, kernels=["sobel"], alpha="keep")
        assert np.array_equal(answer[..., 3], image[..., 3])
        assert np.array_equal(answer[..., :3], filter_image(image[..., :3], kernels=["sobel"]))

    @pytest.mark.parametrize("flat", [0, 7, 255])
    @pytest.mark.parametrize("combine", Combine)
    @pytest.mark.parametrize("depth", WHOLE_DEPTHS)
    def test_rescaling_a_flat_answer_gives_black(self, flat, combine, depth):
        image = np.full((3, 4), flat, np.uint8)
        answer = run_set(
            image,
            KernelSet((Kernel([[2]]), Kernel([[1]])), combine),
            depth=depth,
            output_range=OutputRange.RESCALE,
        )
        assert set(answer.ravel().tolist()) == {ENDS[depth][0]}


class TestRoots:
    """Where a root comes next to a tie float64 cannot tell; integers can."""

    @pytest.mark.parametrize(
        ("rounding", "wanted"),
        [
            (Rounding.HALF_EVEN, [2, 8, 12, 18]),
            (Rounding.HALF_UP, [3, 8, 13, 18]),
            (Rounding.HALF_DOWN, [2, 7, 12, 17]),
            (Rounding.TRUNCATE, [2, 7, 12, 17]),
        ],
    )
    def test_ties(self, rounding, wanted):
        """Halves of 3, 4, 5 triangles: 2.5, 7.5, 12.5, 17.5."""
        half = Fraction(1, 2)
        pair = KernelSet(
            (Kernel([[3]], scale=half), Kernel([[4]], scale=half)), Combine.ROOT_SUM_SQUARES
        )
        image = np.array([[1, 3, 5, 7]], np.uint8)
        assert run_set(image, pair, rounding=rounding).tolist() == [wanted]
        lifted = run_set(image, pair, rounding=rounding, output_range=OutputRange.OFFSET)
        assert lifted.tolist() == [[128 + value for value in wanted]]

    @pytest.mark.parametrize("rounding", Rounding)
    @pytest.mark.parametrize("level", [0, 1, 100, 101, 254])
    @pytest.mark.parametrize("above", [True, False])
    def test_next_to_a_tie(self, level, above, rounding):
        """Off by less than 1e-15 of a grey level, to either side."""
        unit = 10**8
        legs = ((2 * level + 1) * unit // 2, 1)
        if not above:  # the nearest sum of two squares below
            long = legs[0] - 1
            legs = (long, math.isqrt(2 * long))
        members = tuple(Kernel([[leg]], scale=Fraction(1, unit)) for leg in legs)
        square = Fraction(legs[0] ** 2 + legs[1] ** 2, unit**2)
        tie = level + Fraction(1, 2)
        assert (square > tie * tie) == above
        wanted = level + (above and rounding is not Rounding.TRUNCATE)
        ones = np.ones((2, 2), np.uint8)
        answer = run_set(ones, KernelSet(members, Combine.ROOT_SUM_SQUARES), rounding=rounding)
        assert set(answer.ravel().tolist()) == {wanted}

    @pytest.mark.parametrize("level", [1, 5, 255])
    def test_next_to_a_whole_number(self, level):
        """What truncation must tell apart."""
        unit = 10**8
        for legs, wanted in (
            ((level * unit, 1), level),
            ((level * unit, 0), level),
            ((level * unit - 1, 1), level - 1),
        ):
            members = tuple(Kernel([[leg]], scale=Fraction(1, unit)) for leg in legs)
            answer = run_set(
                np.ones((1, 1), np.uint8),
                KernelSet(members, Combine.ROOT_SUM_SQUARES),
                rounding=Rounding.TRUNCATE,
            )
            assert answer.item() == wanted

    def test_every_pythagorean_pair(self):
        """sqrt(a * a + b * b) of all bytes, half to even, against integer square roots."""
        a, b = np.meshgrid(np.arange(256, dtype=np.uint16), np.arange(256, dtype=np.uint16))
        image = np.stack([a.ravel(), b.ravel()], axis=1)
        pair = KernelSet(
            (Kernel([[1, 0]], anchor=(0, 0)), Kernel([[0, 1]], anchor=(0, 0))),
            Combine.ROOT_SUM_SQUARES,
        )
        ours = run_set(image, pair)[:, 0].tolist()
        squares = [x * x + y * y for x, y in image.tolist()]
        # The root of a whole number is never half way: 4 n would be an odd square.
        assert ours == [(math.isqrt(4 * n) + 1) // 2 for n in squares]

    @pytest.mark.parametrize("rounding", Rounding)
    @pytest.mark.parametrize("depth", WHOLE_DEPTHS)
    def test_rescaled_roots(self, depth, rounding):
        """They are computed in float64: right but within a millionth of a level of a tie."""
        image = np.array([[0, 1, 2, 5, 9, 77, 200, 255]], np.uint8)
        pair = KernelSet((Kernel([[1]]), Kernel([["0.3"]])), Combine.ROOT_SUM_SQUARES)
        answer = run_set(
            image, pair, depth=depth, rounding=rounding, output_range=OutputRange.RESCALE
        )
        low, high = ENDS[depth]
        # The root is 1.044 times the pixel, and its scale cancels.
        wanted = [Fraction(low) + Fraction(int(x), 255) * (high - low) for x in image[0]]
        for ours, value in zip(answer[0].tolist(), wanted, strict=True):
            near = {rounded(value + e * Fraction(1, 10**6), rounding.value) for e in (-1, 0, 1)}
            assert ours in near

    def test_float32_roots_are_the_nearest_or_next(self):
        image = np.random.default_rng(5).integers(0, 256, (9, 9), np.uint8)
        kernels = load("scharr").kernels
        ours = run_set(image, load("scharr"), depth=Depth.F32)
        members = [member_values(image, kernel, "reflect101") for kernel in kernels]
        with localcontext(prec=40):
            for at in np.ndindex(image.shape):
                square = sum(member[at[0]][at[1]] ** 2 for member in members)
                root = Decimal(int(square)).sqrt()
                error = abs(Decimal(float(ours[at])) - root)
                assert error <= Decimal(float(np.spacing(ours[at]))) * Decimal("0.500001")


class TestHugeNumbers:
    """The definition knows no limits to a weight; neither may the integers that serve it."""

    @pytest.mark.parametrize("combine", Combine)
    @pytest.mark.parametrize("level", [0, 9])
    @pytest.mark.parametrize("tiny", ["1e-9", "1e-12", "1e-30", "1e-200"])
    def test_gains_that_differ_widely(self, tiny, level, combine):
        image = np.full((3, 3), level, np.uint8)
        check(
            image,
            [Kernel([[1]]), Kernel([[tiny]])],
            combine,
            Depth.U8,
            Rounding.HALF_EVEN,
            OutputRange.SATURATE,
        )

    @pytest.mark.parametrize("combine", Combine)
    @pytest.mark.parametrize("huge", ["1e9", "1e30", "1e120"])
    def test_weights_beyond_every_range(self, huge, combine):
        image = np.array([[0, 1, 2]], np.uint8)
        check(
            image,
            [Kernel([[1]]), Kernel([[huge]])],
            combine,
            Depth.U8,
            Rounding.HALF_EVEN,
            OutputRange.SATURATE,
        )

    def test_a_set_of_zeros(self):
        image = np.full((3, 3), 7, np.uint8)
        for combine in Combine:
            zeros = KernelSet((Kernel([[0]]), Kernel([[0, 0]])), combine)
            assert not run_set(image, zeros).any()
