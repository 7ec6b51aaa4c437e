"""Morphology of arrays: erosion, dilation, and what they are composed to.

Erosion is the least value over the footprint, dilation the greatest over the footprint turned by
180 degrees, so that each undoes what the other does to a set (Serra 1982; Gonzalez and Woods).
OpenCV does not turn it; the two differ for footprints that are not the same when turned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypedDict, Unpack

from numpy.typing import ArrayLike

from imgconv.model.alpha import Alpha
from imgconv.model.border import Border, parse_border_value
from imgconv.model.kernel import Kernel, WeightsLike
from imgconv.model.settings import Settings
from imgconv.model.steps.morphology import (
    BlackHat,
    Close,
    Dilate,
    Erode,
    HitOrMiss,
    InnerGradient,
    MorphGradient,
    Morphology,
    Open,
    OuterGradient,
    TopHat,
)
from imgconv.ops.context import StepContext, StepResult
from imgconv.ops.image import as_image
from imgconv.ops.rank import steps
from imgconv.ops.rank.statistics import FootprintLike, as_footprint
from imgconv.ops.rank.windows import Image


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
    border: Border | str
    border_value: int | float
    iterations: int
    threads: int | None


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
    return _composed(Erode, image, footprint, options)


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
    return _composed(Dilate, image, footprint, options)


def opening(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the dilation of the erosion: what is bright and smaller than the footprint goes."""
    return _composed(Open, image, footprint, options)


def closing(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the erosion of the dilation: what is dark and smaller than the footprint goes."""
    return _composed(Close, image, footprint, options)


def morph_gradient(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the dilation minus the erosion, clamped to the type."""
    return _composed(MorphGradient, image, footprint, options)


def inner_gradient(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the image minus its erosion, clamped to the type."""
    return _composed(InnerGradient, image, footprint, options)


def outer_gradient(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the dilation minus the image, clamped to the type."""
    return _composed(OuterGradient, image, footprint, options)


def top_hat(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the image minus its opening, clamped to the type."""
    return _composed(TopHat, image, footprint, options)


def black_hat(
    image: ArrayLike, footprint: FootprintLike, **options: Unpack[MorphologyOptions]
) -> Image:
    """Return the closing minus the image, clamped to the type."""
    return _composed(BlackHat, image, footprint, options)


def hit_or_miss(
    image: ArrayLike,
    pattern: WeightsLike,
    *,
    anchor: Sequence[int] | None = None,
    border: Border | str = "reflect101",
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
    step = HitOrMiss().with_kernel(Kernel(pattern, anchor=anchor))
    options: MorphologyOptions = {
        "border": border, "border_value": border_value, "threads": threads
    }  # fmt: skip
    return _run(step, image, options, steps.hit_or_miss)


def _composed(
    kind: type[Morphology], image: ArrayLike, footprint: FootprintLike, options: MorphologyOptions
) -> Image:
    given = as_footprint(footprint, options.get("anchor"))
    step = kind(given=given, iterations=options.get("iterations", 1))
    return _run(step, image, options, steps.morphology)


def _run(
    step: Any, image: ArrayLike, options: MorphologyOptions, function: Callable[..., StepResult]
) -> Image:
    settings = Settings(
        border=Border.parse(options.get("border", Border.REFLECT101)),
        border_value=parse_border_value(options.get("border_value", 0)),
    )
    context = StepContext(settings, Alpha.FILTER, options.get("threads"))
    return function(as_image(image), step, context).image
