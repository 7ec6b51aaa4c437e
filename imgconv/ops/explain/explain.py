"""Explain a pixel: how each step made it, from the last window back to the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError, LimitError
from imgconv.model.explanation import Explanation, PixelStage, StepExplanation
from imgconv.model.recipe import Recipe
from imgconv.model.region import WHITE, Sees, Selection
from imgconv.model.region_explanation import MixedStage
from imgconv.model.step_plan import PlannedStep
from imgconv.model.steps.base import Reach, Step
from imgconv.model.steps.convert import Convert
from imgconv.model.steps.registry import function_of
from imgconv.ops.explain.holes import explain_counted
from imgconv.ops.image import Image, as_image, form_of
from imgconv.ops.pipeline.run import run_recipe
from imgconv.ops.pipeline.step import context_of, run_all
from imgconv.ops.regions.channels import planes_of
from imgconv.ops.regions.holes import Flags, Holed, run_with_holes, start, within
from imgconv.ops.regions.masks import NO_MASKS, Masks, mask_rows
from imgconv.ops.regions.mixing import spread
from imgconv.ops.regions.selected import selected_pixels
from imgconv.ops.regions.weights import weights_of_rows

_MOST_TAPS = 1 << 16
"""Each is a line; a window of 255 x 255 makes six megabytes of them."""


def explain(
    image: Image, recipe: Recipe, at: Sequence[int], *, masks: Masks = NO_MASKS
) -> Explanation:
    """Describe how a recipe makes one pixel.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32; with alpha only under `Alpha.FILTER`.
    recipe : Recipe
        With at least one step that looks through a window, or canny; what follows the last one is
        not explained.
    at : (int, int)
        Row and column in the output of the last window.
    masks : Masks, optional
        The pictures that the recipe names, read.

    Returns
    -------
    Explanation
        Of a pixel that is not selected in full, the last stage is a `MixedStage`.

    Raises
    ------
    ArgumentError
        For a place outside the output, a recipe without windows, a step that has no explanation,
        or colours that alpha weighs.
    ArithmeticError
        When the engine wrote something else, which would be a bug.
    LimitError
        When a step has more weights than can be told.

    Examples
    --------
    >>> import numpy as np
    >>> from imgconv.model.kernel import Kernel
    >>> image = np.array([[93, 139, 101], [26, 252, 196], [135, 230, 18]], np.uint8)
    >>> mean = Recipe(steps=(Kernel([[1] * 3] * 3, scale="1/9"),))
    >>> stage = explain(image, mean, (1, 1)).stages[0]
    >>> stage.windows[0].sums, stage.exact, stage.values
    ((1190,), (Fraction(1190, 9),), (132,))
    """
    pixels = as_image(image, recipe.settings.depth)
    seen = _plane(pixels, recipe)
    plan = recipe.planned(form_of(seen))
    told = [number for number, planned in enumerate(plan.steps) if _is_told(planned.step)]
    if not told or not any(_is_told(step) for step in recipe.steps):
        raise ArgumentError("there is no kernel to explain", hint="give one: -k sharpen")
    steps = plan.steps[: told[-1] + 1]
    first = min(plan.leading, told[0])
    _check(steps, recipe.alpha)
    holed = _holed(seen, steps, recipe, masks)
    images = [each.image for each in holed] or run_all(seen, steps, recipe.alpha)
    place: tuple[int, int] | None = _inside(at, images[-1])
    explained: list[StepExplanation] = []
    for number in reversed(range(first, len(steps))):
        if place is None:  # the constant lies under the anchor
            break
        if holed and steps[number].step.reach is Reach.WINDOW:
            pair = holed[number], holed[number + 1]
            stage = explain_counted(*pair, steps[number], place, recipe.nodata)
        else:
            stage = _stage(images[number], images[number + 1], steps[number], place)
        explained.insert(0, stage)
        place = stage.under
    explained += _mixed(pixels, recipe, masks, _inside(at, images[-1]))
    before = ", ".join(planned.step.words for planned in steps[:first])
    return Explanation(tuple(explained), before)


def _mixed(
    image: Image, recipe: Recipe, masks: Masks, at: tuple[int, int]
) -> list[StepExplanation]:
    """Return what the selection did to a pixel; nothing where it is the recipe's own."""
    row, column = at
    if selected_pixels(recipe, (image.shape[0], image.shape[1]), masks) is None:
        return []
    size, mask = (image.shape[0], image.shape[1]), mask_rows(masks)
    weights = weights_of_rows(recipe.selection, size, row, row + 1, (column, column + 1), mask)
    weight = int(weights[0, 0])
    channels = recipe.selection.channels
    if weight == WHITE and not channels:
        return []
    whole = replace(recipe, selection=Selection(channels=channels))
    inner = Masks(None, masks.valid, _limit(recipe, image, masks))
    made = spread(run_recipe(image, whole, masks=inner).image, image)
    written = run_recipe(image, recipe, masks=masks).image
    pixels = [tuple(v.item() for v in part[at].reshape(-1)) for part in (image, made, written)]
    share = Fraction(weight, WHITE)
    return [MixedStage(at, share, pixels[0], pixels[1], pixels[2], ",".join(channels))]


