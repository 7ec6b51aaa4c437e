"""Run a recipe on an array."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Engine
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.model.step_plan import StepPlan
from imgconv.ops.context import Outcome
from imgconv.ops.image import Image, as_image, checked_threads, form_of
from imgconv.ops.pipeline.step import context_of, run_all, run_step
from imgconv.ops.regions.masks import NO_MASKS, Masks, check_masks
from imgconv.system.threads import run_each

_BAND = 1 << 17
"""Pixels of a band, where bands are faster than the whole."""


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
    if not peers and _pays_in_bands(pixels, recipe, plan):
        return _run_in_bands(pixels, recipe, plan, threads, engine)
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


def _pays_in_bands(image: Image, recipe: Recipe, plan: StepPlan) -> bool:
    """Return whether linear light, many times as large as the image, had better stay in a cache."""
    if image.shape[0] * image.shape[1] < 2 * _BAND or not any(p.light for p in plan.steps):
        return False
    return not any(
        p.step.surveys(p.before, p.settings) or p.step.obstacle(p.before, p.settings, recipe.alpha)
        for p in plan.steps
    )


def _run_in_bands(
    image: Image, recipe: Recipe, plan: StepPlan, threads: int | None, engine: Engine | None
) -> Outcome:
    """Do the same a band at a time, in as many stretches of rows as there are threads."""
    from imgconv.ops.pipeline.bands import chain_of
    from imgconv.ops.pipeline.lazy_rows import LazyRows

    class Whole:
        shape, dtype = image.shape, image.dtype

        def read(self, start: int, stop: int) -> Image:
            return image[start:stop]

    def chained(inside: int) -> list[LazyRows]:
        return chain_of(Whole(), recipe, threads=inside, engine=engine)

    chain = chained(1)
    rows = chain[-1].shape[0]
    height = max(_BAND // image.shape[1], 2 * max(each.reach for each in chain))
    # Where stretches meet, rows before the last step are made twice: none of these may be counted.
    apart = all(planned.after.depth is Depth.F32 for planned in plan.steps[:-1])
    wanted = checked_threads(threads)
    stretches = max(min(wanted, rows // height), 1) if apart else 1
    made = np.empty(chain[-1].shape, chain[-1].form.depth.dtype)

    def fill(number: int) -> list[LazyRows]:
        chain = chained(wanted if stretches == 1 else 1)
        first, last = (rows * n // stretches for n in (number, number + 1))
        chain[-1].skip(first)
        for row in range(first, last, height):
            stop = min(row + height, last)
            made[row:stop] = chain[-1].read(row, stop)
            chain[-1].release(stop)
        return chain

    steps = list(zip(*run_each(fill, range(stretches), stretches), strict=True))
    shares = (sum(r.clipped for r in same) / sum(r.values for r in same)
              for same in steps if same[0].values)  # fmt: skip
    notes = [note for same in steps for note in same[-1].notes]
    thresholds = [None, *(same[-1].threshold for same in steps if same[-1].threshold is not None)]
    return Outcome(made, max(shares, default=0.0), thresholds[-1], (*plan.notes, *notes))


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


def run_leading(image: Image, recipe: Recipe) -> Image:
    """Do the steps of a recipe that come before its first window, and before linear light."""
    pixels = as_image(image, recipe.settings.depth)
    plan = recipe.planned(form_of(pixels))
    return run_all(pixels, plan.steps[: plan.leading], recipe.alpha)[-1]
