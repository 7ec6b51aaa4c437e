"""Unsharp masking with a threshold, as photo editors have it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from imgconv.model.border import Border, parse_border_value
from imgconv.model.errors import ArgumentError
from imgconv.model.generators.gaussians import gaussian, unsharp
from imgconv.model.numbers import parse_number
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.ops.image import Image, as_image
from imgconv.ops.linear.sums import apply_sums


def unsharp_mask(
    image: ArrayLike,
    sigma: object,
    amount: object,
    threshold: object = 0,
    *,
    border: Border | str = "reflect101",
    border_value: int | float = 0,
    threads: int | None = None,
) -> Image:
    """Add `amount` times the difference from a Gaussian blur, where it is at least `threshold`.

    Parameters
    ----------
    image : array_like, shape (rows, columns) or (rows, columns, channels)
        uint8, uint16, int16 or float32; channels are filtered apart.
    sigma, amount : number
        As for the kernel ``unsharp``.
    threshold : number, default 0
        In grey levels. At 0 the result is that of the kernel ``unsharp``.
    border, border_value, threads
        As for `correlate`.

    Returns
    -------
    ndarray
        Of the image's shape and type, exactly rounded; what decides is the difference from the
        blur rounded to float32.

    Raises
    ------
    ArgumentError
        For a negative threshold, or a sigma that the kernel refuses.

    Examples
    --------
    >>> import numpy as np
    >>> unsharp_mask(np.array([[50, 52, 50, 90, 90]] * 3, np.uint8), 1, 1, 10)[1]
    array([ 50,  52,  37, 102,  90], dtype=uint8)
    """
    array = as_image(image)
    limit = parse_number(threshold)
    if limit < 0:
        raise ArgumentError(f"threshold {threshold} is negative", hint="0 is none")
    settings = Settings(border=Border.parse(border), border_value=parse_border_value(border_value))
    width, share = parse_number(sigma), parse_number(amount)
    sharp, blur = unsharp(width, share, "auto"), gaussian(width, "auto", "3sigma")
    sharpened = apply_sums(array, sharp, settings, threads=threads).image
    if limit == 0:
        return sharpened
    blurred = apply_sums(array, blur, settings._replace(depth=Depth.F32), threads=threads).image
    return where_far(array, blurred, sharpened, float(limit))


def where_far(image: Image, blurred: Image, sharpened: Image, threshold: float) -> Image:
    """Return what was sharpened where image and blur differ by a threshold, else the image."""
    with np.errstate(invalid="ignore"):
        near = np.abs(image.astype(np.float64) - blurred) < threshold
    return np.where(near, image, sharpened)
