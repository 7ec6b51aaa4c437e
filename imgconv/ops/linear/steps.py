"""Kernels, sets and conversions as steps of a recipe."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from imgconv.engines.base import Filtered
from imgconv.model.alpha import Alpha
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import KernelSet
from imgconv.model.steps.base import Step
from imgconv.ops.context import StepContext, StepResult
from imgconv.ops.image import Image, colour_values, has_alpha
from imgconv.ops.linear.single import extremes_of
from imgconv.ops.linear.sums import apply_sums
from imgconv.ops.part import Extremes

IDENTITY = Kernel([[1]], name="identity")


def apply(image: Image, step: Kernel | KernelSet, context: StepContext) -> StepResult:
    """Correlate an image, or a band of one, as its alpha asks for."""
    part = context.part
    if part is not None and context.facts is not None:
        part = part._replace(extremes=context.facts)
    run: Callable[..., Filtered] = apply_sums
    if has_alpha(image):
        from imgconv.ops.linear.alpha import filter_with_alpha

        run = partial(filter_with_alpha, alpha=context.alpha)
    image, clipped = run(
        image, step, context.settings, threads=context.threads, engine=context.engine, part=part
    )
    return StepResult(image, clipped, colour_values(image.shape))


def convert(image: Image, step: Step, context: StepContext) -> StepResult:
    """Apply depth, range and rounding to the values as they are."""
    del step
    return apply(image, IDENTITY, context)


class KernelSurvey:
    """The least and the greatest exact sum of an image."""

    def __init__(self, step: Step, context: StepContext) -> None:
        del context
        self._kernel = step.members[0] if step.members else IDENTITY
        self._ends: list[Any] = []

    def add(self, image: Image, context: StepContext) -> None:
        """Take in what one part of the output needs."""
        colours = has_alpha(image) and context.alpha is not Alpha.FILTER
        self._ends += self._ends_of(image[..., :-1] if colours else image, context)

    def result(self) -> Extremes:
        """Return the two; nothing, where no sum is finite."""
        return (min(self._ends), max(self._ends)) if self._ends else ()

    def _ends_of(self, image: Image, context: StepContext) -> Extremes:
        settings, _, threads, engine, part, _ = context
        return extremes_of(image, self._kernel, settings, threads=threads, engine=engine, part=part)


class SetSurvey(KernelSurvey):
    """The least and the greatest value of a set of kernels."""

    def __init__(self, step: KernelSet, context: StepContext) -> None:
        super().__init__(step, context)
        self._set = step

    def _ends_of(self, image: Image, context: StepContext) -> Extremes:
        from imgconv.ops.linear.kernel_set import set_extremes

        settings, _, threads, engine, part, _ = context
        return set_extremes(image, self._set, settings, threads=threads, engine=engine, part=part)
