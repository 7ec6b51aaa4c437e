"""Values of sets by the core: exact in floats, checked in floats or doubles, or settled."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from unit.bank_tools import load

from engines.core import CORE, ISAS, REFERENCE
from imgconv import Kernel, KernelSet
from imgconv.engines.native import NativeEngine
from imgconv.model.kernel_set import Combine
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.settings import Settings
from imgconv.ops.linear import set_bands
from imgconv.ops.linear.kernel_set import apply_set

PLAIN = [[[-1, 0, 1]], [[-1], [0], [1]]]
DEEP = [[["-0.229879", "0.540242", "0.1"]], [["0.425287"], ["-1.1048542"]]]
WIDE = [[[-47, 0, 47], [-162, 0, 162]], [[-47, -162], [0, 0], [47, 162]]]
SCALES = {"1": 1, "1/2": Fraction(1, 2), "0.0173": "0.0173", "tiny": Fraction(1, 10**200)}
WAYS = {
    "exact in floats": (PLAIN, "1/2", Depth.U8, "ALL", False),
    "checked, right in doubles": (WIDE, "0.0173", Depth.U8, "IN_DOUBLE", False),
    "right in doubles": (WIDE, "0.0173", Depth.U16, "ALL", True),
    "never proved": (DEEP, "0.0173", Depth.U8, "NONE", True),
    "never proved, 16 bits": (DEEP, "1", Depth.I16, "NONE", True),
}


def set_of(weights, scale, combine=Combine.ROOT_SUM_SQUARES):
    return KernelSet(tuple(Kernel(each, scale=SCALES[scale]) for each in weights), combine)


def planned(monkeypatch, image, kernels, settings):
    """Apply a set by the core, and give the plan that it took too."""
    plans = []
    plan_of = set_bands._planned
    with monkeypatch.context() as patch:
        patch.setattr(set_bands, "_planned", lambda *job: plans.append(plan_of(*job)) or plans[-1])
        found = apply_set(image, kernels, settings, engine=NativeEngine(CORE))
    return found, plans[0]


@pytest.mark.parametrize("way", WAYS)
def test_which_steps_are_taken(monkeypatch, way):
    weights, scale, depth, proof, wide = WAYS[way]
    image = np.random.default_rng(2).integers(0, 256, (40, 50), np.uint8)
    settings = Settings(depth=depth)
    found, plan = planned(monkeypatch, image, set_of(weights, scale), settings)
    assert (plan.proof, plan.wide) == (proof, wide)
    wanted = apply_set(image, set_of(weights, scale), settings, engine=REFERENCE)
    assert np.array_equal(found.image, wanted.image)
    assert found.clipped == wanted.clipped


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("chosen", [OutputRange.SATURATE, OutputRange.OFFSET, OutputRange.ABS])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("depth", [Depth.U8, Depth.U16, Depth.I16])
@pytest.mark.sampled(4)
def test_they_are_the_definition_s(isa, rounding, chosen, scale, depth):
    engine = NativeEngine(CORE, isa=isa)
    settings = Settings(depth=depth, rounding=rounding, output_range=chosen)
    rng = np.random.default_rng(4)
    for weights in (PLAIN, DEEP, WIDE, PLAIN + WIDE):
        for most in (255, 5):
            image = rng.integers(0, most, (23, 41, 3), np.uint8, endpoint=True)
            kernels = set_of(weights, scale)
            found = apply_set(image, kernels, settings, engine=engine)
            wanted = apply_set(image, kernels, settings, engine=REFERENCE)
            assert np.array_equal(found.image, wanted.image)
            assert found.clipped == wanted.clipped


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("combine", [Combine.SUM_ABS, Combine.MAX, Combine.MAX_ABS])
@pytest.mark.parametrize("chosen", [OutputRange.SATURATE, OutputRange.OFFSET, OutputRange.ABS])
@pytest.mark.parametrize("depth", [Depth.U8, Depth.U16])
@pytest.mark.sampled(3)
def test_what_no_float_proves_of_other_values(isa, combine, chosen, depth):
    image = np.random.default_rng(9).integers(0, 65536, (23, 41), np.uint16)
    settings = Settings(depth=depth, output_range=chosen)
    for weights in (DEEP, [DEEP[0], [["1e-9", "-123456.789"]], DEEP[1]]):
        kernels = set_of(weights, "0.0173", combine)
        found = apply_set(image, kernels, settings, engine=NativeEngine(CORE, isa=isa))
        wanted = apply_set(image, kernels, settings, engine=REFERENCE)
        assert np.array_equal(found.image, wanted.image)
        assert found.clipped == wanted.clipped


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("rounding", [Rounding.HALF_EVEN, Rounding.HALF_UP, Rounding.HALF_DOWN])
def test_ties_that_no_float_proves_are_settled(isa, rounding):
    """Weights of 40 bits: values of every second pixel are halves, and some are clamped."""
    unit = 1 << 40
    kernels = KernelSet(
        (
            Kernel([[unit + 1]], scale=Fraction(5, 2 * (unit + 1))),
            Kernel([[0, 1], [0, 0]], scale=0),
        ),
        Combine.ROOT_SUM_SQUARES,
    )
    image = np.random.default_rng(6).integers(0, 256, (9, 11), np.uint8)
    image[3, :4] = 102, 101, 103, 100
    settings = Settings(rounding=rounding)
    found = apply_set(image, kernels, settings, engine=NativeEngine(CORE, isa=isa))
    wanted = apply_set(image, kernels, settings, engine=REFERENCE)
    assert np.array_equal(found.image, wanted.image)
    assert found.clipped == wanted.clipped > 0


@pytest.mark.parametrize(
    "name", ["farid", "frei_chen_edge", "scharr_optimal", "central_difference"]
)
def test_sets_of_the_bank_need_no_other_engine(monkeypatch, name):
    image = np.random.default_rng(7).integers(0, 256, (60, 70), np.uint8)
    found, plan = planned(monkeypatch, image, load(name), Settings())
    assert plan is not None
    wanted = apply_set(image, load(name), Settings(), engine=REFERENCE)
    assert np.array_equal(found.image, wanted.image)
    assert found.clipped == wanted.clipped


@pytest.mark.parametrize("combine", Combine)
@pytest.mark.parametrize("depth", [Depth.U8, Depth.I16, Depth.F32])
@pytest.mark.parametrize("most", [0, 255, 65535])
def test_rescaled_values_are_the_definition_s(combine, depth, most):
    dtype = np.uint16 if most > 255 else np.uint8
    image = np.random.default_rng(10).integers(0, most, (21, 34), dtype, endpoint=True)
    settings = Settings(depth=depth, output_range=OutputRange.RESCALE)
    for weights in (PLAIN, WIDE, DEEP):
        kernels = set_of(weights, "0.0173", combine)
        found = apply_set(image, kernels, settings, engine=NativeEngine(CORE))
        wanted = apply_set(image, kernels, settings, engine=REFERENCE)
        assert np.array_equal(found.image, wanted.image)
        assert found.clipped == wanted.clipped
