"""Python and the core agree: names, plans field by field, and what an instruction set can do."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from engines.core import CORE, ISAS, REFERENCE, image_of
from engines.engine_jobs import Weights, job
from imgconv.engines.core_values import plan_for_core
from imgconv.engines.native import NativeEngine, capabilities_of
from imgconv.engines.plan import Algorithm, Plan, SumKind
from imgconv.model.border import STAND_INS, Border
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth, Rounding


def test_unknown_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGCONV_ISA", "mmx")
    with pytest.raises(ArgumentError, match="mmx"):
        NativeEngine(CORE)
    monkeypatch.delenv("IMGCONV_ISA")
    monkeypatch.setenv("IMGCONV_PATH", "luck")
    with pytest.raises(ArgumentError, match="luck"):
        NativeEngine(CORE)


def test_a_plan_is_not_taken_for_anothers() -> None:
    """One engine, and jobs that differ from the last in one thing each."""
    engine = NativeEngine(CORE)
    picture, wide = image_of(Depth.U8, (20, 90)), image_of(Depth.U8, (20, 400))
    color, deep = picture[:, :30].reshape(20, 10, 3), picture.astype(np.uint16)
    weights: Weights = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    first = job(picture, weights, scale=Fraction(1, 16))
    changes: list[dict[str, Any]] = [
        {"gain": Fraction(1, 17)}, {"bias": Fraction(3)}, {"absolute": True}, {"depth": Depth.U16},
        {"rounding": Rounding.TRUNCATE}, {"weights": ((1, 0, 1), (0, 3, 0), (1, 0, 1))},
        {"border": Border.WRAP},
    ]  # fmt: skip
    others = [first._replace(**change) for change in changes]
    for image in (wide, color, deep):
        others.append(job(image, weights)._replace(weights=first.weights, gain=first.gain))
    for other in others:
        for wanted in (first, other, first):
            expected = REFERENCE.correlate(wanted)
            np.testing.assert_array_equal(engine.correlate(wanted).image, expected.image)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Algorithm", Algorithm),
        ("SumKind", SumKind),
        ("Border", STAND_INS),
        ("Rounding", Rounding),
        ("Type", Depth),
    ],
)
def test_enumerations_have_the_same_names_in_the_core(name: str, ours: Any) -> None:
    bound = getattr(CORE, name)
    sums = {"F64"} if name == "Type" else set()  # of sums: no picture has it
    assert {value.name for value in bound} == {value.name for value in ours} | sums


def test_a_plan_reaches_the_core_field_by_field() -> None:
    plan = Plan(
        "separable",
        algorithm=Algorithm.DOT16,
        sum_kind=SumKind.REAL,
        separable=True,
        horizontal=Algorithm.F32,
        shift=9,
        bound=0.25,
        bound_fixed=0.125,
        scaled=True,
        exact_span=7.0,
        tile=(64, 128),
        whole=True,
    )
    found = plan_for_core(CORE, plan)
    assert found.algorithm is CORE.Algorithm.DOT16
    assert found.horizontal is CORE.Algorithm.F32
    assert found.sum_kind is CORE.SumKind.REAL
    assert (found.separable, found.scaled, found.whole) == (True, True, True)
    assert (found.shift, found.bound, found.bound_fixed) == (9, 0.25, 0.125)
    assert (found.exact_span, found.tile_rows, found.tile_columns) == (7.0, 64, 128)


@pytest.mark.parametrize("isa", ISAS)
def test_the_core_says_what_an_instruction_set_can_do(isa: str) -> None:
    able = capabilities_of(CORE, isa)
    assert able.vector_bytes in (16, 32, 64)
    kernel = job(np.zeros((600, 800), np.uint8), [[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    for path, has in (("taps16", able.taps16), ("dot8", able.dot8)):
        assert (NativeEngine(CORE, isa=isa, path=path).plan(kernel).path == path) is has


def test_an_instruction_set_that_is_not_there_has_no_capabilities() -> None:
    with pytest.raises(ValueError, match="no instruction set mmx"):
        CORE.capabilities("mmx")
