"""Kernels in linear light: decoded, filtered as float32, encoded again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from imgconv.model.errors import ArgumentError
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import Filter
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.ops.color.srgb import from_linear, to_linear
from imgconv.ops.linear.alpha import has_alpha
from imgconv.ops.linear.correlate import Image

_Run = Callable[[Image, Recipe], tuple[Image, float, list[str]]]


def in_linear_light(image: Image, recipe: Recipe, run: _Run) -> tuple[Image, float, list[str]]:
    """Apply the kernels of a recipe to the linear light of an sRGB image.

    Each value's light is rounded to float32, white being 1; the kernels see that, and what they
    yield is encoded as the nearest value. Offsets and the border's value are levels of the image.
    Alpha is a share already, and is not decoded.

    Parameters
    ----------
    image : ndarray
        uint8, uint16 or float32.
    recipe : Recipe
    run : callable
        Applies the kernels of a recipe.

    Raises
    ------
    ArgumentError
        For int16, which has no white.
    """
    depth = Depth.of(image.dtype)
    asked = recipe.settings.depth or depth
    if Depth.I16 in (depth, asked):
        raise ArgumentError("linear light needs a u8, u16 or f32 image, not i16")
    outside = _light(np.full((1, 1), recipe.settings.border_value, image.dtype), depth)
    inner = replace(
        recipe,
        linear=False,
        kernels=tuple(_of_light(kernel, depth) for kernel in recipe.kernels),
        settings=recipe.settings._replace(depth=None, border_value=outside.item()),
    )
    light, _, notes = run(_light(image, depth), inner)
    colours, alpha = (light[..., :-1], light[..., -1:]) if has_alpha(light) else (light, None)
    pixels, clipped = from_linear(colours, asked)
    if alpha is not None:
        shares = np.clip(alpha, 0, 1) * np.float32(asked.high)
        whole = shares if asked is Depth.F32 else np.rint(shares)
        pixels = np.concatenate([pixels, whole.astype(asked.dtype)], axis=2)
    return pixels, clipped / pixels.size, notes


def _light(image: Image, depth: Depth) -> Image:
    if not has_alpha(image):
        return to_linear(image, depth)
    alpha = image[..., -1:].astype(np.float32) / np.float32(depth.high)
    return np.concatenate([to_linear(image[..., :-1], depth), alpha], axis=2)


def _of_light(kernel: Filter, depth: Depth) -> Filter:
    """Return a kernel whose offset is a share of white and not levels."""
    if not isinstance(kernel, Kernel) or not kernel.offset:
        return kernel
    return Kernel(
        kernel.weights,
        scale=kernel.scale,
        offset=kernel.offset / depth.high,
        anchor=kernel.anchor,
        name=kernel.name,
    )
