"""Hypothesis strategies for images and kernels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

DTYPES = ("uint8", "uint16", "int16", "float32")
BORDERS = ("constant", "replicate", "reflect", "reflect101", "wrap")


def images(dtypes=DTYPES, max_side=7, channels=(None,)):
    """Images of any content: (rows, columns), or (rows, columns, channels)."""

    def of(dtype, channel):
        tail = () if channel is None else (channel,)
        elements = None
        if dtype == "float32":
            elements = st.floats(width=32, allow_nan=False, allow_infinity=False)
        shapes = st.tuples(*[st.integers(1, max_side)] * 2).map(lambda side: side + tail)
        return hnp.arrays(np.dtype(dtype), shapes, elements=elements)

    return st.builds(
        lambda d, c: (d, c), st.sampled_from(dtypes), st.sampled_from(channels)
    ).flatmap(lambda pair: of(*pair))


def weights(max_side=4, numbers=None):
    """Rows of exact numbers: small integers, fractions, floats of every size."""
    numbers = (
        numbers
        if numbers is not None
        else st.one_of(
            st.integers(-20, 20),
            st.fractions(-3, 3, max_denominator=400),
            st.floats(-4, 4).map(Fraction),
            st.sampled_from(
                [Fraction(1, 18), Fraction(1, 256), Fraction(10) ** 30, Fraction(1, 10**30)]
            ),
        )
    )
    return st.tuples(st.integers(1, max_side), st.integers(1, max_side)).flatmap(
        lambda shape: st.lists(
            st.lists(numbers, min_size=shape[1], max_size=shape[1]),
            min_size=shape[0],
            max_size=shape[0],
        )
    )
