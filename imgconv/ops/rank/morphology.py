"""Morphology of arrays: erosion, dilation, and what they are composed to.

Erosion is the least value over the footprint, dilation the greatest over the footprint turned by
180 degrees, so that each undoes what the other does to a set (Serra 1982; Gonzalez and Woods).
OpenCV does not turn it; the two differ for footprints that are not the same when turned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike

from imgconv.model.border import Border, parse_border_value
from imgconv.model.errors import ArgumentError, KernelError
from imgconv.model.footprint import Footprint
from imgconv.model.settings import Settings
from imgconv.ops.image import as_image
from imgconv.ops.rank.extremes import direct_extreme, ends_of, extreme
from imgconv.ops.rank.filtering import over_image
from imgconv.ops.rank.statistics import FootprintLike, as_footprint
from imgconv.ops.rank.windows import Image, Outside, parse_outside


class MorphologyOptions(TypedDict, total=False):
    """What every function here takes by keyword.

    Attributes
    ----------
    anchor : (int, int)
        Row and column of the footprint's pixel on the output; default ``k // 2``.
    border : Border or str
        As for `correlate`, default "reflect101"; or ``"ignore"``: pixels outside do not count.
        With it, an opening nowhere exceeds the image and a closing nowhere falls below it.
    border_value : number
    iterations : int
        How many erosions or dilations stand in place of each; default 1.
    threads : int
    """

    anchor: Sequence[int] | None
    border: Outside | str
    border_value: int | float
    iterations: int
    threads: int | None


class _Passes(NamedTuple):
    """Erosions and dilations by one footprint."""

    footprint: Footprint
    outside: Outside
    settings: Settings
    iterations: int
    threads: int | None

    def erode(self, image: Image) -> Image:
        return self._repeated(image, self.footprint, greatest=False)

    def dilate(self, image: Image) -> Image:
        return self._repeated(image, self.footprint.reflected(), greatest=True)

    def _repeated(self, image: Image, footprint: Footprint, *, greatest: bool) -> Image:
        for _ in range(self.iterations):
            image = over_image(
                image,
                footprint,
                partial(extreme, greatest=greatest),
                settings=self.settings,
                outside=self.outside,
                threads=self.threads,
                direct=partial(direct_extreme, greatest=greatest),
            )
        return image


def erode(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the least value over the footprint, at every pixel.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32; channels are filtered apart.
    footprint : Footprint, int, str, (int, int) or ndarray of shape (rows, columns)
        As for `rank_filter`. The heights of a `Footprint` are subtracted here and added by
        dilation; results are clamped to the image's type.
    **options
        See `MorphologyOptions`.

    Returns
    -------
    ndarray
        Of the image's shape and type. NaN where the window holds NaN.

    Raises
    ------
    ArgumentError, KernelError
        For a parameter that it cannot take.

    Examples
    --------
    >>> import numpy as np
    >>> erode(np.array([[9, 5, 7, 7]], np.uint8), "1x2")
    array([[5, 5, 5, 7]], dtype=uint8)
    """
    return _composed(image, footprint, _Passes.erode, options)


