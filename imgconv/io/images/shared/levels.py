"""Whole numbers of few bits, spread over the range of 8 or 16 bits."""

from __future__ import annotations

import numpy as np

from imgconv.io.images.picture import Image


def spread(values: Image, bits: int) -> Image:
    """Spread whole numbers of so many bits over the range of 8 or 16 bits, rounded."""
    full, white = (255, np.uint8) if bits <= 8 else (65535, np.uint16)
    most = (1 << bits) - 1
    table = (2 * full * np.arange(most + 1, dtype=np.int64) + most) // (2 * most)
    result: Image = table.astype(white)[values]
    return result
