"""``Border.IGNORE`` by the core: means at the edges, and a plain correlation inside."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from engines.core import CORE, ISAS, REFERENCE
from imgconv import Kernel
from imgconv.engines.native import NativeEngine
from imgconv.model.border import Border
from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.settings import Settings
from imgconv.ops.linear.inside import mean_at_edges
from imgconv.ops.linear.sums import apply_sums

RANGES = (OutputRange.SATURATE, OutputRange.ABS, OutputRange.OFFSET, OutputRange.FULL)


def some_kernel(rng):
    weights = rng.integers(-3, 9, rng.integers(1, 6, 2))
    weights[0, 0] += weights.sum() == 0
    anchor = tuple(int(rng.integers(0, side)) for side in weights.shape)
    scale = (1, Fraction(1, 7), Fraction(1, abs(int(weights.sum()))))[rng.integers(3)]
    offset = (0, Fraction(1, 2), 3)[rng.integers(3)]
    return Kernel(weights.tolist(), scale=scale, offset=offset, anchor=anchor)


def some_settings(rng):
    return Settings(
        border=Border.IGNORE,
        depth=(None, Depth.U8, Depth.U16, Depth.I16)[rng.integers(4)],
        stride=tuple(map(int, rng.integers(1, 4, 2))),
        dilation=tuple(map(int, rng.integers(1, 3, 2))),
        size=list(OutputSize)[rng.integers(len(OutputSize))],
        rounding=list(Rounding)[rng.integers(len(Rounding))],
        output_range=RANGES[rng.integers(len(RANGES))],
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
@pytest.mark.parametrize("isa", ISAS)
def test_they_are_the_definition_s(isa, dtype):
    rng = np.random.default_rng(len(isa))
    engine = NativeEngine(CORE, isa=isa)
    info = np.iinfo(dtype)
    served = 0
    for _ in range(60):
        shape = (*rng.integers(9, 24, 2), *((3,) if rng.random() < 0.5 else ()))
        image = rng.integers(info.min, info.max, shape, dtype, endpoint=True)
        kernel, settings = some_kernel(rng), some_settings(rng)
        if kernel.shape == (1, 1):
            continue
        found = apply_sums(image, kernel, settings, engine=engine)
        wanted = apply_sums(image, kernel, settings, engine=REFERENCE)
        assert np.array_equal(found.image, wanted.image)
        assert found.image.dtype == wanted.image.dtype
        assert found.clipped == wanted.clipped
        planes = image if image.ndim == 3 else image[..., None]
        served += mean_at_edges(planes, kernel, settings, 1, engine, None) is not None
    assert served > 30 or dtype == np.int16  # of which the core has no means


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("isa", ISAS)
def test_floats_are_those_of_the_definition(isa, dtype):
    rng = np.random.default_rng(len(isa) + 1)
    engine = NativeEngine(CORE, isa=isa)
    for i in range(40):
        shape = (*rng.integers(9, 24, 2), *((3,) if rng.random() < 0.5 else ()))
        image = (rng.random(shape) * 200).astype(dtype)
        if dtype == np.float32 and i % 4 == 0:
            image.ravel()[:: 1 + i] = (np.nan, np.inf)[i % 8 // 4]
        kernel, settings = some_kernel(rng), some_settings(rng)
        if dtype != np.float32 or i % 2:
            settings = settings._replace(depth=Depth.F32)
        if kernel.shape == (1, 1):
            continue
        found = apply_sums(image, kernel, settings, engine=engine)
        wanted = apply_sums(image, kernel, settings, engine=REFERENCE)
        np.testing.assert_array_equal(found.image, wanted.image)
        assert found.clipped == wanted.clipped


def test_the_stretch_of_rescale_is_left():
    image = np.zeros((9, 9, 1), np.uint8)
    kernel = Kernel([[1, 2, 1]], scale="1/4")
    rescale = Settings(border=Border.IGNORE, output_range=OutputRange.RESCALE)
    assert mean_at_edges(image, kernel, rescale, 1, NativeEngine(CORE), None) is None
