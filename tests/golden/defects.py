"""Defects that are put into photographs, with the cause that must be named."""

from __future__ import annotations

import numpy as np


def changed(image, at, value):
    image = image.copy()
    image[at] = value
    return image


def deep(image):
    """Give 16 bits of which the low byte holds something."""
    low = np.random.default_rng(1).integers(0, 256, image.shape, dtype=np.uint16)
    return image.astype(np.uint16) * 256 + low


def gamma(image, power=1.2):
    white = np.iinfo(image.dtype).max
    return np.rint(white * (image / white) ** power).astype(image.dtype)


def speckled(image):
    at = np.random.default_rng(2).random(image.shape) < 0.01
    return np.where(at & (image < 255), image + 1, image).astype(image.dtype)


# name: (which photograph, what happens to it, the cause, the differing pixels or None)
DEFECTS = {
    "one pixel": ("gray", lambda i: changed(i, (7, 9), 255 - i[7, 9]), "local defect", 1),
    "a block": ("gray", lambda i: i ^ changed(np.zeros_like(i), np.s_[20:32, 30:42], 9),
                "local defect", 144),
    "shift right": ("gray", lambda i: np.roll(i, 1, axis=1), "shift", None),
    "shift up of colour": ("rgb", lambda i: np.roll(i, -1, axis=0), "shift", None),
    "+1": ("gray", lambda i: np.minimum(i, 254) + np.uint8(1), "offset", None),
    "channels": ("rgb", lambda i: i[..., ::-1].copy(), "channel order", None),
    "gamma": ("gray", gamma, "gamma", None),
    "gamma of 16 bits": ("deep", gamma, "gamma", None),
    "border": ("gray", lambda i: changed(i, np.s_[[0, 1, -1]], 0), "border only", None),
    "low byte zero": ("deep", lambda i: i & np.uint16(0xFF00), "low byte", None),
    "low byte doubled": ("deep", lambda i: (i >> 8) * np.uint16(257), "low byte", None),
    "by way of 8 bits": ("deep", lambda i: np.rint(i / 257).astype(np.uint16) * np.uint16(257),
                         "low byte", None),
    "left and right": ("gray", lambda i: i[:, ::-1].copy(), "flip", None),
    "half a turn": ("rgb", lambda i: i[::-1, ::-1].copy(), "flip", None),
    "speckle": ("gray", speckled, "rounding", None),
    "noise": ("gray", lambda i: i ^ np.random.default_rng(3).integers(0, 64, i.shape, np.uint8),
              "unexplained", None),
    "the size": ("gray", lambda i: i[1:].copy(), "kind", None),
    "the depth": ("gray", lambda i: i.astype(np.uint16), "kind", None),
    "the channels": ("rgb", lambda i: i[..., 0].copy(), "kind", None),
}  # fmt: skip
