"""The hash of a picture's pixels, which decides whether it is the recorded one."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.model.output import Depth

Image = NDArray[Any]
_CHANNELS = {1: "gray", 3: "RGB", 4: "RGBA"}


def pixel_hash(image: Image) -> str:
    """Hash pixels with their shape, type and channel order (SHA-256, little-endian rows).

    Examples
    --------
    >>> pixel_hash(np.zeros((2, 3), np.uint8))[:23]
    'sha256:ab7a836094cc9c14'
    """
    head = f"imgconv pixels 1\n{_shape_words(image)}\n"
    digest = hashlib.sha256(head.encode())
    digest.update(np.ascontiguousarray(image, image.dtype.newbyteorder("<")).data)
    return f"sha256:{digest.hexdigest()}"


def _shape_words(image: Image) -> str:
    shape = " ".join(map(str, image.shape))
    return f"{shape} {Depth.of(image.dtype).dtype} {channel_order(image)}"


def channel_order(image: Image) -> str:
    """Name the channels in their order."""
    count = 1 if image.ndim == 2 else image.shape[2]
    return _CHANNELS.get(count, str(count))
