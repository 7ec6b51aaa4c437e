"""Do the steps of a plan, one or some of them."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.engines.base import Engine
from imgconv.model.alpha import Alpha
from imgconv.model.settings import Settings
from imgconv.model.step_plan import PlannedStep
from imgconv.model.steps.registry import function_of, kind_of
from imgconv.ops.context import StepContext, StepResult
from imgconv.ops.image import Image


def run_step(
    image: Image, planned: PlannedStep, context: StepContext, *, peers: bool = False
) -> StepResult:
    """Do one step by the function that the registry names, or by OpenCV's."""
    role = "apply"
    if peers and planned.step.opencv(planned.before).call and kind_of(planned.step).peer:
        role = "peer"
    result: StepResult = function_of(planned.step, role)(image, planned.step, context)
    return result


def context_of(
    planned: PlannedStep,
    alpha: Alpha,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
) -> StepContext:
    """Return what a step's function is told of its settings and of how it runs."""
    return StepContext(input_settings(planned), alpha, threads, engine)


def input_settings(planned: PlannedStep) -> Settings:
    """Return the settings of a step, the border's value as one of its input."""
    if planned.light is None:
        return planned.settings
    from imgconv.ops.color.linear_light import settings_in_light

    return settings_in_light(planned.settings, planned.light)


def run_all(image: Image, steps: Sequence[PlannedStep], alpha: Alpha) -> list[Image]:
    """Return the image before each of some steps, and after the last one."""
    images = [image]
    for planned in steps:
        images.append(run_step(images[-1], planned, context_of(planned, alpha)).image)
    return images
