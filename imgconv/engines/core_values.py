"""Python's values in the form that the core takes them in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from imgconv.engines.base import Pixels
from imgconv.engines.kernel_facts import KernelFacts
from imgconv.engines.plan import Plan, SumKind

_THREAD_NS = 100_000  # work below this does not pay for waking a thread


def plan_for_core(core: ModuleType, plan: Plan) -> Any:
    """Return a plan as the core has it, field by field."""
    found = core.Plan()
    found.algorithm = getattr(core.Algorithm, plan.algorithm.name)
    found.horizontal = getattr(core.Algorithm, plan.horizontal.name)
    found.sum_kind = getattr(core.SumKind, plan.sum_kind.name)
    found.tile_rows, found.tile_columns = plan.tile
    for name in ("separable", "shift", "bound", "bound_fixed", "scaled", "exact_span", "whole"):
        setattr(found, name, getattr(plan, name))
    return found


def halves(numbers: Sequence[int]) -> Pixels:
    """Return 128-bit integers as pairs of int64, low half first."""
    data = b"".join(number.to_bytes(16, "little", signed=True) for number in numbers)
    return np.frombuffer(data, np.int64).reshape(-1, 2).copy()


def rounded_size(rows: int, columns: int) -> tuple[int, int]:
    """Return the size that stands for a picture's in the cache of plans."""
    return 3 << rows.bit_length() >> 2, 3 << columns.bit_length() >> 2


def paid_threads(wanted: int, work: float) -> int:
    """Return how many threads a number of nanoseconds of work pays for."""
    return 1 if work < 2 * _THREAD_NS else min(wanted, math.floor(work / _THREAD_NS))


def factors_of(facts: KernelFacts, plan: Plan) -> tuple[list[float], list[float]]:
    """Return column and row of a separable plan; real sums have the gain in the row."""
    if not plan.separable or facts.factors is None:
        return [], []
    scale = facts.scale if plan.sum_kind is SumKind.REAL and not plan.scaled else 1.0
    column, row = facts.factors
    return [float(weight) for weight in column], [weight * scale for weight in row]
