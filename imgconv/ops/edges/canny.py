"""Canny's edge detector, as ``cv2.Canny`` defines it, for every type of image."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.errors import ArgumentError
from imgconv.model.numbers import parse_number
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.model.steps.edges import check_aperture
from imgconv.ops.color.histogram import otsu
from imgconv.ops.edges.gradient import Gradient, is_ridge, over_gradient
from imgconv.ops.edges.hysteresis import as_white, connected, ordered_thresholds
from imgconv.ops.image import Image, as_image
from imgconv.ops.linear.single import apply_kernel

_BINS = 4096


class Edges(NamedTuple):
    """The edges of an image, and the thresholds that found them.

    Attributes
    ----------
    image : ndarray, shape (rows, columns)
        0 and white, of the image's type.
    low, high : float
        Sizes of the gradient, in order.
    """

    image: Image
    low: float
    high: float


def canny(
    image: ArrayLike,
    low: float | None = None,
    high: float | None = None,
    *,
    sigma: object = 0,
    aperture: int = 3,
    l2: bool = False,
    threads: int | None = None,
) -> Edges:
    """Find edges: ridges of the gradient above `low` that hang together with one above `high`.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32. Of a colour image the channel with the largest gradient
        counts at each pixel.
    low, high : float, optional
        Thresholds of the gradient, in grey levels of this image times the sum of Sobel's positive
        weights (4 for aperture 3). In either order. By default `high` is Otsu's threshold of the
        sizes of the gradient and `low` half of it (Fang, Yue and Yu 2009); one that is given makes
        the other twice or half of it.
    sigma : number, default 0
        Of a Gaussian blur before, exactly rounded to the image's type; 0 is none.
    aperture : {3, 5, 7}, default 3
        Size of the Sobel kernels. On bytes, 7 computes with a sixteenth of gradients and
        thresholds, rounded to whole numbers, as ``cv2.Canny`` does; on other types with neither.
    l2 : bool, default False
        Whether sizes are by Euclid's norm instead of ``|x| + |y|``.

    Returns
    -------
    Edges
        On bytes and with sigma 0 what ``cv2.Canny`` returns. The border is replicated.

    Raises
    ------
    ArgumentError
        For another aperture, a negative sigma or a threshold that is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> canny(np.array([[0, 0, 90, 90]] * 3, np.uint8), 50, 150).image[1]
    array([  0, 255,   0,   0], dtype=uint8)
    """
    check_aperture(aperture)
    pixels = smoothed(as_image(image), sigma, threads)
    if low is None and high is None:
        high = automatic_threshold(pixels, aperture, l2=l2, threads=threads)
        low = high / 2
    elif high is None or low is None:
        given = high if low is None else low
        assert given is not None
        low, high = (given / 2, given) if low is None else (given, 2 * given)
    low, high = ordered_thresholds(low, high)
    if _is_opencvs(pixels):
        return Edges(_by_opencv(pixels, low, high, aperture, l2), low, high)
    found = _edges(pixels, low, high, aperture, l2, threads)
    return Edges(as_white(found, Depth.of(pixels.dtype)), low, high)


def _edges(
    pixels: Image, low: float, high: float, aperture: int, l2: bool, threads: int | None
) -> NDArray[np.bool_]:
    """Return the ridges above `low` that are connected to one above `high`."""
    if l2:  # squares are compared; a negative threshold stays below all of them
        low, high = np.copysign(low * low, low), np.copysign(high * high, high)

    def levels(gradient: Gradient) -> NDArray[np.uint8]:
        with np.errstate(invalid="ignore"):
            above = (gradient.size > low).astype(np.uint8) + (gradient.size > high)
        return above * is_ridge(gradient)

    found = over_gradient(pixels, aperture, l2, levels, threads)
    return connected(found > 0, found > 1)


def automatic_threshold(
    pixels: Image, aperture: int, *, l2: bool, threads: int | None = None
) -> float:
    """Return Otsu's threshold of the sizes of the gradient.

    They are counted in 4096 bins at most, of whole width for whole numbers; not finite ones are
    left out.
    """
    whole = pixels.dtype != np.float32

    def sizes(gradient: Gradient) -> NDArray[Any]:
        found = np.sqrt(gradient.size) if l2 else gradient.size
        return found.astype(np.int32 if whole else np.float64)

    found = over_gradient(pixels, aperture, l2, sizes, threads)
    known = found[np.isfinite(found)]
    greatest = float(known.max(initial=0))
    if greatest == 0:
        return 0.0
    width = float(-(-(int(greatest) + 1) // _BINS)) if whole else greatest / (_BINS - 1)
    chosen = otsu(np.bincount((known / width).astype(np.int64)))
    return (chosen + 1) * width - (1 if whole else 0)


def smoothed(image: Image, sigma: object, threads: int | None = None) -> Image:
    """Return an image blurred by a Gaussian, exactly rounded to its type; as it is for sigma 0.

    Raises
    ------
    ArgumentError
        For a negative sigma.
    """
    share = parse_number(sigma)
    if share < 0:
        raise ArgumentError(f"sigma {sigma} is negative", hint="0 is no blur")
    if share == 0:
        return image
    from imgconv.model.generators.gaussians import gaussian

    return apply_kernel(image, gaussian(share, "auto", "3sigma"), Settings(), threads=threads).image


def _is_opencvs(pixels: Image) -> bool:
    return pixels.dtype == np.uint8 and (pixels.ndim == 2 or pixels.shape[2] <= 4)


def _by_opencv(pixels: Image, low: float, high: float, aperture: int, l2: bool) -> Image:
    found: Image = load_cv2().Canny(pixels, low, high, apertureSize=aperture, L2gradient=l2)
    return found