def dilate(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the greatest value over the turned footprint, at every pixel (see `erode`).

    Examples
    --------
    >>> import numpy as np
    >>> dilate(np.array([[0, 0, 9, 0, 0]], np.uint8), np.array([[0, 1, 1]]), border="ignore")
    array([[0, 0, 9, 9, 0]], dtype=uint8)
    """
    return _composed(image, footprint, _Passes.dilate, options)


def opening(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the dilation of the erosion: what is bright and smaller than the footprint goes."""
    return _composed(image, footprint, _opened, options)


def closing(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the erosion of the dilation: what is dark and smaller than the footprint goes."""
    return _composed(image, footprint, _closed, options)


def morph_gradient(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the dilation minus the erosion, clamped to the type."""
    return _composed(
        image, footprint, lambda p, pixels: _minus(p.dilate(pixels), p.erode(pixels)), options
    )


def inner_gradient(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the image minus its erosion, clamped to the type."""
    return _composed(image, footprint, lambda p, pixels: _minus(pixels, p.erode(pixels)), options)


def outer_gradient(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the dilation minus the image, clamped to the type."""
    return _composed(image, footprint, lambda p, pixels: _minus(p.dilate(pixels), pixels), options)


def top_hat(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the image minus its opening, clamped to the type."""
    return _composed(
        image, footprint, lambda p, pixels: _minus(pixels, _opened(p, pixels)), options
    )


def black_hat(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the closing minus the image, clamped to the type."""
    return _composed(
        image, footprint, lambda p, pixels: _minus(_closed(p, pixels), pixels), options
    )


def hit_or_miss(
    image: ArrayLike,
    pattern: Iterable[Iterable[float]],
    *,
    anchor: Sequence[int] | None = None,
    border: Outside | str = "reflect101",
    border_value: int | float = 0,
    threads: int | None = None,
) -> Image:
    """Return by how much the least of the hits is above the greatest of the misses, or 0.

    Parameters
    ----------
    image : array_like
        As for `erode`.
    pattern : array_like, shape (rows, columns)
        Positive where the image is to be hit, negative where it is to be missed, 0 where it does
        not matter.
    anchor, border, border_value, threads
        See `MorphologyOptions`.

    Returns
    -------
    ndarray
        Of black and white: white where the pattern fits. Of any other image the unconstrained
        transform of grey levels (Soille 2003, 5.1.4). Without misses it is the erosion.

    Raises
    ------
    KernelError
        For a pattern without hits.

    Examples
    --------
    >>> import numpy as np
    >>> corner = np.array([[0, -1, -1], [1, 1, -1], [0, 1, 0]])
    >>> hit_or_miss(np.array([[0, 0, 0], [9, 9, 0], [9, 9, 0]], np.uint8), corner)
    array([[0, 0, 0],
           [0, 9, 0],
           [0, 0, 0]], dtype=uint8)
    """
    rows = [list(row) for row in pattern]
    if not any(value > 0 for row in rows for value in row):
        raise KernelError(
            "a pattern needs at least one positive value, a pixel to hit",
            hint="invert the image and the pattern's signs to look for dark pixels only",
        )
    array, pixels = _pixels(image)
    settings = Settings(border_value=parse_border_value(border_value))
    outside = parse_outside(border)

    def over(sign: int, greatest: bool) -> Image:
        footprint = Footprint.of([[value * sign > 0 for value in row] for row in rows], anchor)
        return over_image(
            pixels,
            footprint,
            partial(extreme, greatest=greatest),
            settings=settings,
            outside=outside,
            threads=threads,
            direct=partial(direct_extreme, greatest=greatest),
        )

    result = over(1, greatest=False)
    if any(value < 0 for row in rows for value in row):
        zero = np.zeros((), array.dtype)
        result = np.maximum(_minus(result, over(-1, greatest=True)), zero)
    return result.reshape(array.shape)


def _opened(passes: _Passes, pixels: Image) -> Image:
    return passes.dilate(passes.erode(pixels))


def _closed(passes: _Passes, pixels: Image) -> Image:
    return passes.erode(passes.dilate(pixels))


def _white_hat(passes: _Passes, pixels: Image) -> Image:
    return _minus(pixels, _opened(passes, pixels))


def _black_hat(passes: _Passes, pixels: Image) -> Image:
    return _minus(_closed(passes, pixels), pixels)


def _minus(one: Image, other: Image) -> Image:
    """Subtract, clamped to the type."""
    if one.dtype == np.float32:
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(one - other)
    difference = np.subtract(one, other, dtype=np.int32)
    return np.clip(difference, *ends_of(one.dtype)).astype(one.dtype)


def _pixels(image: ArrayLike) -> tuple[Image, Image]:
    """Return an image as given, and with channels."""
    array = as_image(image)
    return array, array if array.ndim == 3 else array[..., None]


def _composed(
    image: ArrayLike,
    footprint: FootprintLike,
    function: Callable[[_Passes, Image], Image],
    options: MorphologyOptions,
) -> Image:
    array, pixels = _pixels(image)
    iterations = options.get("iterations", 1)
    if iterations < 1:
        raise ArgumentError(f"iterations is {iterations}; a whole number of at least 1 is needed")
    passes = _Passes(
        as_footprint(footprint, options.get("anchor")),
        parse_outside(options.get("border", Border.REFLECT101)),
        Settings(border_value=parse_border_value(options.get("border_value", 0))),
        iterations,
        options.get("threads"),
    )
    return function(passes, pixels).reshape(array.shape)
