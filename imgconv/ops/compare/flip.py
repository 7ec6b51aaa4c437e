"""NVIDIA's FLIP for pictures of standard range, after P. Andersson and others (2020).

What an observer sees who flips between two pictures on a screen: colours filtered by the eye's
contrast sensitivity and compared in a space of equal steps, and edges and points compared by
themselves, which make a difference of colour more visible.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.cv2_library import load_cv2

Colours = NDArray[np.float64]
PIXELS_PER_DEGREE = 0.7 * 3840 / 0.7 * math.pi / 180
"""Of a screen 0.7 m wide with 3840 pixels at a distance of 0.7 m."""

_TO_XYZ = np.array(
    [
        [10135552 / 24577794, 8788810 / 24577794, 4435075 / 24577794],
        [2613072 / 12288897, 8788810 / 12288897, 887015 / 12288897],
        [1425312 / 73733382, 8788810 / 73733382, 70074185 / 73733382],
    ]
)
_FROM_XYZ = np.linalg.inv(_TO_XYZ)
_WHITE = _TO_XYZ.sum(axis=1)
_SENSITIVITY = ((1, 0.0047, 0, 1e-5), (1, 0.0053, 0, 1e-5), (34.1, 0.04, 13.5, 0.025))
_WIDEST = 0.04
_QC, _PC, _PT = 0.7, 0.4, 0.95
_FEATURE_WIDTH, _QF = 0.082, 0.5


def flip_map(expected: Colours, actual: Colours) -> NDArray[np.float64]:
    """Return FLIP's difference of each pixel, 0 to 1, shape (rows, columns).

    Parameters
    ----------
    expected, actual : ndarray of float64, shape (rows, columns, 3)
        sRGB values from 0 to 1.

    Examples
    --------
    >>> black = np.zeros((9, 9, 3))
    >>> float(flip_map(black, black).max())
    0.0
    """
    opponent = [_opponent(_linear(image)) for image in (expected, actual)]
    colour = _colour_difference(*opponent)
    feature = _feature_difference(*((image[..., 0] + 16) / 116 for image in opponent))
    return np.asarray(colour ** (1 - feature))


def _linear(srgb: Colours) -> Colours:
    return np.where(srgb > 0.04045, ((srgb + 0.055) / 1.055) ** 2.4, srgb / 12.92)


def _opponent(linear: Colours) -> Colours:
    """Return Y, Cx, Cz: the light, red to green and blue to yellow, all of them linear."""
    x, y, z = np.moveaxis(linear @ _TO_XYZ.T / _WHITE, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _from_opponent(opponent: Colours) -> Colours:
    light = (opponent[..., 0] + 16) / 116
    x, z = light + opponent[..., 1] / 500, light - opponent[..., 2] / 200
    return np.asarray(np.stack([x, light, z], axis=-1) * _WHITE @ _FROM_XYZ.T)


def _colour_difference(expected: Colours, actual: Colours) -> NDArray[np.float64]:
    seen = [_hunt(_from_opponent(_filtered(image)).clip(0, 1)) for image in (expected, actual)]
    power = _hyab(*seen) ** _QC
    most = _greatest()
    knee = _PC * most
    above = _PT + (power - knee) / (most - knee) * (1 - _PT)
    return np.where(power < knee, power * _PT / knee, above)


@cache
def _greatest() -> float:
    """Return the difference of green and blue, the greatest that there is."""
    green, blue = (_hunt(np.array([[[0.0, g, b]]])) for g, b in ((1.0, 0.0), (0.0, 1.0)))
    return float(_hyab(green, blue)[0, 0] ** _QC)


def _hyab(one: Colours, other: Colours) -> NDArray[np.float64]:
    apart = one - other
    return np.asarray(np.abs(apart[..., 0]) + np.hypot(apart[..., 1], apart[..., 2]))


def _hunt(linear: Colours) -> Colours:
    """Return CIELAB with colours that fade as it gets darker."""
    ratio = linear @ _TO_XYZ.T / _WHITE
    delta = 6 / 29
    root = np.where(ratio > delta**3, np.cbrt(ratio), ratio / (3 * delta**2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    light = 116 * y - 16
    return np.stack([light, 5 * light * (x - y), 2 * light * (y - z)], axis=-1)


def _filtered(opponent: Colours) -> Colours:
    planes = [
        _filter(opponent[..., channel], kernel) for channel, kernel in enumerate(_eye_kernels())
    ]
    return np.stack(planes, axis=-1)


@cache
def _eye_kernels() -> tuple[NDArray[np.float64], ...]:
    radius = math.ceil(3 * math.sqrt(_WIDEST / (2 * math.pi**2)) * PIXELS_PER_DEGREE)
    steps = np.arange(-radius, radius + 1) / PIXELS_PER_DEGREE
    squares = steps[:, np.newaxis] ** 2 + steps**2
    kernels = []
    for a1, b1, a2, b2 in _SENSITIVITY:
        kernel = a1 * math.sqrt(math.pi / b1) * np.exp(-(math.pi**2) * squares / b1)
        kernel += a2 * math.sqrt(math.pi / b2) * np.exp(-(math.pi**2) * squares / b2)
        kernels.append(kernel / kernel.sum())
    return tuple(kernels)


def _feature_difference(expected: Colours, actual: Colours) -> NDArray[np.float64]:
    edge, point = _feature_kernels()
    found = []
    for kernel in (edge, point):
        sizes = [
            np.hypot(_filter(image, kernel), _filter(image, kernel.T))
            for image in (expected, actual)
        ]
        found.append(np.abs(sizes[0] - sizes[1]))
    return np.asarray((np.maximum(*found) / math.sqrt(2)) ** _QF)


@cache
def _feature_kernels() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    deviation = 0.5 * _FEATURE_WIDTH * PIXELS_PER_DEGREE
    radius = math.ceil(3 * deviation)
    steps = np.arange(-radius, radius + 1.0)
    bell = np.exp(-(steps[:, np.newaxis] ** 2 + steps**2) / (2 * deviation**2))
    edge, point = -steps * bell, (steps**2 / deviation**2 - 1) * bell
    return _balanced(edge), _balanced(point)


def _balanced(kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale weights so that the positive ones add up to 1 and the negative ones to -1."""
    up, down = kernel[kernel > 0].sum(), -kernel[kernel < 0].sum()
    return np.asarray(np.where(kernel > 0, kernel / up, kernel / down))


def _filter(plane: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    cv2 = load_cv2()
    done = cv2.filter2D(
        np.ascontiguousarray(plane), cv2.CV_64F, kernel, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(done, np.float64)
