"""CIE lightness of sRGB colours, and colours of another lightness with the same a* and b*.

Roots are rounded to multiples of 2**-30, so that every machine has the same ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.rounding import clamped
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.ops.color import srgb

Floats = NDArray[np.float64]
_UNIT = float(1 << 30)
# sRGB to XYZ (IEC 61966-2-1), each row divided by its sum, so that white is 1, 1, 1.
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_TO_XYZ /= _TO_XYZ.sum(axis=1, keepdims=True)
_TO_RGB = np.rint(np.linalg.inv(_TO_XYZ) * _UNIT) / _UNIT
_BEND = 6 / 29
"""Below its cube the root is replaced by a line (CIE 15:2004)."""


def lightness_of(colours: NDArray[Any]) -> NDArray[Any]:
    """Return the lightness of colours, black to white of their depth.

    Parameters
    ----------
    colours : ndarray, shape (..., 1 or 3)
        sRGB, or gray.

    Raises
    ------
    ArgumentError
        For int16, which has no white.

    Examples
    --------
    >>> lightness_of(np.array([[0, 0, 0], [119, 119, 119], [255, 255, 255]], np.uint8))
    array([  0, 128, 255], dtype=uint8)
    """
    depth = Depth.of(colours.dtype)
    with np.errstate(all="ignore"):
        light = 1.16 * _root(_products(_light(colours, depth), _TO_XYZ[1])) - 0.16
        return _of_depth(light * depth.high, depth)


def with_lightness(colours: NDArray[Any], change: Floats) -> NDArray[Any]:
    """Return colours whose lightness is changed by so many levels; a* and b* stay.

    Parameters
    ----------
    colours : ndarray, shape (pixels, 1 or 3)
    change : ndarray of float64, shape (pixels,)
    """
    depth = Depth.of(colours.dtype)
    with np.errstate(all="ignore"):
        light = _light(colours, depth)
        moved = change / depth.high / 1.16
        xyz = np.stack([_cube(_root(_products(light, row)) + moved) for row in _TO_XYZ], axis=-1)
        if colours.shape[-1] == 1:
            linear = xyz[..., 1:2]
        else:
            linear = np.stack([_products(xyz, row) for row in _TO_RGB], axis=-1)
        return _encoded(linear, depth)


def _light(colours: NDArray[Any], depth: Depth) -> Floats:
    """Return linear light, white being 1; gray as three equal colours."""
    if depth is Depth.I16:
        raise ArgumentError("lightness needs a u8, u16 or f32 image, not i16")
    if depth is Depth.F32:
        light = srgb.extended(srgb.decoded, colours)
    else:
        light = (srgb.linear_table(depth) / _UNIT)[colours]
    return np.repeat(light, 3, axis=-1) if colours.shape[-1] == 1 else light


def _products(values: Floats, weights: NDArray[np.float64]) -> Floats:
    """Return weighted sums over the last axis, each added up in the same order."""
    first, second, third = (values[..., i] * weights[i] for i in range(3))
    return np.asarray(first + second + third)


def _root(values: Floats) -> Floats:
    line = values / (3 * _BEND**2) + 4 / 29
    return np.asarray(np.rint(np.where(values > _BEND**3, np.cbrt(values), line) * _UNIT) / _UNIT)


def _cube(roots: Floats) -> Floats:
    return np.where(roots > _BEND, roots * roots * roots, (roots - 4 / 29) * (3 * _BEND**2))


def _of_depth(levels: Floats, depth: Depth) -> NDArray[Any]:
    if depth is Depth.F32:
        return levels.astype(np.float32)
    return clamped(np.rint(levels), depth)[0]


def _encoded(linear: Floats, depth: Depth) -> NDArray[Any]:
    if depth is Depth.F32:
        return srgb.extended(srgb.encoded, linear).astype(np.float32)
    return srgb.nearest_level(np.clip(np.rint(linear * _UNIT), 0, _UNIT), depth)
