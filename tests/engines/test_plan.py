"""What the planner chooses, without running it."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from imgconv.engines.kernel_facts import KernelFacts
from imgconv.engines.plan import PATHS, Plan, SumKind, candidates, make_plan
from imgconv.engines.request import Capabilities, Request
from imgconv.io.kernels.spec import load_single
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth


def facts(weights: Any, scale: object = 1, offset: object = 0) -> KernelFacts:
    form = Kernel(weights, scale=scale, offset=offset).integer_form
    return KernelFacts(form.weights, form.gain, form.bias)


ISAS = {
    "v4": Capabilities(64, fused=True, taps16=True, dot8=True, word_pairs=True, symmetric=True),
    "v3": Capabilities(32, fused=True, taps16=True, word_pairs=True, symmetric=True),
    "v2": Capabilities(16, taps16=True),
    "dotprod": Capabilities(16, fused=True, taps16=True, dot8=True, symmetric=True),
    "neon": Capabilities(16, fused=True, taps16=True, symmetric=True),
    "plain": Capabilities(16),
}


def request(depth: Depth = Depth.U8, isa: str = "v4", **changes: Any) -> Request:
    known = {
        "depth_in": depth,
        "depth_out": depth,
        "absolute": False,
        "channels": 1,
        "stride": (1, 1),
        "dilation": (1, 1),
        "size": (3072, 3072),
        "capabilities": ISAS[isa],
    }
    return Request(**{**known, **changes})


SHARPEN = facts([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
RANDOM = np.random.default_rng(2).integers(-9, 10, (9, 9)).tolist()
FLOATS = np.random.default_rng(2).random((7, 7)).tolist()
LARGE = facts(np.random.default_rng(2).integers(-9, 10, (51, 51)).tolist(), Fraction(1, 9000))
BRIGHT = facts(np.random.default_rng(2).integers(0, 10, (51, 51)).tolist(), Fraction(1, 9000))
BALANCED = np.random.default_rng(3).integers(-9, 10, (13, 13))
BALANCED[6, 6] -= BALANCED.sum()
DISK = facts((np.hypot(*np.mgrid[-9:10, -9:10]) < 9.5).astype(int).tolist(), Fraction(1, 293))
GAUSSIAN = facts(np.outer([300, 900, 300] * 5, [300, 900, 300] * 5).tolist(), Fraction(1, 9000**2))


@pytest.mark.parametrize(
    ("kernel", "asked", "path"),
    [
        (SHARPEN, request(), "taps16"),
        (SHARPEN, request(isa="v3"), "taps16"),
        (SHARPEN, request(isa="plain"), "fma32"),
        (SHARPEN, request(isa="neon"), "taps16"),
        (facts(RANDOM), request(isa="dotprod"), "dot8"),
        (facts(RANDOM), request(isa="neon"), "dot16"),
        (SHARPEN, request(Depth.U16), "fma32"),
        (SHARPEN, request(Depth.F32), "fma64"),
        (facts(RANDOM), request(), "dot8"),
        (facts(RANDOM), request(isa="v3"), "dot16"),
        (facts(FLOATS, 1 / 25), request(), "fixed16"),
        (facts(FLOATS, 1 / 25), request(Depth.U16), "fma64"),
        (facts([[1] * 15] * 15, Fraction(1, 225)), request(), "box"),
        (facts([[1] * 15] * 15, Fraction(1, 225)), request(stride=(2, 2)), "separable"),
        (DISK, request(), "running"),
        (DISK, request(isa="v3"), "running"),
        (DISK, request(size=(4, 3072)), "dot8"),
        (DISK, request(dilation=(2, 1)), "dot8"),
        (GAUSSIAN, request(), "separable"),
        (GAUSSIAN, request(Depth.F32), "separable"),
        (facts([[10**40, 1]]), request(), "reference"),
        (facts([[10**30, 1]]), request(Depth.F32), "fma64"),
        (facts([[0, 0]]), request(), "reference"),
        (SHARPEN, request(channels=65), "exact"),
        (LARGE, request(), "fft"),
        (LARGE, request(isa="v3"), "fft"),
        (LARGE, request(Depth.F32), "fma64"),
        (BRIGHT, request(Depth.F32), "fft"),
        (facts(BALANCED.tolist()), request(Depth.F32), "fma64"),
        (facts(BALANCED.tolist(), 1, 128), request(Depth.F32), "fft"),
        (facts(BALANCED.tolist()), request(Depth.U16), "fft"),
        (facts([[1, 2, 1]] * 3), request(Depth.F32), "fma64"),
        (LARGE, request(stride=(2, 2)), "dot8"),
        (facts(FLOATS, 1 / 25), request(size=(3, 3)), "fma32"),
        (SHARPEN, request(stride=(1, 9)), "exact"),
    ],
)
def test_the_path_chosen(kernel: KernelFacts, asked: Request, path: str) -> None:
    assert make_plan(kernel, asked).path == path


def test_exact_sums_are_left_where_no_rounding_was_proved() -> None:
    for plan in candidates(SHARPEN, request(), proved=False):
        assert plan.path == "exact" or plan.sum_kind is not SumKind.INTEGER


def test_running_sums_end_where_a_change_is_no_int16() -> None:
    def paths(weight: int) -> set[str]:
        return {p.path for p in candidates(facts([[weight, 1], [-1, 1]]), request(Depth.U16))}

    assert "running" in paths(32766)
    assert "running" not in paths(32767)


def test_int16_sums_end_where_they_could_overflow() -> None:
    def paths(weight: int) -> set[str]:
        return {plan.path for plan in candidates(facts([[weight, 64], [-1, 0]]), request())}

    assert "taps16" in paths(64)
    assert "taps16" not in paths(65)


def test_weights_of_a_byte_end_at_127_and_minus_128() -> None:
    def paths(weight: int) -> set[str]:
        return {plan.path for plan in candidates(facts([[weight, 1]]), request())}

    assert "dot8" in paths(127)
    assert "dot8" in paths(-128)
    assert "dot8" not in paths(128)
    assert "dot8" not in paths(-129)


def test_a_negative_gain_turns_the_weights() -> None:
    turned = facts([[1, 2]], Fraction(-1, 3))
    assert turned.flat == [-1, -2]
    assert (turned.positive, turned.negative) == (0, 3)


def test_sums_of_tiles_are_whole_only_where_the_bound_says_so() -> None:
    def whole(largest: int) -> set[bool]:
        kernel = facts([[largest, 1, 2, 3, 5]] * 5, Fraction(1, largest))
        return {p.whole for p in candidates(kernel, request()) if p.path == "fft"}

    assert True in whole(1000)
    assert whole(10**9) == {False}


def test_sixteen_times_the_taps_cost_less_than_four_times_as_much() -> None:
    def plan(side: int) -> Plan:
        rows = np.random.default_rng(2).integers(0, 3, (side, side)).tolist()
        return make_plan(facts(rows, Fraction(1, side**2)), request())

    assert plan(128).path == plan(512).path == "fft"
    assert plan(512).cost < 4 * plan(128).cost


def test_every_bound_is_positive() -> None:
    for depth in Depth:
        for plan in candidates(facts(FLOATS, Fraction(1, 25), 3), request(depth)):
            assert plan.sum_kind is SumKind.INTEGER or plan.whole or plan.bound > 0


def needed(path: str, able: Capabilities) -> bool:
    return {"taps16": able.taps16, "dot8": able.dot8}.get(path, True)


@pytest.mark.parametrize("vector_bytes", [8, 16, 32, 64, 128])
@pytest.mark.parametrize("has", list(product([False, True], repeat=5)))
@pytest.mark.sampled(5)
def test_any_instruction_set_gets_plans_that_it_can_run(
    vector_bytes: int, has: tuple[bool, ...]
) -> None:
    able = Capabilities(vector_bytes, *has)
    for kernel in (SHARPEN, facts(FLOATS, Fraction(1, 25)), GAUSSIAN, DISK):
        for depth in Depth:
            asked = request(depth, capabilities=able)
            paths = {plan.path for plan in candidates(kernel, asked)}
            assert "exact" in paths <= set(PATHS)
            assert all(needed(path, able) for path in paths)
            assert make_plan(kernel, asked).cost < 1e6


@pytest.mark.parametrize("isa", ["v4", "v3"])
@pytest.mark.parametrize("name", [f"frei_chen_w{number}" for number in range(1, 5)])
def test_kernels_whose_values_are_often_halves_have_whole_sums(name: str, isa: str) -> None:
    """Ties are undecided whatever the bound: on smooth areas they took eight times the rest."""
    form = load_single(name).integer_form
    plan = make_plan(KernelFacts(form.weights, form.gain, form.bias), request(isa=isa))
    assert (plan.path, plan.sum_kind) == ("dot16", SumKind.INTEGER)
