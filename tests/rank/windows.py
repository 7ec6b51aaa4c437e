"""What tests of order statistics draw from: borders, values and footprints."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from strategies import BORDERS

ALL_BORDERS = (*BORDERS, "ignore")
SCIPY_MODES = {
    "constant": "constant",
    "replicate": "nearest",
    "reflect": "reflect",
    "reflect101": "mirror",
    "wrap": "wrap",
}


def noise(dtype, shape=(9, 11), seed=1, levels=None):
    """Values of a whole type, or few levels, so that some are equal."""
    generator = np.random.default_rng(seed)
    if dtype == "float32":
        return np.round(generator.normal(0, 3, shape), 1).astype(dtype)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    if levels:
        return generator.integers(0, levels, shape).astype(dtype)
    return generator.integers(low, high, shape, endpoint=True).astype(dtype)


def footprints():
    """Any footprint up to 5 x 5, with any anchor in it."""
    shapes = st.tuples(st.integers(1, 5), st.integers(1, 5))
    return shapes.flatmap(
        lambda shape: st.tuples(
            st.lists(st.booleans(), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
            .filter(any)
            .map(lambda on: np.array(on).reshape(shape)),
            st.tuples(st.integers(0, shape[0] - 1), st.integers(0, shape[1] - 1)),
        )
    )
