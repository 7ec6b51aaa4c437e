"""sRGB and linear light (IEC 61966-2-1), in whole numbers for integer images.

Linear values are multiples of 2**-30. That is fine enough for 16 bits (the darkest step is
1.2e-6), and coarse enough that every machine's ``pow`` rounds to the same multiple.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.native import NativeEngine
from imgconv.engines.pointwise import Beginnings, Pointwise
from imgconv.engines.select import select_engine
from imgconv.model.output import Depth

Integers = NDArray[np.int64]
Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]
_UNIT = 1 << 30


def decoded(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the linear light of sRGB values between 0 and 1."""
    low = encoded <= 0.04045
    curve: NDArray[np.float64] = ((np.where(low, 1.0, encoded) + 0.055) / 1.055) ** 2.4
    return np.where(low, encoded / 12.92, curve)


def encoded(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sRGB values of linear light between 0 and 1."""
    low = linear <= 0.0031308
    curve: NDArray[np.float64] = 1.055 * np.where(low, 1.0, linear) ** (1 / 2.4) - 0.055
    return np.where(low, linear * 12.92, curve)


@cache
def linear_table(depth: Depth) -> Integers:
    """Return the linear light of each level of an integer depth, in units of 2**-30."""
    return _in_units(np.arange(depth.high + 1) / depth.high)


@cache
def _boundaries(depth: Depth) -> Integers:
    """Return the linear light from which each level but the first is the nearest one."""
    return _in_units((np.arange(depth.high) + 0.5) / depth.high)


@cache
def beginnings(depth: Depth) -> Beginnings:
    """Return where levels begin, in cells that are narrower than every level."""
    edges = _boundaries(depth)
    width = 1 << (int(np.diff(edges).min()).bit_length() - 1)
    starts = np.arange(0, _UNIT + width, width)
    base = np.searchsorted(edges, starts, side="right")
    following = np.append(edges, 2 * _UNIT)[base]
    edge = np.where(following < starts + width, following.astype(np.float64), np.inf)
    near = (edge / _UNIT).astype(np.float32)
    near = np.where(near < edge / _UNIT, np.nextafter(near, np.float32(np.inf)), near)
    return Beginnings(base.astype(np.uint16), edge, near, float(_UNIT))


def _points() -> Pointwise | None:
    engine = select_engine()
    return engine.pointwise if isinstance(engine, NativeEngine) else None


def nearest_level_of_mean(rgb: NDArray[Any], weights: tuple[int, ...], depth: Depth) -> Any:
    """Encode the weighted mean of the linear light of three channels."""
    table, points = linear_table(depth), _points()
    if points is not None:
        found = np.empty(rgb.shape[:2], rgb.dtype)
        points.encode_mean(beginnings(depth), table, weights, np.ascontiguousarray(rgb), found)
        return found
    parts = [table[rgb[..., i]] * weight for i, weight in enumerate(weights)]
    return nearest_level(np.asarray(sum(parts)) / sum(weights), depth)


def nearest_level(linear: NDArray[Any], depth: Depth) -> NDArray[Any]:
    """Encode linear light in units of 2**-30 as the nearest sRGB level."""
    return np.searchsorted(_boundaries(depth), linear, side="right").astype(depth.dtype)


def to_linear(image: NDArray[Any], depth: Depth) -> NDArray[np.float32]:
    """Return the linear light of sRGB values as float32, white being 1."""
    if depth is Depth.F32:
        with np.errstate(over="ignore"):  # beyond the range of float32 it is infinite
            return extended(decoded, image).astype(np.float32)
    if depth is Depth.U8:
        found = load_cv2().LUT(np.ascontiguousarray(image), _light(depth)).reshape(image.shape)
    else:
        found = _light(depth)[image]
    light: NDArray[np.float32] = found
    return light


def light_beside_shares(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the linear light of bytes, and of their last channel its share of white."""
    light = _light(Depth.U8)
    share = np.arange(256, dtype=np.float32) / np.float32(255)
    table = np.stack([light] * (image.shape[2] - 1) + [share], axis=-1)[np.newaxis]
    found: NDArray[np.float32] = load_cv2().LUT(np.ascontiguousarray(image), table)
    return found


@cache
def _light(depth: Depth) -> NDArray[np.float32]:
    light: NDArray[np.float32] = (linear_table(depth) / _UNIT).astype(np.float32)
    return light


def from_linear(light: NDArray[np.float32], depth: Depth) -> tuple[NDArray[Any], int]:
    """Encode linear light as the nearest sRGB values, and count those out of range."""
    if depth is Depth.F32:
        return extended(encoded, light).astype(np.float32), 0
    points = _points()
    if points is not None:
        levels = np.empty(light.shape, depth.dtype)
        return levels, points.encode(beginnings(depth), np.ascontiguousarray(light), levels)
    clipped = int(np.count_nonzero((light < 0) | (light > 1)))
    inside = np.clip(np.nan_to_num(light), 0, 1).astype(np.float64)
    return nearest_level(inside * _UNIT, depth), clipped


def extended(curve: Curve, values: NDArray[Any]) -> NDArray[np.float64]:
    """Apply a curve, mirrored for negative values."""
    wide = values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.copysign(curve(np.abs(wide)), wide)


def _in_units(values: NDArray[np.float64]) -> Integers:
    return np.rint(decoded(values) * _UNIT).astype(np.int64)
