"""Gradients, their directions, and the pixels that are the greatest along them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.cv2_library import load_cv2
from imgconv.engines.rounding import clamped
from imgconv.model.output import Depth, parse_choice
from imgconv.model.steps.edges import check_aperture
from imgconv.ops.image import Image, as_image, checked_threads
from imgconv.ops.rank.windows import in_bands

_TANGENT = 13573  # of 22.5 degrees, in 2**-15, as cv2.Canny has it
_ONE = 1 << 15
_BAND_ROWS = 128


class Gradient(NamedTuple):
    """The gradient of every pixel, in the channel where it is the largest.

    Attributes
    ----------
    across, down : ndarray, shape (rows, columns)
        Derivatives along columns and rows: whole numbers, float64 for a float image.
    size : ndarray
        ``|across| + |down|``, or the sum of squares.
    squared : bool
        Whether `size` is the sum of squares.
    """

    across: NDArray[Any]
    down: NDArray[Any]
    size: NDArray[Any]
    squared: bool


def gradient_of(image: ArrayLike, aperture: int = 3, *, l2: bool = False) -> Gradient:
    """Return the Sobel gradient of an image, exact for whole numbers.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32 (computed in float64).
    aperture : {3, 5, 7}
        Size of the Sobel kernels, which are not scaled. The border is replicated.
    l2 : bool
        Whether sizes are compared by Euclid's norm (as its square) and not by the sum of
        absolute values.

    Raises
    ------
    ArgumentError
        For another aperture.
    """
    check_aperture(aperture)
    array = as_image(image)
    channels = array if array.ndim == 3 else array[..., None]
    found: Gradient | None = None
    for channel in range(channels.shape[2]):
        one = _of_channel(channels[..., channel], aperture, l2)
        found = one if found is None else _larger(found, one)
    assert found is not None  # an image has a channel
    return found


def _of_channel(pixels: Image, aperture: int, l2: bool) -> Gradient:
    cv2 = load_cv2()
    source = pixels.astype(np.float64)

    def derivative(columns: int, rows: int) -> NDArray[Any]:
        found: NDArray[Any] = cv2.Sobel(
            source, cv2.CV_64F, columns, rows, ksize=aperture, borderType=cv2.BORDER_REPLICATE
        )
        # Whole numbers below 2**53: the sums were exact.
        return found if pixels.dtype == np.float32 else found.astype(np.int64)

    across, down = derivative(1, 0), derivative(0, 1)
    with np.errstate(invalid="ignore", over="ignore"):
        size = across * across + down * down if l2 else np.abs(across) + np.abs(down)
    return Gradient(across, down, size, l2)


def _larger(one: Gradient, other: Gradient) -> Gradient:
    """Return for each pixel the larger gradient, the first of two equal ones."""
    second = other.size > one.size
    return Gradient(
        np.where(second, other.across, one.across),
        np.where(second, other.down, one.down),
        np.where(second, other.size, one.size),
        one.squared,
    )


def is_ridge(gradient: Gradient) -> NDArray[np.bool_]:
    """Return where the gradient is not exceeded along its direction, in four directions.

    By the rules of ``cv2.Canny``: along a row or a column it must exceed the neighbour before and
    reach the one after; along a diagonal it must exceed both. Outside the image it is 0.
    """
    size = np.pad(gradient.size, 1)
    rows, columns = gradient.size.shape

    def beside(down: int, across: int) -> NDArray[Any]:
        return size[1 + down : 1 + down + rows, 1 + across : 1 + across + columns]

    here = gradient.size
    with np.errstate(invalid="ignore", over="ignore"):
        flat = np.abs(gradient.across) * _TANGENT
        steep = np.abs(gradient.down) * _ONE
        horizontal = steep < flat
        vertical = ~horizontal & (steep > flat + np.abs(gradient.across) * (2 * _ONE))
        falling = (gradient.across < 0) != (gradient.down < 0)
        along_row = (here > beside(0, -1)) & (here >= beside(0, 1))
        along_column = (here > beside(-1, 0)) & (here >= beside(1, 0))
        diagonal = np.where(
            falling,
            (here > beside(-1, 1)) & (here > beside(1, -1)),
            (here > beside(-1, -1)) & (here > beside(1, 1)),
        )
    return np.where(horizontal, along_row, np.where(vertical, along_column, diagonal))


def nonmax(
    image: ArrayLike,
    aperture: int = 3,
    *,
    l2: bool = False,
    depth: Depth | str | None = None,
    threads: int | None = None,
) -> Image:
    """Return the size of the gradient where it is greatest along its direction, 0 elsewhere.

    Parameters
    ----------
    image, aperture, l2
        As for `gradient_of`; of a colour image the channel with the largest gradient counts.
    depth : {"u8", "u16", "i16", "f32"}, optional
        Type of the result, to which it is clamped; default the image's. Euclid's norm is rounded
        to the nearest whole number, half to even.

    Returns
    -------
    ndarray, shape (rows, columns)

    Examples
    --------
    >>> import numpy as np
    >>> nonmax(np.array([[0, 0, 9, 9]] * 3, np.uint8))[1]
    array([ 0, 36,  0,  0], dtype=uint8)
    """
    array = as_image(image)
    chosen = Depth.of(array.dtype) if depth is None else parse_choice(Depth, depth, "depth")

    def kept(gradient: Gradient) -> Image:
        sizes = np.sqrt(gradient.size) if gradient.squared else gradient.size
        ridges = np.where(is_ridge(gradient), sizes, 0)
        if chosen is Depth.F32:
            with np.errstate(over="ignore"):
                return ridges.astype(np.float32)
        return clamped(np.rint(np.nan_to_num(ridges)), chosen)[0]

    return over_gradient(array, aperture, l2, kept, threads)


def over_gradient(
    image: Image,
    aperture: int,
    l2: bool,
    function: Callable[[Gradient], NDArray[Any]],
    threads: int | None = None,
) -> NDArray[Any]:
    """Return a function of the gradient and its neighbours, computed in bands of rows.

    Parameters
    ----------
    image : ndarray
        A checked one.
    aperture, l2
        As for `gradient_of`.
    function : callable
        Gets the gradient of some rows; what it returns at a pixel must depend on no gradients but
        that of the pixel and those beside it.
    """
    rows = image.shape[0]
    halo = aperture // 2 + 1
    parts: dict[int, NDArray[Any]] = {}

    def fill(band: slice) -> None:
        first, last = max(band.start - halo, 0), min(band.stop + halo, rows)
        found = function(gradient_of(image[first:last], aperture, l2=l2))
        parts[band.start] = found[band.start - first : band.stop - first]

    in_bands(rows, _BAND_ROWS, fill, checked_threads(threads))
    return np.concatenate([parts[start] for start in sorted(parts)])
