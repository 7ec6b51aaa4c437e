"""A kernel or a set of them on an image: what only some of them need is imported for these."""

from __future__ import annotations

from imgconv.engines.base import Engine, Filtered
from imgconv.model.border import Border
from imgconv.model.kernel_set import KernelSet, as_sums
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Step
from imgconv.ops.image import Image
from imgconv.ops.linear.single import apply_kernel
from imgconv.ops.part import Part


def apply_sums(
    image: Image,
    step: Step,
    settings: Settings,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    part: Part | None = None,
) -> Filtered:
    """Correlate a checked image, or a part of one, with a kernel or a set of them."""
    kernel = as_sums(step)
    if isinstance(kernel, KernelSet):
        from imgconv.ops.linear.kernel_set import apply_set

        return apply_set(image, kernel, settings, threads=threads, engine=engine, part=part)
    if settings.border is Border.IGNORE and kernel.shape != (1, 1):
        from imgconv.ops.linear.weighted import filter_inside

        return filter_inside(image, kernel, settings, threads, engine, part)
    return apply_kernel(image, kernel, settings, threads=threads, engine=engine, part=part)
