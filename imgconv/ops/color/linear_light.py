"""Linear light: sRGB values decoded to float32, and encoded again."""

from __future__ import annotations

import numpy as np

from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.ops.color.srgb import from_linear, light_beside_shares, to_linear
from imgconv.ops.image import Image, form_of, has_alpha, outside_value


def light_of(image: Image) -> Image:
    """Return the linear light of an sRGB image, rounded to float32, white being 1.

    Alpha is a share already, and is not decoded.
    """
    depth = form_of(image).depth
    if not has_alpha(image):
        return to_linear(image, depth)
    if depth is Depth.U8:
        return light_beside_shares(image)
    alpha = image[..., -1:].astype(np.float32) / np.float32(depth.high)
    return np.concatenate([to_linear(image[..., :-1], depth), alpha], axis=2)


def srgb_of(light: Image, depth: Depth) -> tuple[Image, int]:
    """Encode linear light as the nearest sRGB values, and count those out of range."""
    if not has_alpha(light):
        return from_linear(light, depth)
    alpha = light[..., -1:]
    shares = np.clip(alpha, 0, 1) * np.float32(depth.high)
    if depth is Depth.F32:
        pixels, clipped = from_linear(light[..., :-1], depth)
        return np.concatenate([pixels, shares], axis=2), clipped
    pixels, clipped = from_linear(light, depth)  # to part the channels would take longer
    pixels[..., -1:] = np.rint(shares)
    return pixels, clipped - int(np.count_nonzero((alpha < 0) | (alpha > 1)))


def settings_in_light(settings: Settings, depth: Depth) -> Settings:
    """Return settings whose border value, a level of an image of this depth, is light."""
    value = settings.border_value if depth is Depth.F32 else int(settings.border_value)
    level = np.full((1, 1), outside_value(value, depth), depth.dtype)
    return settings._replace(border_value=to_linear(level, depth).item())
