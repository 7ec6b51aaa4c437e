"""Run a recipe on an array."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Engine
from imgconv.model.alpha import Alpha
from imgconv.model.recipe import Recipe
from imgconv.model.settings import Settings
from imgconv.model.step_plan import PlannedStep
from imgconv.model.steps.registry import function_of, kind_of
from imgconv.ops.context import Outcome, StepContext, StepResult
from imgconv.ops.image import Image, as_image, form_of
from imgconv.ops.regions.masks import NO_MASKS, Masks, check_masks


def run_recipe(
    image: Image,
    recipe: Recipe,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    peers: bool = False,
    masks: Masks = NO_MASKS,
) -> Outcome:
    """Filter an image by a recipe.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32; the last of two or four channels is alpha. Not
        modified.
    recipe : Recipe
    threads : int, optional
        Default the CPUs that this process may use.
    engine : Engine, optional
        Default the fastest exact one.
    peers : bool
        Whether OpenCV does what it has a function for (see `Step.opencv`).
    masks : Masks, optional
        The pictures that the recipe names, read.

    Returns
    -------
    Outcome
        What becomes of alpha is the recipe's to say (see `filter_with_alpha`).
    """
    pixels = as_image(image, recipe.settings.depth)
    if recipe.everywhere is not recipe or masks.mask is not None:
        from imgconv.ops.regions.selected import run_selected

        run = partial(run_recipe, threads=threads, engine=engine, peers=peers)
        return run_selected(pixels, recipe, masks, run)
    check_masks(recipe, masks)
    plan = recipe.planned(form_of(pixels))
    if recipe.nodata.given or masks.valid is not None or masks.limit is not None:
        from imgconv.ops.regions.holes import start

        valid = start(pixels, recipe, plan, masks.valid, masks.limit)
        if valid is not None:
            return _run_on_holes(pixels, valid, recipe, masks, threads, engine)
    clipped, threshold = 0.0, None
    notes = list(plan.notes)
    for planned in plan.steps:
        context = context_of(planned, recipe.alpha, threads=threads, engine=engine)
        result = run_step(pixels, planned, context, peers=peers)
        pixels = result.image
        if result.values:
            clipped = max(clipped, result.clipped / result.values)
        if result.threshold is not None:
            threshold = result.threshold
        notes += result.notes
    return Outcome(pixels, clipped, threshold, tuple(notes))


def _run_on_holes(
    image: Image,
    valid: NDArray[np.bool_],
    recipe: Recipe,
    masks: Masks,
    threads: int | None,
    engine: Engine | None,
) -> Outcome:
    """Do to an image, of which some values do not count, what a recipe says."""
    from imgconv.ops.regions.holes import Holed, filled, hole_notes, run_with_holes, within

    plan = recipe.planned(form_of(image))
    clipped, threshold = 0.0, None
    notes, missing = list(plan.notes), int(np.count_nonzero(~valid))
    holed = Holed.of(image, valid)
    for planned in plan.steps:
        context = context_of(planned, recipe.alpha, threads=threads, engine=engine)
        result, valid = run_with_holes(holed, planned, context, recipe.nodata)
        if masks.limit is not None:
            valid = within(valid, masks.limit)
        holed = Holed.of(result.image, valid)
        if result.values:
            clipped = max(clipped, result.clipped / result.values)
        if result.threshold is not None:
            threshold = result.threshold
        notes += result.notes
    made, alike = filled(holed.image, valid, image, recipe.nodata)
    if recipe.nodata.given:
        notes += hole_notes(missing, int(np.count_nonzero(~valid)), alike)
    return Outcome(made, clipped, threshold, tuple(notes))


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


def run_leading(image: Image, recipe: Recipe) -> Image:
    """Do the steps of a recipe that come before its first window, and before linear light."""
    pixels = as_image(image, recipe.settings.depth)
    plan = recipe.planned(form_of(pixels))
    return run_all(pixels, plan.steps[: plan.leading], recipe.alpha)[-1]


def run_all(image: Image, steps: Sequence[PlannedStep], alpha: Alpha) -> list[Image]:
    """Return the image before each of some steps, and after the last one."""
    images = [image]
    for planned in steps:
        images.append(run_step(images[-1], planned, context_of(planned, alpha)).image)
    return images
