"""Mix an image and what was made of it, by weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.rounding import Quotients, integers_up_to, round_floats
from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth, Rounding
from imgconv.model.region import WHITE
from imgconv.model.steps.base import Form
from imgconv.ops.image import Image, has_alpha
from imgconv.ops.regions.weights import Weights


def check_form(before: Form, after: Form) -> None:
    """Check that pixels of one image can stand beside those that a recipe makes of it.

    Raises
    ------
    ArgumentError
        When the depths differ, or the channels but for gray, which colour holds.
    """
    if after.depth is not before.depth:
        raise ArgumentError(
            f"what is not selected stays as it is, {before.depth.value}, and the recipe makes "
            f"{after.depth.value}",
            hint="leave out the depth, or convert the picture first",
        )
    grays = after.channels in (None, 1) and (before.channels or 1) <= 4
    if after.channels != before.channels and not grays:
        raise ArgumentError(
            f"what is not selected keeps its {before.values} channels, and the recipe makes "
            f"{after.values}"
        )


def spread(output: Image, image: Image) -> Image:
    """Return gray as colour, with the alpha of an image, where that has other channels."""
    if output.ndim == image.ndim and output.shape[2:] == image.shape[2:]:
        return output
    plane = output if output.ndim == 2 else output[..., 0]
    if image.ndim == 2:
        return plane
    colours = image.shape[2] - int(has_alpha(image))
    pages = [plane] * colours + ([image[..., -1]] if has_alpha(image) else [])
    return np.stack(pages, axis=2)


def mix(image: Image, output: Image, weights: Weights, alpha: Alpha, rounding: Rounding) -> Image:
    """Mix two images of one form: weight 0 is `image` and 65535 is `output`, bit for bit.

    Parameters
    ----------
    image, output : ndarray, shape (rows, columns) or (rows, columns, channels)
    weights : ndarray of uint16, shape (rows, columns)
    alpha : Alpha
        Under ``AUTO``, and where the alphas of the two differ, each colour counts as much as it is
        opaque.
    rounding : Rounding

    Returns
    -------
    ndarray
        Rounded once from the exact mean; float32 from float64.

    Examples
    --------
    >>> black, white = np.zeros((1, 3), np.uint8), np.full((1, 3), 255, np.uint8)
    >>> thirds = np.array([[0, 21845, 65535]], np.uint16)
    >>> mix(black, white, thirds, Alpha.AUTO, Rounding.HALF_EVEN)
    array([[  0,  85, 255]], dtype=uint8)
    """
    if weights.min(initial=WHITE) == WHITE:
        return output
    shaped = weights if image.ndim == 2 else weights[..., None]
    result = np.where(shaped == 0, image, output)
    partly = (weights != 0) & (weights != WHITE)
    if partly.any():
        shares = weights[partly].astype(np.int64)
        one, other = image[partly], output[partly]
        result[partly] = _mixed(one, other, shares, alpha, rounding)
    return result


def _mixed(
    one: Image, other: Image, shares: NDArray[np.int64], alpha: Alpha, rounding: Rounding
) -> Image:
    """Mix lists of pixels, shape (pixels,) or (pixels, channels)."""
    parts = WHITE - shares, shares
    if one.ndim == 1:
        return _mean(one, other, *parts, rounding)
    parts = parts[0][:, None], parts[1][:, None]
    result = _mean(one, other, *parts, rounding)
    if one.shape[1] in (2, 4) and alpha is Alpha.AUTO:
        seen = one[:, -1] != other[:, -1]
        if seen.any():
            wide = [
                part[seen] * pixels[seen, -1:].astype(_wide(pixels))
                for part, pixels in zip(parts, (one, other), strict=True)
            ]
            visible = (wide[0] + wide[1] > 0)[:, 0] & (wide[0] >= 0)[:, 0] & (wide[1] >= 0)[:, 0]
            rows = np.flatnonzero(seen)[visible]
            result[rows, :-1] = _mean(
                one[rows, :-1], other[rows, :-1], wide[0][visible], wide[1][visible], rounding
            )
    return result


def _wide(pixels: Image) -> type[np.float64] | type[np.int64]:
    return np.float64 if pixels.dtype == np.float32 else np.int64


def _mean(
    one: Image, other: Image, weight: NDArray[Any], beside: NDArray[Any],
    rounding: Rounding,
) -> Image:  # fmt: skip
    """Return the weighted mean of two lists, rounded once."""
    depth = Depth.of(one.dtype)
    if depth is Depth.F32:
        with np.errstate(all="ignore"):
            sums = one.astype(np.float64) * weight + other.astype(np.float64) * beside
            return round_floats(sums / (weight + beside), depth, rounding)
    bound = max(abs(depth.low), depth.high) * 2 * int((weight + beside).max(initial=1))
    number = integers_up_to(bound)
    above = one.astype(number) * weight + other.astype(number) * beside
    found, _ = Quotients(above, weight + beside).rounded_to(depth, rounding)
    return found
