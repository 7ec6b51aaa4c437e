"""Non-local means (Buades, Coll and Morel 2005)."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.errors import ArgumentError
from imgconv.model.steps.smoothing import odd_size
from imgconv.ops.image import Image, as_image
from imgconv.ops.rank.windows import Windows
from imgconv.ops.smoothing.floats import (
    Floats,
    SmoothingOptions,
    at_least,
    box_sums,
    in_floats,
    windows_of,
)


def nlmeans(
    image: ArrayLike,
    strength: object,
    *,
    patch: int = 7,
    search: int = 21,
    **options: Unpack[SmoothingOptions],
) -> Image:
    """Return the mean of the pixels of a window, weighted by likeness of what is around them.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32.
    strength : number
        h, in grey levels of this image: a pixel counts ``exp(-d / h**2)`` with d the mean squared
        difference of two patches, all channels together.
    patch, search : int
        Sides of the patches and of the window, odd.
    **options
        See `SmoothingOptions`; ``"ignore"`` is refused, as patches may not have holes.

    Returns
    -------
    ndarray
        Of the image's shape and type; not exact. Bytes of up to four channels are done by
        ``cv2.fastNlMeansDenoising``, all others in float64. NaN spreads over the whole reach.

    Raises
    ------
    ArgumentError
        For an even size, a strength that is not positive, or ``"ignore"``.

    Examples
    --------
    >>> import numpy as np
    >>> nlmeans(np.array([[10, 12, 10, 12], [12, 10, 12, 10]], np.uint8), 50, patch=3, search=5)
    array([[11, 11, 11, 11],
           [11, 11, 11, 11]], dtype=uint8)
    """
    odd_size(patch, "patch")
    odd_size(search, "search")
    h = at_least(strength, 0, "strength")
    array = as_image(image)
    reach = patch // 2 + search // 2
    windows = windows_of(array, 2 * reach + 1, options)
    return nlmeans_of(windows, h, patch, search).reshape(array.shape)


def nlmeans_of(windows: Windows, h: float, patch: int, search: int) -> Image:
    """Return the weighted mean for every window.

    Raises
    ------
    ArgumentError
        Where pixels do not count.
    """
    if windows.ignores:
        raise ArgumentError(
            "nlmeans compares whole patches: pixels outside cannot be left out",
            hint="choose another border, such as reflect101",
        )
    if windows.pixels.dtype == np.uint8 and windows.pixels.shape[2] <= 4:
        return _by_opencv(windows, h, patch, search)
    tall = windows.footprint.shape[0]
    return in_floats(windows, lambda part: _means(part, h, patch, search), tall=tall)


def _by_opencv(windows: Windows, h: float, patch: int, search: int) -> Image:
    cv2 = load_cv2()
    pixels = np.ascontiguousarray(windows.pixels)
    done = cv2.fastNlMeansDenoising(pixels, [h], None, patch, search, cv2.NORM_L2)
    reach = patch // 2 + search // 2
    rows, columns, _ = windows.out_shape
    inner: Image = done.reshape(pixels.shape)[reach : reach + rows, reach : reach + columns]
    return np.ascontiguousarray(inner)


def _means(windows: Windows, h: float, patch: int, search: int) -> Floats:
    pixels = windows.pixels.astype(np.float64)
    rows, columns, channels = windows.out_shape
    around, reach = patch // 2, search // 2
    area = patch * patch * channels
    size = (rows + 2 * around, columns + 2 * around)  # with what the patches read
    middle = pixels[reach : reach + size[0], reach : reach + size[1]]
    total, weight = np.zeros((rows, columns, channels)), np.zeros((rows, columns, 1))
    for down in range(search):
        for across in range(search):
            other = pixels[down : down + size[0], across : across + size[1]]
            apart = ((other - middle) ** 2).sum(axis=2)
            share = np.exp(-box_sums(apart, patch) / (area * h * h))[..., None]
            weight += share
            total += share * other[around : around + rows, around : around + columns]
    return np.asarray(total / weight)
