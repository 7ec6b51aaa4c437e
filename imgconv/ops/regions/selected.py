"""Run a recipe on a part of an image: what is not selected stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from imgconv.model.recipe import Recipe
from imgconv.model.region import Region, Sees, Selection
from imgconv.model.step_plan import StepPlan
from imgconv.model.steps.base import Form, Reach
from imgconv.ops.context import Outcome
from imgconv.ops.image import Image, form_of
from imgconv.ops.regions.channels import Plane, planes_of, put_back
from imgconv.ops.regions.masks import NO_MASKS, Masks, check_masks, mask_rows
from imgconv.ops.regions.mixing import check_form, mix, spread
from imgconv.ops.regions.reading import plan_read
from imgconv.ops.regions.weights import (
    Weights,
    bounding_box,
    box_of,
    check_mask_size,
    weights_of_rows,
)

Run = Callable[..., Outcome]
"""``run(image, recipe, masks=masks)`` does to all of an image what a recipe says."""


def run_selected(image: Image, recipe: Recipe, masks: Masks, run: Run) -> Outcome:
    """Do to the selected pixels of an image what a recipe says.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, channels)
        Checked; not modified.
    recipe : Recipe
        With a selection.
    masks : Masks
    run : callable

    Returns
    -------
    Outcome
        Where the weight is 0 the image's own bits; where it is 65535 those of the recipe on the
        whole image. Shares of clipped values are of the rectangles that were filtered.

    Raises
    ------
    ArgumentError
        When depth, channels or size would change, a region reaches outside, or the mask has
        another size.
    """
    check_masks(recipe, masks)
    selection, form = recipe.selection, form_of(image)
    planes = planes_of(selection.channels, form)
    forms = [plane.form(form) for plane in planes] or [form]
    for each in forms:
        check_form(each, recipe.planned(each).output)
    plan = recipe.planned(forms[0])
    if masks.mask is not None:
        check_mask_size(masks.mask.shape, image.shape, selection.mask or "the mask")
    if masks.valid is not None:
        check_mask_size(masks.valid.shape, image.shape, recipe.nodata.valid or "the valid mask")
    if not selection.limits and masks.mask is None:
        return _run_planes(image, recipe.everywhere, planes=planes, run=run, masks=masks)
    result = image.copy()
    outcomes: list[Outcome] = []
    run = partial(_run_planes, planes=planes, run=run) if planes else run
    locally = all(reads_locally(recipe.planned(each), recipe, each) for each in forms)
    whole_of = slice(0, image.shape[0]), slice(0, image.shape[1])
    inside = partial(_limited, selection, image.shape, masks)
    whole = None
    if not locally:
        whole = run(image, recipe.everywhere, masks=inside(*whole_of))
    for box, weights in _selected(selection, (image.shape[0], image.shape[1]), masks):
        at = box_of(box)
        if whole is None:
            rows, columns = plan_read(box, (image.shape[0], image.shape[1]), plan)
            found = run(image[rows, columns], recipe.everywhere, masks=inside(rows, columns))
            made = found.image[
                box.row - rows.start : box.row - rows.start + box.rows,
                box.column - columns.start : box.column - columns.start + box.columns,
            ]
        else:
            found, made = whole, whole.image[at]
        outcomes.append(found)
        output = spread(made, image[at])
        result[at] = mix(image[at], output, weights, recipe.alpha, recipe.settings.rounding)
    return _joined(result, outcomes)


def _limited(
    selection: Selection, shape: tuple[int, ...], masks: Masks, rows: slice, columns: slice
) -> Masks:
    """Return which pixels of a rectangle count: with `Sees.REGION`, only selected ones."""
    cut = masks.cut(rows, columns)
    if selection.sees is not Sees.REGION:
        return cut
    size, across = (shape[0], shape[1]), (columns.start, columns.stop)
    weights = weights_of_rows(selection, size, rows.start, rows.stop, across, mask_rows(masks))
    return cut._replace(limit=weights > 0)


def _run_planes(
    image: Image, recipe: Recipe, *, planes: Sequence[Plane], run: Run, masks: Masks
) -> Outcome:
    """Filter each plane of an image by itself."""
    taken = [plane.take(image) for plane in planes]
    outcomes = [run(plane, recipe, masks=masks) for plane in taken]
    made = [found.image for found in outcomes]
    return _joined(put_back(image, planes, made, taken), outcomes)


def _joined(image: Image, outcomes: Sequence[Outcome]) -> Outcome:
    return Outcome(
        image,
        max((found.clipped_share for found in outcomes), default=0),
        next((found.threshold for found in outcomes if found.threshold is not None), None),
        tuple(dict.fromkeys(note for found in outcomes for note in found.notes)),
    )


def selected_pixels(
    recipe: Recipe, size: tuple[int, int], masks: Masks
) -> NDArray[np.bool_] | None:
    """Return which pixels a recipe may change, shape (rows, columns); None where it is all.

    Raises
    ------
    ArgumentError
        When a region reaches outside.
    """
    if recipe.everywhere is recipe and masks is NO_MASKS:
        return None
    weights = weights_of_rows(recipe.selection, size, 0, size[0], mask=mask_rows(masks))
    return np.asarray(weights > 0)


def reads_locally(plan: StepPlan, recipe: Recipe, form: Form) -> bool:
    """Return whether a part of the output needs only the part of the image around it.

    Alpha in float32 is weighed with quotients that are rounded twice, so a part without
    transparency is filtered as the whole image is.
    """
    if form.has_alpha and form.depth.value == "f32":
        return False
    return not any(
        planned.step.reach is Reach.WHOLE
        or planned.step.surveys(planned.before, planned.settings)
        or planned.step.obstacle(planned.before, planned.settings, recipe.alpha)
        for planned in plan.steps
    )


def _selected(
    selection: Selection, size: tuple[int, int], masks: Masks
) -> Iterator[tuple[Region, Weights]]:
    """Yield rectangles that together hold all selected pixels, and the weights in them."""
    for region in selection.regions or (Region(0, 0, *size),):
        region.check_inside(*size)
    for region in selection.regions or (Region(0, 0, *size),):
        rows = region.row, region.row + region.rows
        columns = region.column, region.column + region.columns
        weights = weights_of_rows(selection, size, *rows, columns, mask_rows(masks))
        box = bounding_box(weights)
        if box is not None:
            there = box._replace(row=region.row + box.row, column=region.column + box.column)
            yield there, weights[box_of(box)]
