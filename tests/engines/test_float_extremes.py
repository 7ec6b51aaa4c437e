"""The least and the greatest exact sum of float images, which ``--range rescale`` stretches."""

from __future__ import annotations

import numpy as np
import pytest

from engines.core import CORE, ISAS, REFERENCE
from imgconv import Kernel
from imgconv.engines.native import NativeEngine
from imgconv.model.border import Border
from imgconv.model.settings import Settings
from imgconv.ops.linear.single import plan

KINDS = {
    "any": lambda image: image,
    "flat": lambda image: np.full_like(image, 0.3),
    "steps": lambda image: np.round(image * 4) / np.float32(4),
    "with NaN": lambda image: np.where(image < 0.1, np.float32(np.nan), image),
    "with infinity": lambda image: np.where(image < 0.1, np.float32(np.inf), image),
    "nothing finite": lambda image: np.full_like(image, np.nan),
    "greatest": lambda image: image * np.float32(3e38),
    "least": lambda image: image * np.float32(1e-42),
}


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("kind", KINDS)
def test_they_are_the_definition_s(isa, kind):
    rng = np.random.default_rng(len(kind))
    engine = NativeEngine(CORE, isa=isa)
    for i in range(25):
        shape = (*rng.integers(5, 14, 2), *((3,) if i % 2 else ()))
        image = KINDS[kind](rng.random(shape, np.float32))
        weights = rng.integers(-9, 10, rng.integers(1, 5, 2)) * (1 << 40 if i % 5 == 0 else 1)
        weights[0, 0] += not weights.any()
        settings = Settings(
            border=(Border.REFLECT101, Border.CONSTANT, Border.WRAP)[i % 3],
            stride=tuple(map(int, rng.integers(1, 3, 2))),
            dilation=(int(rng.integers(1, 3)), 1),
        )
        job = plan(image, Kernel(weights.tolist()), settings, 1)
        assert engine.extremes(job) == REFERENCE.extremes(job)


def test_many_windows_that_are_the_same():
    """Two places differ by less than the last bit of a float32 of the sum."""
    image = np.ones((300, 400), np.float32)
    image[7, 9], image[200, 300] = 1 + 2.0**-20, 1 - 2.0**-20
    job = plan(image, Kernel([[1, 1 << 10, 1]]), Settings(), 1)
    low, high = NativeEngine(CORE).extremes(job)
    assert float(low) == 1026 - 2.0**-10
    assert float(high) == 1026 + 2.0**-10
    assert (low, high) == REFERENCE.extremes(job)
