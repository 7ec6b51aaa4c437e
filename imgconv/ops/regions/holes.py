"""Steps on images of which some pixels do not count."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel, as_kernel
from imgconv.model.nodata import Nodata
from imgconv.model.output import Depth, OutputRange
from imgconv.model.recipe import Recipe
from imgconv.model.region import Region
from imgconv.model.step_plan import PlannedStep, StepPlan
from imgconv.model.steps.base import Form, Reach, Step
from imgconv.model.steps.methods import ThresholdMethod
from imgconv.model.steps.registry import function_of
from imgconv.model.steps.threshold import Binarization
from imgconv.ops.color.threshold import binarize_reporting
from imgconv.ops.context import StepContext, StepResult
from imgconv.ops.image import Image, form_of
from imgconv.ops.regions.reading import part_read
from imgconv.ops.regions.weights import check_mask_size
from imgconv.ops.windows import under_anchor

Flags = NDArray[np.bool_]
_TILE = 128  # rows and columns in which holes are looked for


class Holed(NamedTuple):
    """An image of which some values do not count.

    Attributes
    ----------
    image : ndarray
        0 where a value does not count.
    valid : ndarray of bool, of the same shape
    """

    image: Image
    valid: Flags

    @classmethod
    def of(cls, image: Image, valid: Flags) -> Holed:
        """Return an image whose values that do not count are 0."""
        return cls(np.where(valid, image, np.zeros((), image.dtype)), valid)


def valid_values(image: Image, nodata: Nodata, plane: Flags | None) -> Flags:
    """Return which values of an image count.

    Parameters
    ----------
    image : ndarray
    nodata : Nodata
    plane : ndarray of bool, shape (rows, columns), optional
        Which pixels count.
    """
    number = nodata.number(Depth.of(image.dtype))
    if number is None:
        valid = np.ones(image.shape, bool)
    elif math.isnan(number):
        valid = ~np.isnan(image)
    else:
        valid = image != np.asarray(number, image.dtype)
    if plane is not None:
        valid &= plane if image.ndim == 2 else plane[..., None]
    return valid


def check_holes(plan: StepPlan, recipe: Recipe, form: Form) -> None:
    """Check that a recipe can leave out pixels that do not count.

    Raises
    ------
    ArgumentError
        When alpha weighs, a step does not know which pixels count, or nodata has no value in the
        depth of the output.
    """
    if form.has_alpha and recipe.alpha is not Alpha.FILTER:
        raise ArgumentError(
            "alpha says already which pixels count, so --nodata, --valid and --sees region are for "
            "pictures without it",
            hint="--alpha filter takes it for a channel like any other",
        )
    for planned in plan.steps:
        if why := _why_not(planned.step):
            raise ArgumentError(*why)
    recipe.nodata.number(plan.output.depth)
    if not recipe.nodata.value and recipe.nodata.given:
        settings = recipe.settings
        resized = settings.stride != (1, 1) or settings.size is not OutputSize.SAME
        if resized or plan.output != form:
            raise ArgumentError(
                "a hole that stays needs a value where depth, channels or size change",
                hint="add one: --nodata nan, or --nodata 0",
            )


def _why_not(step: Step) -> tuple[str, str] | None:
    """Return why a step cannot leave out pixels, and what to do; None where it can."""
    from imgconv.ops.linear.counted import pairs_defined
    from imgconv.ops.rank.holes import STATISTICS

    name = step.name or "the matrix"
    if step.is_linear:
        kernel = as_kernel(step)
        if kernel.sum == 0 and kernel.shape != (1, 1) and not pairs_defined(kernel):
            return (
                f"{name} adds up to 0 and is no sum of differences of opposite pixels, so there is "
                "nothing by which the weights that count could be scaled",
                "sobel_x, prewitt_y and the like are defined; or fill the holes by a blur first",
            )
        return None
    if step.kind == "set":
        return (
            f"{name} compares the sums of several kernels, and each would leave out other pixels",
            "filter with its kernels one by one",
        )
    if step.kind == "binarize" and step.reach is Reach.WHOLE:
        return f"{name} does not know which pixels count", "choose a threshold for all: otsu, 128"
    if step.kind in STATISTICS or step.kind in _PLAIN:
        return None
    known = "kernels, median, rank, min, max, range, midpoint, gray, invert, linear, binarize"
    return f"{name} does not know which pixels count", f"these do: {known}"


def start(
    image: Image, recipe: Recipe, plan: StepPlan, valid: Flags | None, limit: Flags | None
) -> Flags | None:
    """Return which values of an image count at the beginning; None where all do, always.

    Raises
    ------
    ArgumentError
        As `check_holes` does.
    """
    if not (recipe.nodata.given or valid is not None or limit is not None):
        return None
    check_holes(plan, recipe, form_of(image))
    if valid is not None:
        check_mask_size(valid.shape, image.shape, recipe.nodata.valid or "valid")
    flags = valid_values(image, recipe.nodata, valid)
    return flags if limit is None else within(flags, limit)


def within(valid: Flags, limit: Flags) -> Flags:
    """Return which values count, of those in the pixels of a limit, shape (rows, columns)."""
    return valid & (limit if valid.ndim == 2 else limit[..., None])


def filled(made: Image, valid: Flags, image: Image, nodata: Nodata) -> tuple[Image, int]:
    """Return what was made with holes in it, and how many values look like one and are none.

    Parameters
    ----------
    made, valid : ndarray
        The last image, and which of its values count.
    image : ndarray
        The first one, which shows through where nodata has no value.
    nodata : Nodata
    """
    number = nodata.number(Depth.of(made.dtype))
    if number is None:
        return np.where(valid, made, image), 0
    hole = np.asarray(number, made.dtype)
    return np.where(valid, made, hole), int(np.count_nonzero(valid & (made == hole)))


def hole_notes(before: int, after: int, alike: int) -> list[str]:
    """Return in words how many values have no data, and how many only look so."""
    notes = [f"nodata: {before} values do not count, {after} of the result"]
    if alike:
        notes.append(f"nodata: {alike} results have the value of no data by chance")
    return notes


def run_with_holes(
    holed: Holed, planned: PlannedStep, context: StepContext, nodata: Nodata
) -> tuple[StepResult, Flags]:
    """Do one step on the values that count.

    Parameters
    ----------
    holed : Holed
        The image, or a band of it with its border.
    planned : PlannedStep
    context : StepContext
    nodata : Nodata

    Returns
    -------
    (StepResult, ndarray of bool)
        And which values of the result count; the others are 0.
    """
    from imgconv.ops.rank.holes import STATISTICS

    step = planned.step
    kind = step.kind if step.reach is Reach.WINDOW or step.kind == "binarize" else ""
    function = _FUNCTIONS.get("rank" if step.kind in STATISTICS else kind, _plain_step)
    result, valid = function(holed, step, context, nodata)
    if nodata.keep and step.reach is Reach.WINDOW:
        flags = _anchored(holed.valid, step, context)
        valid = valid & flags
    return result._replace(image=Holed.of(result.image, valid).image), valid


def _anchored(valid: Flags, step: Step, context: StepContext) -> Flags:
    plain = context._replace(settings=_without_ignore(context))
    return np.asarray(under_anchor(valid.view(np.uint8), step, plain, outside=1) != 0)


def _without_ignore(context: StepContext) -> Any:
    settings = context.settings
    return (
        settings._replace(border=Border.CONSTANT) if settings.border is Border.IGNORE else settings
    )


_Function = Callable[[Holed, Step, StepContext, Nodata], tuple[StepResult, Flags]]


def _kernel_step(
    holed: Holed, step: Step, context: StepContext, nodata: Nodata
) -> tuple[StepResult, Flags]:
    """Filter by a kernel: as ever where all of its window counts, else by the quotient."""
    kernel, settings = cast(Kernel, step), context.settings
    # A stretch, and a border that does not count, are quotients everywhere.
    whole: StepResult | None = None
    stretched = settings.output_range is OutputRange.RESCALE
    if settings.border is not Border.IGNORE and not stretched:
        apply = function_of(step, "apply")
        whole = apply(holed.image, step, context._replace(alpha=Alpha.FILTER))
        if holed.valid.all():
            return whole, np.ones(whole.image.shape, bool)
    in_tiles = context.part is None and settings.stride == (1, 1)
    if whole is not None and in_tiles and settings.size is OutputSize.SAME:
        return _near_holes(holed, kernel, context, nodata, whole)
    return _counted(holed, kernel, context, nodata, whole)


def _counted(
    holed: Holed, kernel: Kernel, context: StepContext, nodata: Nodata, whole: StepResult | None
) -> tuple[StepResult, Flags]:
    """Filter by the quotient, where `whole` does not have the result."""
    from imgconv.ops.linear.counted import filter_counted

    image, valid = (part if part.ndim == 3 else part[..., None] for part in holed)
    counted = filter_counted(
        np.ascontiguousarray(image),
        np.ascontiguousarray(valid),
        kernel,
        context.settings,
        nodata.min_valid,
        threads=context.threads,
        engine=context.engine,
        part=context.part,
        whole=None if whole is None else whole.image,
    )
    pixels, covered, clipped = counted.image, counted.covered, counted.clipped
    if holed.image.ndim == 2:
        pixels, covered = pixels[..., 0], covered[..., 0]
    if whole is not None:
        clipped += whole.clipped
    return StepResult(pixels, clipped, pixels.size), covered


def _near_holes(
    holed: Holed, kernel: Kernel, context: StepContext, nodata: Nodata, whole: StepResult
) -> tuple[StepResult, Flags]:
    """Filter by the quotient in the tiles of which a window reads what does not count."""
    pixels, clipped = whole.image.copy(), whole.clipped
    covered = np.ones(pixels.shape, bool)
    size = holed.image.shape[0], holed.image.shape[1]
    for part in _parts_near_holes(holed.valid, kernel, context):
        read = part_read(part, size, kernel, context.settings)
        at = (
            slice(part.row, part.row + part.rows),
            slice(part.column, part.column + part.columns),
        )
        inner = tuple(
            slice(span.start - seen.start, span.stop - seen.start)
            for span, seen in zip(at, read, strict=True)
        )
        piece, known = Holed(holed.image[read], holed.valid[read]), StepResult(whole.image[read])
        found, flags = _counted(piece, kernel, context, nodata, known)
        pixels[at], covered[at] = found.image[inner], flags[inner]
        clipped += found.clipped
    return StepResult(pixels, clipped, pixels.size), covered


def _parts_near_holes(valid: Flags, kernel: Kernel, context: StepContext) -> Iterator[Region]:
    """Yield tiles of which a window reads what does not count, neighbours in a row as one."""
    size = height, width = valid.shape[0], valid.shape[1]
    for row in range(0, height, _TILE):
        rows, first = min(_TILE, height - row), None
        for column in range(0, width, _TILE):
            tile = Region(row, column, rows, min(_TILE, width - column))
            if not valid[part_read(tile, size, kernel, context.settings)].all():
                first = column if first is None else first
            elif first is not None:
                yield Region(row, first, rows, column - first)
                first = None
        if first is not None:
            yield Region(row, first, rows, width - first)


def _binarize(
    holed: Holed, step: Step, context: StepContext, nodata: Nodata
) -> tuple[StepResult, Flags]:
    """Binarize by a threshold that only the pixels that count have a part in."""
    del nodata
    chosen, flags = cast(Binarization, step), _all_channels(holed.valid)
    threshold = context.facts
    if threshold is None and chosen.method is not ThresholdMethod.FIXED and flags.any():
        threshold = binarize_reporting(holed.image[flags][None], chosen)[1]
    if not flags.any():
        threshold = 0
    apply = function_of(step, "apply")
    result: StepResult = apply(holed.image, step, context._replace(facts=threshold))
    return result, flags


def _plain_step(
    holed: Holed, step: Step, context: StepContext, nodata: Nodata
) -> tuple[StepResult, Flags]:
    """Do a step on each pixel by itself."""
    del nodata
    if step.kind == "convert":
        context = context._replace(alpha=Alpha.FILTER)
    result: StepResult = function_of(step, "apply")(holed.image, step, context)
    if result.image.ndim == 2 and holed.valid.ndim == 3:
        return result, _all_channels(holed.valid)
    return result, holed.valid


def _rank(
    holed: Holed, step: Step, context: StepContext, nodata: Nodata
) -> tuple[StepResult, Flags]:
    """Take an order statistic of the values that count."""
    whole: StepResult = function_of(step, "apply")(
        holed.image, step, context._replace(alpha=Alpha.FILTER)
    )
    from imgconv.ops.rank.holes import statistic_with_holes

    pixels, valid = statistic_with_holes(
        whole.image, holed.image, holed.valid, step, context, nodata.min_valid
    )
    return whole._replace(image=pixels), valid


def _all_channels(valid: Flags) -> Flags:
    return valid if valid.ndim == 2 else np.asarray(valid.all(axis=2))


_PLAIN = ("gray", "invert", "linear", "encode", "convert", "binarize")
_FUNCTIONS: dict[str, _Function] = {"kernel": _kernel_step, "binarize": _binarize, "rank": _rank}
