"""What the public functions take: a recipe as a whole, or its options."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypedDict

from numpy.typing import ArrayLike

from imgconv.io.config.recipes import recipe_from
from imgconv.io.images.masks import beside, masks_given
from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel, WeightsLike
from imgconv.model.kernel_set import KernelSet
from imgconv.model.output import Depth, OutputRange, Rounding
from imgconv.model.recipe import Recipe
from imgconv.model.region import Region, Sees
from imgconv.model.steps.base import Step
from imgconv.model.steps.methods import Gray
from imgconv.model.steps.threshold import Binarization
from imgconv.ops.regions.masks import Masks

KernelLike = Kernel | KernelSet | WeightsLike | str
RecipeLike = Recipe | Step | str | Sequence[Step | WeightsLike | str] | None
"""A recipe, one step or several, by value or as text; None where options say it all."""
StepLike = Step | WeightsLike | str


class RecipeOptions(TypedDict, total=False):
    """What may be said of a recipe in Python: the long options, with ``_`` for ``-``.

    ``border`` and ``padding`` are one option, and so are ``output_range`` and ``range``.
    """

    steps: StepLike | Sequence[StepLike]
    kernels: StepLike | Sequence[StepLike]
    convolve: bool
    fuse: bool
    alpha: Alpha | str
    linear: bool
    gray: Gray | str
    binarize: Binarization | str | float
    binarize_after: bool
    invert: bool
    border: Border | str
    padding: Border | str
    border_value: float
    anchor: Sequence[int] | str
    stride: int | Sequence[int] | str
    dilation: int | Sequence[int] | str
    size: OutputSize | int | Sequence[int] | str
    depth: Depth | str
    rounding: Rounding | str
    output_range: OutputRange | str
    range: OutputRange | str
    region: Region | Sequence[int] | str | Sequence[Sequence[int] | str]
    mask: ArrayLike | str | os.PathLike[str]
    mask_invert: bool
    feather: int
    channels: str | Sequence[str]
    sees: Sees | str
    nodata: float | str
    valid: ArrayLike | str | os.PathLike[str]
    min_valid: float | Fraction | str
    nodata_keep: bool


def recipe_and_masks(recipe: RecipeLike, options: RecipeOptions) -> tuple[Recipe, Masks]:
    """Return the recipe, and the pictures that it names: read, or given as arrays."""
    plain, masks = masks_given(options)
    return (chosen := recipe_of(recipe, plain)), beside(chosen, masks)


def recipe_of(recipe: RecipeLike, options: Mapping[str, object]) -> Recipe:
    """Return the recipe that a call gives, as a whole or by its options.

    Raises
    ------
    ArgumentError
        When both are given, or steps twice; `recipe_from` says what else.
    """
    if isinstance(recipe, Recipe):
        if options:
            raise ArgumentError("give a recipe or options, not both")
        return recipe
    named = {key.replace("_", "-"): value for key, value in options.items()}
    if "output-range" in named:
        named["range"] = named.pop("output-range")
    if recipe is not None:
        if "steps" in named:
            raise ArgumentError("the steps are given twice", hint="leave out steps=")
        named["steps"] = recipe
    return recipe_from(named)
