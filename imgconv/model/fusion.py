"""Make one kernel of two that follow each other, where that changes no bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from imgconv.model.algebra import composed
from imgconv.model.border import Border
from imgconv.model.errors import KernelError, LimitError
from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Filter
from imgconv.model.output import Depth
from imgconv.model.recipe import Settings

_EXACT_IN_FLOAT32 = 1 << 24


def fused(
    kernels: Sequence[Filter], settings: Settings, depth: Depth, between: Depth
) -> tuple[list[Filter], list[str]]:
    """Compose neighbours of a chain into one kernel each, where the result is the same.

    Parameters
    ----------
    kernels : sequence of Kernel or KernelSet
    settings : Settings
        Border, stride and size of every stage.
    depth, between : Depth
        Of the image, and of what stands between two kernels.

    Returns
    -------
    (list of Kernel or KernelSet, list of str)
        The shorter chain, and what was fused or why not, a line each.
    """
    result: list[Filter] = []
    notes: list[str] = []
    reach: tuple[int, int] | None = (depth.low, depth.high) if depth is not Depth.F32 else None
    for kernel in kernels:
        if not result:
            result.append(kernel)
            continue
        last = result[-1]
        why = _obstacle(last, kernel, settings, reach, between)
        one = _composed(last, kernel) if why is None else None
        if one is not None:
            name = f"({last.name or 'matrix'}) @ ({kernel.name or 'matrix'})"
            result[-1] = one.named(name)
            notes.append(
                f"fused {name} into one kernel of {' x '.join(map(str, result[-1].shape))}"
            )
        else:
            why = why or "the two are too large to compose"
            notes.append(f"not fused, {last.name or 'matrix'} and {kernel.name or 'matrix'}: {why}")
            result.append(kernel)
            reach = (between.low, between.high) if between is not Depth.F32 else None
    return result, notes


def _composed(first: Filter, second: Filter) -> Kernel | None:
    try:
        return composed(cast(Kernel, first), cast(Kernel, second))
    except (KernelError, LimitError):
        return None


def _obstacle(
    first: Filter,
    second: Filter,
    settings: Settings,
    reach: tuple[int, int] | None,
    between: Depth,
) -> str | None:
    """Return why the two are not the same as one."""
    if not (isinstance(first, Kernel) and isinstance(second, Kernel)):
        return "a set of kernels is not linear"
    if settings.stride != (1, 1):
        return "a stride skips what the second kernel needs"
    wraps = settings.border is Border.WRAP and settings.size is OutputSize.SAME
    if not wraps and settings.size is not OutputSize.VALID:
        return f"border {settings.border.value} is applied between them"
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
