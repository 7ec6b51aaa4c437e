"""Hypothesis strategies for layers: images, weights, and options that let a window fit."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import BORDERS, DTYPES

CONVS = {1: (9, 5), 2: (6, 4), 3: (4, 3)}  # the largest image and kernel sides
WHOLE = st.integers(-9, 9)
DYADIC = st.floats(-4, 4, width=32).filter(lambda v: v == 0 or abs(v) > 1e-3)
WIDE = st.one_of(st.floats(-4, 4), st.sampled_from([1e-30, -3e-20, 2.0**-60, 1e20, 0.0]))
RATIONAL = st.one_of(st.fractions(-3, 3, max_denominator=60), st.integers(-5, 5))


@st.composite
def layers(draw, axes, numbers):
    """An image, weights and the options of a layer in which at least one window fits."""
    largest, side = CONVS[axes]
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    per_group = draw(st.integers(1, 2))
    members = draw(st.integers(1, 2))
    kernel = tuple(draw(st.integers(1, side)) for _ in range(axes))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(axes))
    stride = tuple(draw(st.integers(1, 5)) for _ in range(axes))
    sizes = tuple(draw(st.integers(1, largest)) for _ in range(axes))
    pads = tuple((draw(st.integers(0, 4)), draw(st.integers(0, 4))) for _ in range(axes))
    fits = all(
        n + sum(p) >= (k - 1) * d + 1
        for n, p, k, d in zip(sizes, pads, kernel, dilation, strict=True)
    )
    padding = draw(st.sampled_from(["same", "same-lower", *[pads] * 2][: 4 if fits else 2]))
    dtype = draw(st.sampled_from(DTYPES))
    elements = st.floats(-100, 100, width=32) if dtype == "float32" else None
    image = draw(hnp.arrays(dtype, (*sizes, groups * per_group), elements=elements))
    weights = draw(hnp.arrays(object, (groups * members, per_group, *kernel), elements=numbers))
    bias = draw(st.none() | st.lists(numbers, min_size=len(weights), max_size=len(weights)))
    options = {
        "stride": stride,
        "dilation": dilation,
        "padding": padding,
        "border": draw(st.sampled_from(BORDERS)),
        "border_value": draw(st.sampled_from([0, 7])),
        "groups": groups,
    }
    return image, weights, bias, options
