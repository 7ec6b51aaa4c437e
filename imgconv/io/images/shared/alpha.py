"""Colours that are stored multiplied by alpha."""

from __future__ import annotations

import numpy as np

from imgconv.io.images.picture import Image

NOTE = "colours were premultiplied, and are divided by alpha"


def divided(image: Image) -> Image:
    """Divide premultiplied colours by alpha; what cannot be seen has no colour."""
    white = 1.0 if image.dtype == np.float32 else float(np.iinfo(image.dtype).max)
    alpha = image[..., -1:].astype(np.float64)
    with np.errstate(all="ignore"):
        colours = np.nan_to_num(image[..., :-1] * (white / alpha), nan=0.0, posinf=0.0, neginf=0.0)
    if image.dtype != np.float32:
        colours = np.rint(np.minimum(colours, white))
    return np.concatenate([colours.astype(image.dtype), image[..., -1:]], axis=2)


def multiplied(image: Image) -> Image:
    """Multiply float colours by alpha, rounded once."""
    alpha = image[..., -1:]
    with np.errstate(all="ignore"):
        return np.concatenate([image[..., :-1] * alpha, alpha], axis=2)
