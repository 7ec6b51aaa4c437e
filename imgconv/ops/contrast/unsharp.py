"""Unsharp masking with a threshold, as photo editors have it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from imgconv.model.border import Border, parse_border_value
from imgconv.model.errors import ArgumentError
from imgconv.model.generators.gaussians import gaussian, unsharp
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import parse_number
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.ops.image import Image, as_image
from imgconv.ops.linear.single import apply_kernel


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
        Of the image's shape and type, exactly rounded; the difference that decides is the exact
        one rounded to float32.

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
    kernel = unsharp(width, share, "auto")
    sharpened = apply_kernel(array, kernel, settings, threads=threads).image
    if limit == 0:
        return sharpened
    detail = _detail(gaussian(width, "auto", "3sigma"))
    difference = apply_kernel(
        array, detail, settings._replace(depth=Depth.F32), threads=threads
    ).image
    return np.where(np.abs(difference) < np.float32(float(limit)), array, sharpened)


def _detail(blur: Kernel) -> Kernel:
    """Return identity minus a blur."""
    unit = 1 / Fraction(blur.scale)
    weights: list[Sequence[Fraction]] = [
        [(unit if (r, c) == blur.anchor else Fraction(0)) - weight for c, weight in enumerate(row)]
        for r, row in enumerate(blur.weights)
    ]
    return Kernel(weights, scale=blur.scale, anchor=blur.anchor)
