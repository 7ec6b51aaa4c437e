"""GIF's 256 colours: exact where a frame has no more, the nearest ones where it has."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow

from imgconv.io.images.picture import Image

_CLEAR = 255


def fits(image: Image) -> bool:
    """Return whether a frame can be kept exactly."""
    colours, clear, partly = _parts(image)
    return not partly and len(np.unique(_packed(colours)[~clear])) <= _CLEAR + (not clear.any())


def with_palette(image: Image) -> Pillow.Image:
    """Return a frame with a palette; less than half opaque is transparent."""
    colours, clear, _ = _parts(image)
    packed = _packed(colours)
    seen = packed[~clear]
    known, index = np.unique(np.where(clear, seen.min(initial=0), packed), return_inverse=True)
    if len(known) > _CLEAR + (not clear.any()):
        nearest = Pillow.fromarray(colours).quantize(_CLEAR, dither=Pillow.Dither.FLOYDSTEINBERG)
        levels = np.array(nearest)
        palette = (nearest.getpalette() or [])[: 3 * _CLEAR]
    else:
        levels = index.reshape(clear.shape).astype(np.uint8)
        palette = np.stack([known >> 16, known >> 8 & 255, known & 255], axis=1).ravel().tolist()
    if clear.any():
        levels[clear] = _CLEAR
    result = Pillow.frombytes("P", (levels.shape[1], levels.shape[0]), levels.tobytes())
    result.putpalette(palette + [0] * (768 - len(palette)))
    if clear.any():
        result.info["transparency"] = _CLEAR
    return result


def _parts(image: Image) -> tuple[Image, Image, bool]:
    """Return RGB, what is clear, and whether something is so only in part."""
    if image.ndim == 2:
        image = image[..., None]
    channels = image.shape[2]
    grays = channels < 3
    colours = np.repeat(image[..., :1], 3, axis=2) if grays else image[..., :3]
    if channels in (1, 3):
        return np.ascontiguousarray(colours), np.zeros(image.shape[:2], bool), False
    alpha = image[..., -1]
    clear = alpha < 128
    return np.ascontiguousarray(colours), clear, bool(((alpha > 0) & (alpha < 255)).any())


def _packed(colours: Image) -> Image:
    wide = colours.astype(np.uint32)
    packed: Image = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return packed