def _plane(image: Image, recipe: Recipe) -> Image:
    """Return what the steps see: the image, or the only channel that is filtered."""
    planes = planes_of(recipe.selection.channels, form_of(image))
    if len(planes) > 1:
        raise ArgumentError(
            "channels are filtered one by one, and so they are explained",
            hint=f"name one: --channels {recipe.selection.channels[0]}",
        )
    return planes[0].take(image) if planes else image


def _limit(recipe: Recipe, image: Image, masks: Masks) -> Flags | None:
    """Return the only pixels that take part; None where all do."""
    if recipe.selection.sees is not Sees.REGION:
        return None
    return selected_pixels(recipe, (image.shape[0], image.shape[1]), masks)


def _holed(image: Image, steps: Sequence[PlannedStep], recipe: Recipe, masks: Masks) -> list[Holed]:
    """Return the image before each step and after the last, with what counts; [] where all does."""
    limit = _limit(recipe, image, masks)
    plan = recipe.planned(form_of(image))
    valid = start(image, recipe, plan, masks.valid, limit)
    if valid is None:
        return []
    images = [Holed.of(image, valid)]
    for planned in steps:
        context = context_of(planned, recipe.alpha)
        result, valid = run_with_holes(images[-1], planned, context, recipe.nodata)
        valid = valid if limit is None else within(valid, limit)
        images.append(Holed.of(result.image, valid))
    return images


def _is_told(step: Step) -> bool:
    """Return whether a step is explained for its own sake: by its window, or all it looks at."""
    if step.kind == Convert.kind:
        return False
    if step.reach is Reach.WHOLE:
        return function_of(step, "explain") is not None
    return step.reach is Reach.WINDOW


def _check(steps: Sequence[PlannedStep], alpha: Alpha) -> None:
    if any(planned.step.opens_light for planned in steps):
        raise ArgumentError("a pixel in linear light is not explained", hint="leave out --linear")
    for planned in steps:
        window = planned.step.reach is Reach.WINDOW
        if window and planned.before.has_alpha and alpha is not Alpha.FILTER:
            raise ArgumentError(
                "the pixel of an image with alpha is explained only where alpha does not weigh",
                hint="add --alpha filter, or --gray",
            )
        taps = sum(extent.rows * extent.columns for extent in planned.step.extents)
        if taps > _MOST_TAPS:
            raise LimitError(
                f"{planned.step.name} has {taps} weights; a pixel is explained of {_MOST_TAPS} at "
                "most",
                hint="explain a smaller window of the same kind",
            )
        if window and function_of(planned.step, "explain") is None:
            raise ArgumentError(f"step {planned.step.name} has no explanation of a pixel")


def _stage(
    source: Image, output: Image, planned: PlannedStep, at: tuple[int, int]
) -> StepExplanation:
    explained = function_of(planned.step, "explain")
    if explained is not None:
        stage: StepExplanation = explained(source, output, planned, at)
        return stage
    read, written = (
        tuple(value.item() for value in image[at].reshape(-1)) for image in (source, output)
    )
    return PixelStage(planned.step.words, at, read, written)


def _inside(at: Sequence[int], output: Image) -> tuple[int, int]:
    row, column = at
    rows, columns = output.shape[:2]
    if not (0 <= row < rows and 0 <= column < columns):
        raise ArgumentError(
            f"{row},{column} lies outside the output of {rows} x {columns}",
            hint=f"rows run from 0 to {rows - 1}, columns from 0 to {columns - 1}",
        )
    return row, column
