"""Hysteresis: weak pixels count where they hang together with strong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.ops.image import Image, as_image


def hysteresis(image: ArrayLike, low: float, high: float) -> Image:
    """Return white where a pixel is above `low` and connected to one that is above `high`.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        Channels are done apart. NaN is above nothing.
    low, high : float
        In either order. Pixels are connected by their sides and corners, through pixels that are
        above `low`.

    Returns
    -------
    ndarray
        0 and white, of the image's type.

    Examples
    --------
    >>> import numpy as np
    >>> hysteresis(np.array([[5, 5, 9, 0, 5]], np.uint8), 4, 8)
    array([[255, 255, 255,   0,   0]], dtype=uint8)
    """
    array = as_image(image)
    low, high = ordered_thresholds(low, high)
    channels = array if array.ndim == 3 else array[..., None]
    pixels = channels.astype(np.float64)  # float32 would round the thresholds
    kept = np.stack(
        [connected(pixels[..., c] > low, pixels[..., c] > high) for c in range(pixels.shape[2])],
        axis=2,
    )
    return as_white(kept, Depth.of(array.dtype)).reshape(array.shape)


def ordered_thresholds(low: float, high: float) -> tuple[float, float]:
    """Return the lower threshold first.

    Raises
    ------
    ArgumentError
        For NaN.
    """
    if np.isnan(low) or np.isnan(high):
        raise ArgumentError("a threshold is NaN; a number is needed")
    return min(low, high), max(low, high)


def connected(weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the weak pixels from which a way over weak ones leads to a strong one."""
    count, labels = load_cv2().connectedComponents(weak.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, bool)
    kept[labels[strong & weak]] = True
    kept[0] = False
    return np.asarray(kept[labels])


def as_white(kept: NDArray[np.bool_], depth: Depth) -> NDArray[Any]:
    """Return 0 and white of a depth."""
    return np.asarray(kept.astype(depth.dtype) * np.array(depth.high, depth.dtype))
