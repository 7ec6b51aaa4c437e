"""Run a recipe on an array."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from imgconv.engines.base import Engine, Filtered
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Filter, KernelSet
from imgconv.model.output import Depth, OutputRange
from imgconv.model.recipe import Recipe, Settings
from imgconv.ops.correlate import Image, apply_filter, apply_kernel, as_image
from imgconv.ops.part import Part


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
        uint8, uint16, int16 or float32; the fourth of four channels is alpha. Not modified.
    recipe : Recipe
    threads : int, optional
        Default the CPUs that this process may use.
    engine : Engine, optional
        Default the fastest exact one.

    Returns
    -------
    Outcome
        Alpha is not filtered; it is carried to the pixel under the anchor.
    """
    pixels, threshold = with_tone(as_image(image, recipe.settings.depth), recipe)
    clipped = 0.0
    _, notes = recipe.chain(Depth.of(pixels.dtype))
    for kernel, settings in stages_of(recipe, Depth.of(pixels.dtype)):
        pixels, count = filter_stage(pixels, kernel, settings, threads=threads, engine=engine)
        clipped = max(clipped, count / colour_values(pixels.shape))
    if recipe.binarize_after:
        pixels, threshold = black_and_white(pixels, recipe)
    return Outcome(pixels, clipped, threshold, tuple(notes))


def with_tone(image: Image, recipe: Recipe) -> tuple[Image, float | None]:
    """Do what comes before the kernels; give the threshold too, where one was chosen."""
    if recipe.gray is not None:
        from imgconv.ops.tone import to_gray

        image = to_gray(image, recipe.gray)
    return (image, None) if recipe.binarize_after else black_and_white(image, recipe)


def black_and_white(image: Image, recipe: Recipe) -> tuple[Image, float | None]:
    """Binarize and invert, where the recipe asks for it; give the threshold too."""
    threshold = None
    if recipe.binarize is not None:
        from imgconv.ops.tone import binarize_reporting

        image, threshold = binarize_reporting(image, recipe.binarize)
    return (_inverted(image) if recipe.invert else image), threshold


def stages_of(recipe: Recipe, depth: Depth) -> list[tuple[Filter, Settings]]:
    """Give the correlations to do; where there is no kernel, what else is asked still happens."""
    if not recipe.kernels and recipe.settings != Settings():
        return [(Kernel([[1]], name="identity"), recipe.settings)]
    return recipe.stages(depth)


def colour_values(shape: tuple[int, ...]) -> int:
    """Count the values of an image, without alpha."""
    return math.prod(shape[:2]) * (3 if shape[2:] == (4,) else math.prod(shape[2:]))


def filter_stage(
    image: Image,
    kernel: Filter,
    settings: Settings,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    part: Part | None = None,
) -> Filtered:
    """Correlate the colours of a checked image, or of a part of one, and carry alpha along."""
    has_alpha = image.ndim == 3 and image.shape[2] == 4
    colour = image[..., :3] if has_alpha else image
    filtered = apply_filter(colour, kernel, settings, threads=threads, engine=engine, part=part)
    if not has_alpha:
        return filtered
    carrier = _carrier(kernel.kernels[0] if isinstance(kernel, KernelSet) else kernel)
    settings = _carrying(settings)
    alpha = apply_kernel(image[..., 3:], carrier, settings, threads=threads, part=part)
    return filtered._replace(image=np.concatenate([filtered.image, alpha.image], axis=2))


def _carrier(kernel: Kernel) -> Kernel:
    """Give the kernel of the same shape that takes the pixel under the anchor."""
    rows, columns = kernel.shape
    weights = [[int((r, c) == kernel.anchor) for c in range(columns)] for r in range(rows)]
    return Kernel(weights, anchor=kernel.anchor)


def _carrying(settings: Settings) -> Settings:
    full = settings.depth is not None and settings.output_range is not OutputRange.SATURATE
    return settings._replace(output_range=OutputRange.FULL if full else OutputRange.SATURATE)


def _inverted(image: Image) -> Image:
    from imgconv.ops.tone import invert

    if image.ndim == 3 and image.shape[2] == 4:
        return np.concatenate([invert(image[..., :3]), image[..., 3:]], axis=2)
    return invert(image)
