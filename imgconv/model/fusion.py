"""Make one kernel of two that follow each other, where that changes no bit."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.model.algebra import composed
from imgconv.model.border import Border
from imgconv.model.errors import KernelError, LimitError
from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Step

_EXACT_IN_FLOAT32 = 1 << 24


def fused(
    steps: Sequence[Step], settings: Settings, depth: Depth, between: Depth
) -> tuple[list[Step], list[str]]:
    """Compose neighbours of a chain of sums into one kernel each, where the result is the same.

    Parameters
    ----------
    steps : sequence of Step
        That make sums.
    settings : Settings
        Border, stride and size of every step.
    depth, between : Depth
        Of the image, and of what stands between two steps.

    Returns
    -------
    (list of Step, list of str)
        The shorter chain, and what was fused or why not, a line each.
    """
    result: list[Step] = []
    notes: list[str] = []
    reach: tuple[int, int] | None = (depth.low, depth.high) if depth is not Depth.F32 else None
    for step in steps:
        if not result:
            result.append(step)
            continue
        last = result[-1]
        first, second = last.name or "matrix", step.name or "matrix"
        why = _obstacle(last, step, settings, reach, between)
        one = _composed(last, step) if why is None else None
        if one is not None:
            name = f"({first}) @ ({second})"
            result[-1] = one.named(name)
            notes.append(f"fused {name} into one kernel of {' x '.join(map(str, one.shape))}")
        else:
            why = why or "the two are too large to compose"
            notes.append(f"not fused, {first} and {second}: {why}")
            result.append(step)
            reach = (between.low, between.high) if between is not Depth.F32 else None
    return result, notes


def _composed(first: Step, second: Step) -> Kernel | None:
    try:
        return composed(first.members[0], second.members[0])
    except (KernelError, LimitError):
        return None


def _obstacle(
    one: Step,
    other: Step,
    settings: Settings,
    reach: tuple[int, int] | None,
    between: Depth,
) -> str | None:
    """Return why the two are not the same as one."""
    if not (one.is_linear and other.is_linear):
        return "a set of kernels is not linear"
    if settings.stride != (1, 1):
        return "a stride skips what the second kernel needs"
    wraps = settings.border is Border.WRAP and settings.size is OutputSize.SAME
    if not wraps and settings.size is not OutputSize.VALID:
        return f"border {settings.border.value} is applied between them"
    first = one.members[0]
    values = [first.scale * weight for row in first.weights for weight in row]
    if first.offset.denominator != 1 or any(value.denominator != 1 for value in values):
        return "what stands between them is rounded"
    if reach is None:
        return "what stands between them is rounded to float32"
    low = first.offset + sum(value * reach[value < 0] for value in values)
    high = first.offset + sum(value * reach[value > 0] for value in values)
    limits = (between.low, between.high)
    if between is Depth.F32:
        limits = (-_EXACT_IN_FLOAT32, _EXACT_IN_FLOAT32)
    if low < limits[0] or high > limits[1]:
        return f"values from {low} to {high} do not fit {between.value} between them"
    return None
