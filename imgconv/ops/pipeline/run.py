"""Run a recipe on an array."""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from imgconv.engines.base import Engine, Filtered
from imgconv.model.alpha import Alpha
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Filter
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe, Settings
from imgconv.ops.linear.alpha import filter_with_alpha, has_alpha
from imgconv.ops.linear.correlate import Image, apply_filter, as_image
from imgconv.ops.linear.part import Part


class Outcome(NamedTuple):
    """What a recipe made of an image.

    Attributes
    ----------
    image : ndarray
    clipped_share : float
        Share of the values that were clamped to the range of their type, 0 to 1; in a chain, that
        of the kernel with the greatest.
    threshold : float, optional
        The one that binarizing chose for the whole image.
    notes : tuple of str
        What fusing did.
    """

    image: Image
    clipped_share: float = 0
    threshold: float | None = None
    notes: tuple[str, ...] = ()


def run_recipe(
    image: Image, recipe: Recipe, *, threads: int | None = None, engine: Engine | None = None
) -> Outcome:
    """Do to an image what a recipe says.

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

    Returns
    -------
    Outcome
        What becomes of alpha is the recipe's to say (see `filter_with_alpha`).
    """
    pixels, threshold = with_tone(as_image(image, recipe.settings.depth), recipe)
    pixels, clipped, notes = _through_kernels(pixels, recipe, threads, engine)
    if recipe.binarize_after:
        pixels, threshold = black_and_white(pixels, recipe)
    return Outcome(pixels, clipped, threshold, tuple(notes))


def with_tone(image: Image, recipe: Recipe) -> tuple[Image, float | None]:
    """Do what comes before the kernels; give the threshold too, where one was chosen."""
    if recipe.gray is not None:
        from imgconv.ops.color.tone import to_gray

        image = to_gray(image, recipe.gray)
    return (image, None) if recipe.binarize_after else black_and_white(image, recipe)


def _through_kernels(
    pixels: Image, recipe: Recipe, threads: int | None, engine: Engine | None
) -> tuple[Image, float, list[str]]:
    """Apply the kernels, in linear light where the recipe asks for it."""
    if recipe.linear:
        from imgconv.ops.color.linear_light import in_linear_light

        run = partial(_through_kernels, threads=threads, engine=engine)
        return in_linear_light(pixels, recipe, run)
    clipped = 0.0
    depth = Depth.of(pixels.dtype)
    _, notes = recipe.chain(depth)
    for kernel, settings in stages_of(recipe, depth):
        filtered = filter_stage(
            pixels, kernel, settings, recipe.alpha, threads=threads, engine=engine
        )
        pixels = filtered.image
        clipped = max(clipped, filtered.clipped / colour_values(pixels.shape))
    return pixels, clipped, notes


def black_and_white(image: Image, recipe: Recipe) -> tuple[Image, float | None]:
    """Binarize and invert, where the recipe asks for it; give the threshold too."""
    threshold = None
    if recipe.binarize is not None:
        from imgconv.ops.color.tone import binarize_reporting

        image, threshold = binarize_reporting(image, recipe.binarize)
    return (_inverted(image) if recipe.invert else image), threshold


def stages_of(recipe: Recipe, depth: Depth) -> list[tuple[Filter, Settings]]:
    """Return the correlations to do; where there is no kernel, what else is asked still happens."""
    if not recipe.kernels and recipe.settings != Settings():
        return [(Kernel([[1]], name="identity"), recipe.settings)]
    return recipe.stages(depth)


def colour_values(shape: tuple[int, ...]) -> int:
    """Count the values of an image, without alpha."""
    return math.prod(shape[:2]) * {2: 1, 4: 3}.get(
        shape[-1] if len(shape) == 3 else 1, math.prod(shape[2:])
    )


def filter_stage(
    image: Image,
    kernel: Filter,
    settings: Settings,
    alpha: Alpha,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    part: Part | None = None,
) -> Filtered:
    """Correlate a checked image, or a part of one, as its alpha asks for."""
    if has_alpha(image):
        return filter_with_alpha(
            image, kernel, settings, alpha, threads=threads, engine=engine, part=part
        )
    return apply_filter(image, kernel, settings, threads=threads, engine=engine, part=part)


def _inverted(image: Image) -> Image:
    from imgconv.ops.color.tone import invert

    if has_alpha(image):
        return np.concatenate([invert(image[..., :-1]), image[..., -1:]], axis=2)
    return invert(image)
