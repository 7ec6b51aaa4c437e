"""Mix an image and what was made of it, by weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.rounding import Quotients, round_floats
from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth, Rounding
from imgconv.model.region import WHITE
from imgconv.model.steps.base import Form
from imgconv.ops.image import Image, has_alpha
from imgconv.ops.regions.weights import Weights

Floats = NDArray[np.float64]
_ROWS = 32  # that are mixed at a time


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
            f"what is not selected keeps its channels ({before.values}), and the recipe makes "
            f"others ({after.values})"
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
    weighs = has_alpha(image) and alpha is Alpha.AUTO
    if image.dtype == np.uint8 and not (weighs and (image[..., -1] != output[..., -1]).any()):
        return _mixed_bytes(image, output, weights, rounding)
    shaped = weights if image.ndim == 2 else weights[..., None]
    result = np.where(shaped == 0, image, output)
    partly = (weights != 0) & (weights != WHITE)
    if partly.any():
        shares = weights[partly]
        one, other = image[partly], output[partly]
        result[partly] = _mixed(one, other, shares, alpha, rounding)
    return result


def _mixed_bytes(image: Image, output: Image, weights: Weights, rounding: Rounding) -> Image:
    """Mix bytes by the same weights in all channels; 65535 is odd, so there are no ties."""
    result = np.empty_like(image)
    half = 0 if rounding is Rounding.TRUNCATE else WHITE // 2
    for first in range(0, len(image), _ROWS):
        rows = slice(first, first + _ROWS)
        weight = weights[rows].astype(np.uint32)
        weight = weight if image.ndim == 2 else weight[..., None]
        sums = output[rows] * weight + image[rows] * (WHITE - weight)
        sums += half
        sums //= WHITE
        result[rows] = sums
    return result


def _mixed(
    one: Image, other: Image, shares: NDArray[np.uint16], alpha: Alpha, rounding: Rounding
) -> Image:
    """Mix lists of pixels, shape (pixels,) or (pixels, channels)."""
    weight = shares.astype(np.float64)
    beside = WHITE - weight
    if one.ndim == 1:
        return _mean(one, other, beside, weight, rounding)
    parts = beside[:, None], weight[:, None]
    result = _mean(one, other, *parts, rounding)
    if one.shape[1] in (2, 4) and alpha is Alpha.AUTO:
        seen = np.flatnonzero(one[:, -1] != other[:, -1])
        wide = [
            part[seen] * pixels[seen, -1:] for part, pixels in zip(parts, (one, other), strict=True)
        ]
        visible = ((wide[0] + wide[1] > 0) & (wide[0] >= 0) & (wide[1] >= 0))[:, 0]
        rows = seen[visible]
        if len(rows):
            colours = one[rows, :-1], other[rows, :-1]
            by_opacity = wide[0][visible], wide[1][visible]
            result[rows, :-1] = _weighed(*colours, *by_opacity, rounding)
    return result


def _mean(one: Image, other: Image, weight: Floats, beside: Floats, rounding: Rounding) -> Image:
    """Return the mean of two lists by weights that add up to 65535, rounded once.

    The sums are exact in float64, and so are ties: 65535 is odd, so there are none. No quotient is
    nearer to one than 2**-18, which is far more than float64 rounds.
    """
    depth = Depth.of(one.dtype)
    with np.errstate(all="ignore"):
        values = (one * weight + other * beside) / WHITE
        rounded = round_floats(values, depth, rounding)
    return rounded if depth is Depth.F32 else rounded.astype(one.dtype)


def _weighed(one: Image, other: Image, weight: Floats, beside: Floats, rounding: Rounding) -> Image:
    """Return the mean of two lists by weights of any sum, rounded once from the exact quotient."""
    depth = Depth.of(one.dtype)
    if depth is Depth.F32:
        with np.errstate(all="ignore"):
            return round_floats(
                (one * weight + other * beside) / (weight + beside), depth, rounding
            )
    wide = weight.astype(np.int64), beside.astype(np.int64)
    above = one.astype(np.int64) * wide[0] + other.astype(np.int64) * wide[1]
    return Quotients(above, wide[0] + wide[1]).rounded_to(depth, rounding)[0]
