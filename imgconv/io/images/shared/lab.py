"""CIE Lab of white D50, as TIFF and ICC profiles have it, to sRGB."""

from __future__ import annotations

import numpy as np

from imgconv.io.images.picture import Image

_WHITE = np.array([0.96422, 1.0, 0.82521])  # D50 of ICC.1:2022, section 7.2.16
_TO_LINEAR = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
"""XYZ of D50 to linear sRGB, adapted by Bradford's matrix (Lindbloom, "RGB/XYZ Matrices")."""


def to_srgb(stored: Image, *, signed: bool) -> Image:
    """Convert stored Lab to 8-bit sRGB.

    Parameters
    ----------
    stored : ndarray of uint8 or uint16, shape (rows, columns, 3)
    signed : bool
        Whether a and b are two's complements (TIFF 6.0, section 23), else with an offset (ICC).
    """
    unit = 1 if stored.dtype == np.uint8 else 256
    white = np.iinfo(stored.dtype).max if signed else 255 * unit
    lightness = stored[..., 0] * (100.0 / white)
    if signed:
        a, b = (stored[..., i].view(f"i{stored.itemsize}") / unit for i in (1, 2))
    else:
        a, b = (stored[..., i] / unit - 128.0 for i in (1, 2))
    fy = (lightness + 16) / 116
    f = np.stack([fy + a / 500, fy, fy - b / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
    linear = np.clip(xyz @ _TO_LINEAR.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    result: Image = np.rint(255 * encoded).astype(np.uint8)
    return result
