"""The plain oracle of sets of kernels: Python integers, fractions and exact comparisons."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracle import outside, rounded

from imgconv import Kernel, KernelSet
from imgconv.model.border import STAND_INS, Border
from imgconv.model.kernel_set import Combine
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.settings import Settings
from imgconv.ops.linear.kernel_set import apply_set

WHOLE_DEPTHS = (Depth.U8, Depth.U16, Depth.I16)
RANGES = (OutputRange.SATURATE, OutputRange.ABS, OutputRange.OFFSET, OutputRange.FULL)
NO_ROOT = (Combine.MAX, Combine.MAX_ABS, Combine.SUM_ABS)
ENDS = {Depth.U8: (0, 255), Depth.U16: (0, 65535), Depth.I16: (-32768, 32767), Depth.F32: (0, 1)}
MIDDLES = {Depth.U8: 128, Depth.U16: 32768, Depth.I16: 0}
KINDS = {"uint8": Depth.U8, "uint16": Depth.U16, "int16": Depth.I16}

some = settings(max_examples=25, deadline=None)


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
    "border": st.sampled_from(STAND_INS),
}
