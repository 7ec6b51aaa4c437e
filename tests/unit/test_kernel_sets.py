"""Sets of kernels against a plain oracle: Python integers, fractions and exact comparisons."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracle import nearest_float32, outside, rounded
from unit.bank_tools import NORTH_FIRST, load, run_set

from imgconv import Kernel, KernelSet, correlate, filter_image
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError, KernelError
from imgconv.model.kernel_set import Combine, SetOutput
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.recipe import Settings
from imgconv.ops.kernel_set import apply_set

WHOLE_DEPTHS = (Depth.U8, Depth.U16, Depth.I16)
RANGES = (OutputRange.SATURATE, OutputRange.ABS, OutputRange.OFFSET, OutputRange.FULL)
NO_ROOT = (Combine.MAX, Combine.MAX_ABS, Combine.SUM_ABS)
ENDS = {Depth.U8: (0, 255), Depth.U16: (0, 65535), Depth.I16: (-32768, 32767), Depth.F32: (0, 1)}
MIDDLES = {Depth.U8: 128, Depth.U16: 32768, Depth.I16: 0}
KINDS = {"uint8": Depth.U8, "uint16": Depth.U16, "int16": Depth.I16}

some = settings(max_examples=60, deadline=None)


# ---- the oracle ------------------------------------------------------------------------------


def member_values(image, kernel, border):
    """Give scale * sum(weights * window) at each pixel, as rows of fractions."""
    rows, columns = image.shape
    pixels = image.tolist()

    def at(y, x):
        y, x = outside(y, rows, border), outside(x, columns, border)
        return 0 if y is None or x is None else pixels[y][x]

    def value(top, left):
        taps = (
            weight * at(top + r, left + c)
            for r, row in enumerate(kernel.weights)
            for c, weight in enumerate(row)
            if weight
        )
        return Fraction(kernel.scale) * sum(taps)

    return [
        [value(y - kernel.anchor[0], x - kernel.anchor[1]) for x in range(columns)]
        for y in range(rows)
    ]


def combined(values, combine):
    """Combine the values of one pixel; of a root, the square."""
    if combine is Combine.MAX:
        return max(values)
    if combine is Combine.MAX_ABS:
        return max(map(abs, values))
    if combine is Combine.SUM_ABS:
        return sum(map(abs, values))
    return sum(value * value for value in values)


def rounded_root(square, bias, rounding):
    """Round sqrt(square) + bias, exactly."""
    root = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
    if root * root == square:
        return rounded(root + bias, rounding)
    if rounding != "truncate":  # an irrational number is no tie
        return floor_of_root(square, bias + Fraction(1, 2))
    below = floor_of_root(square, bias)
    return below if below >= 0 else below + 1


def floor_of_root(square, bias):
    """Give the greatest whole number that is at most sqrt(square) + bias."""
    low = math.isqrt(square.numerator // square.denominator) + math.floor(bias)
    needed = low + 1 - bias
    return low + 1 if needed <= 0 or needed * needed <= square else low


def expected(image, kernels, combine, depth, rounding, chosen, border="reflect101"):
    """Give the picture and the count of clipped values."""
    members = [member_values(image, kernel, border) for kernel in kernels]
    pixels = [
        [combined(values, combine) for values in zip(*rows, strict=True)]
        for rows in zip(*members, strict=True)
    ]
    root = combine is Combine.ROOT_SUM_SQUARES
    gain, bias = Fraction(1), Fraction(0)
    if chosen is OutputRange.OFFSET:
        bias = Fraction(MIDDLES[depth])
    elif chosen is OutputRange.FULL:
        gain = Fraction(ENDS[depth][1], ENDS[KINDS[image.dtype.name]][1])
    elif chosen is OutputRange.RESCALE:
        low, high = min(map(min, pixels)), max(map(max, pixels))
        bottom, top = ENDS[depth]
        gain = (top - bottom) / Fraction(high - low) if high > low else Fraction(0)
        bias = bottom - gain * low

    def finished(value):
        if root:
            return rounded_root(value * gain * gain, bias, rounding.value)
        value = value * gain + bias
        return rounded(abs(value) if chosen is OutputRange.ABS else value, rounding.value)

    whole = [[finished(value) for value in row] for row in pixels]
    low, high = ENDS[depth]
    clipped = sum(not low <= value <= high for row in whole for value in row)
    return [[min(max(value, low), high) for value in row] for row in whole], clipped


def check(image, kernels, combine, depth, rounding, chosen, border=Border.REFLECT101):
    asked = Settings(depth=depth, rounding=rounding, output_range=chosen, border=border)
    answer = apply_set(image, KernelSet(tuple(kernels), combine), asked)
    wanted, clipped = expected(image, kernels, combine, depth, rounding, chosen, border.value)
    assert answer.image.dtype == np.dtype(depth.dtype)
    assert answer.image.tolist() == wanted
    assert answer.clipped == clipped


# ---- random sets -----------------------------------------------------------------------------

DTYPES = st.sampled_from(sorted(KINDS))


def images(max_side=4, dtypes=DTYPES):
    shapes = st.tuples(st.integers(1, max_side), st.integers(1, max_side))
    return st.tuples(dtypes, shapes).flatmap(lambda pair: hnp.arrays(np.dtype(pair[0]), pair[1]))


NUMBERS = st.one_of(
    st.integers(-9, 9),
    st.fractions(-2, 2, max_denominator=12),
    st.sampled_from([Fraction(1, 256), Fraction("0.1"), Fraction(1, 3**9), 10**6]),
)
SCALES = st.sampled_from(
    [1, 2, -1, Fraction(1, 2), Fraction(1, 3), Fraction(-3, 8), Fraction(1, 49)]
)


@st.composite
def kernel_lists(draw, most=4):
    kernels = []
    for _ in range(draw(st.integers(2, most))):
        rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        row = st.lists(NUMBERS, min_size=columns, max_size=columns)
        weights = draw(st.lists(row, min_size=rows, max_size=rows))
        kernels.append(Kernel(weights, scale=draw(SCALES)))
    return kernels


ANY = {
    "depth": st.sampled_from(WHOLE_DEPTHS),
    "rounding": st.sampled_from(Rounding),
    "border": st.sampled_from(Border),
}


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

    def test_alpha_is_carried(self):
        image = np.random.default_rng(9).integers(0, 256, (6, 5, 4), np.uint8)
        answer = filter_image(image, kernels=["sobel"])
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
