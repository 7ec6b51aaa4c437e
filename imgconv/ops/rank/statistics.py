"""Order statistics of arrays: median, rank, minimum, maximum, range, midpoint and mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.engines.rounding import Quotients
from imgconv.model.border import Border, parse_border_value
from imgconv.model.footprint import Footprint, FootprintShape, footprint_size
from imgconv.model.geometry import OutputSize, parse_size, parse_steps
from imgconv.model.output import Depth, Rounding, parse_choice
from imgconv.model.settings import Settings
from imgconv.ops.image import as_image
from imgconv.ops.rank.extremes import ends_of
from imgconv.ops.rank.filtering import DirectFilter, over_image
from imgconv.ops.rank.modes import mode_of
from imgconv.ops.rank.ordered import direct_statistic, order_statistic, parse_percentile
from imgconv.ops.rank.windows import Image, Windows

FootprintLike = Footprint | int | str | Sequence[int] | NDArray[Any]


class WindowOptions(TypedDict, total=False):
    """What every order statistic takes by keyword (see `rank_filter`)."""

    anchor: Sequence[int] | None
    border: Border | str
    border_value: int | float
    stride: int | Sequence[int]
    dilation: int | Sequence[int]
    size: OutputSize | str | int | Sequence[int]
    threads: int | None


def as_footprint(footprint: FootprintLike, anchor: Sequence[int] | None = None) -> Footprint:
    """Return a footprint: one that is given, a box of a size, or where an array is not zero.

    Examples
    --------
    >>> as_footprint("3x5").shape
    (3, 5)
    """
    if isinstance(footprint, Footprint):
        return footprint
    if isinstance(footprint, np.ndarray) and footprint.ndim == 2:
        return Footprint.of(footprint.tolist(), anchor)
    size = footprint.tolist() if isinstance(footprint, np.ndarray) else footprint
    return Footprint.shaped(FootprintShape.BOX, *footprint_size(size), anchor)


def rank_filter(
    image: ArrayLike,
    footprint: FootprintLike,
    percentile: object,
    **options: Unpack[WindowOptions],
) -> Image:
    """Return one value of the sorted window of every pixel, by the nearest rank.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32; channels are filtered apart.
    footprint : Footprint, int, str, (int, int) or ndarray of shape (rows, columns)
        Which pixels the window has: a size (``5``, ``"3x7"``) means a box; of an array those
        that are not zero.
    percentile : number from 0 to 1
        Of n sorted values the result is number ``ceil(percentile * n)``, the first for 0:
        the least value that at least that share is not above. 0.5 of an even n is the lower one
        in the middle (SciPy takes the upper one). Decimals in text are taken exactly.
    anchor : (int, int), optional
        Row and column of the pixel that gets the result; default ``k // 2``.
    border : Border or str, default "reflect101"
        As for `correlate`, or ``"ignore"``: pixels outside are left out of the window. Where none
        is left the result is 0; for percentile 0 the type's greatest value, for 1 its least.
    border_value, stride, dilation, size, threads
        As for `correlate`.

    Returns
    -------
    ndarray
        Values of the image, in its type. NaN where the window holds NaN.

    Raises
    ------
    ArgumentError
        For a parameter that it cannot take.
    KernelError
        For a footprint without pixels.

    Examples
    --------
    >>> import numpy as np
    >>> rank_filter(np.array([[5, 1, 4, 2]], np.uint8), "1x3", "0.5", border="replicate")
    array([[5, 4, 2, 2]], dtype=uint8)
    """
    share = parse_percentile(percentile)
    return filter_windows(
        image,
        footprint,
        lambda windows: order_statistic(windows, share),
        direct=partial(direct_statistic, percentile=share),
        **options,
    )


def median(image: ArrayLike, footprint: FootprintLike, **options: Unpack[WindowOptions]) -> Image:
    """Return the median of every window: `rank_filter` with percentile 1/2.

    Examples
    --------
    >>> import numpy as np
    >>> median(np.array([[0, 0, 255, 0, 0]], np.uint8), 3)
    array([[0, 0, 0, 0, 0]], dtype=uint8)
    """
    return rank_filter(image, footprint, "1/2", **options)


def minimum(image: ArrayLike, footprint: FootprintLike, **options: Unpack[WindowOptions]) -> Image:
    """Return the least value of every window (options as for `rank_filter`)."""
    return rank_filter(image, footprint, 0, **options)


def maximum(image: ArrayLike, footprint: FootprintLike, **options: Unpack[WindowOptions]) -> Image:
    """Return the greatest value of every window (options as for `rank_filter`).

    The footprint is not reflected; `dilate` reflects it.
    """
    return rank_filter(image, footprint, 1, **options)


def local_range(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[WindowOptions]
) -> Image:
    """Return the greatest minus the least value of every window.

    Options as for `rank_filter`. int16 is clamped at 32767; float32 is rounded once.
    """
    return range_between(minimum(image, footprint, **options), maximum(image, footprint, **options))


def midpoint(
    image: ArrayLike,
    footprint: FootprintLike,
    *,
    rounding: Rounding | str = "half-even",
    **options: Unpack[WindowOptions],
) -> Image:
    """Return the middle between the least and the greatest value of every window, rounded once.

    Options as for `rank_filter`, and `rounding` as for `correlate`.
    """
    chosen = parse_choice(Rounding, rounding, "rounding")
    least, greatest = minimum(image, footprint, **options), maximum(image, footprint, **options)
    return midpoint_between(least, greatest, chosen)


def mode(image: ArrayLike, footprint: FootprintLike, **options: Unpack[WindowOptions]) -> Image:
    """Return the most frequent value of every window, the least of them where several are.

    Options as for `rank_filter`.
    """
    return filter_windows(image, footprint, mode_of, **options)


def range_between(least: Image, greatest: Image) -> Image:
    """Return greatest minus least, clamped to the type; 0 where no pixel counted."""
    if least.dtype == np.float32:
        with np.errstate(invalid="ignore", over="ignore"):
            spread: Image = greatest - least
        return np.where(greatest < least, np.float32(0), spread)
    difference = np.subtract(greatest, least, dtype=np.int32)
    return np.clip(difference, 0, ends_of(least.dtype)[1]).astype(least.dtype)


def midpoint_between(least: Image, greatest: Image, rounding: Rounding) -> Image:
    """Return the middle of two images, rounded once; 0 where no pixel counted."""
    empty = greatest < least
    if least.dtype == np.float32:
        with np.errstate(invalid="ignore"):
            middle = (least.astype(np.float64) + greatest) / 2
        return np.where(empty, 0, middle).astype(np.float32)
    sums = np.add(least, greatest, dtype=np.int32)
    halves = Quotients(np.where(empty, 0, sums), 2)
    return halves.rounded_to(Depth.of(least.dtype), rounding)[0]


def filter_windows(
    image: ArrayLike,
    footprint: FootprintLike,
    function: Callable[[Windows], Image],
    *,
    direct: DirectFilter | None = None,
    **options: Unpack[WindowOptions],
) -> Image:
    """Return a function of every window of an image (options as for `rank_filter`)."""
    settings = Settings(
        border_value=parse_border_value(options.get("border_value", 0)),
        stride=parse_steps(options.get("stride", 1), "stride"),
        dilation=parse_steps(options.get("dilation", 1), "dilation"),
        size=parse_size(options.get("size", "same")),
    )
    array = as_image(image)
    found = over_image(
        array if array.ndim == 3 else array[..., None],
        as_footprint(footprint, options.get("anchor")),
        function,
        settings=settings,
        outside=Border.parse(options.get("border", "reflect101")),
        threads=options.get("threads"),
        direct=direct,
    )
    return found if array.ndim == 3 else found[..., 0]
