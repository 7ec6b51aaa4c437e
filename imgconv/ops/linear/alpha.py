"""Kernels on images with alpha: exact quotients of exact sums."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Engine, Filtered
from imgconv.engines.rounding import Quotients, clamped, integers_up_to, round_floats
from imgconv.engines.select import select_engine
from imgconv.model.alpha import Alpha
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import KernelSet
from imgconv.model.output import Depth, OutputRange
from imgconv.model.settings import Settings
from imgconv.ops.image import Image
from imgconv.ops.linear.kernel_set import apply_sums
from imgconv.ops.linear.single import plan
from imgconv.ops.part import Part

_WORD = 1 << 16


def filter_with_alpha(
    image: Image,
    kernel: Kernel | KernelSet,
    settings: Settings,
    alpha: Alpha,
    *,
    threads: int | None = None,
    engine: Engine | None = None,
    part: Part | None = None,
) -> Filtered:
    """Filter an image with alpha, or a part of one.

    Parameters
    ----------
    image : ndarray, shape (rows, columns, 2 or 4)
    kernel, settings, threads, engine, part
        As for `apply_sums`. Outside a ``constant`` border everything is opaque.
    alpha : Alpha

    Returns
    -------
    Filtered
        Under ``AUTO``, with weights w, colours c and alphas a: the colour
        ``scale * sum(w) * sum(w a c) / sum(w a) + offset`` and the alpha ``sum(w a) / sum(w)``,
        each rounded once from the exact quotient (float32 images and outputs: from float64,
        in which ``a c`` beyond the range of float32 is infinite).
        Where that alpha is not positive nothing can be seen, and the colour is filtered as if all
        were opaque. Where ``sum(w)`` is 0, and for sets, the colour is
        ``scale * sum(w a c) / white + offset`` (``a c / white`` is rounded to the image's type,
        but for uint8) and alpha is that of the pixel under the anchor.
        Alpha is a share: it is no part of the output range, and white stays white in any depth.
        The opaque part of an image is filtered as if it had no alpha.
    """

    def run(piece: Image, kernel: Kernel | KernelSet, settings: Settings) -> Filtered:
        return apply_sums(piece, kernel, settings, threads=threads, engine=engine, part=part)

    if alpha is Alpha.FILTER:
        return run(image, kernel, settings)
    colours, opacity = np.ascontiguousarray(image[..., :-1]), image[..., -1:]
    seen = alpha is Alpha.AUTO and not (opacity == Depth.of(image.dtype).high).all()
    first = kernel.members[0]
    if seen and kernel.is_linear and first.sum:
        return _weighted(colours, opacity, first, settings, threads, engine, part)
    if seen:
        white = Depth.of(image.dtype).high
        product, unit = _premultiplied(colours, opacity)
        scaled = settings._replace(
            border_value=settings.border_value * unit, white=settings.white or white
        )  # fmt: skip
        depth = settings.depth or Depth.of(image.dtype)
        filtered = run(product, _over(kernel, unit), scaled._replace(depth=depth))
    else:
        filtered = run(colours, kernel, settings)
    kept = run(opacity, _carrier(first), _of_alpha(settings, Depth.of(image.dtype)))
    return filtered._replace(image=np.concatenate([filtered.image, kept.image], axis=2))


def _of_alpha(settings: Settings, depth: Depth) -> Settings:
    return settings._replace(
        output_range=OutputRange.FULL, white=depth.high, border_value=depth.high
    )


@lru_cache(maxsize=32)
def _carrier(kernel: Kernel) -> Kernel:
    """Return the kernel of the same shape that takes the pixel under the anchor."""
    rows, columns = kernel.shape
    weights = [[int((r, c) == kernel.anchor) for c in range(columns)] for r in range(rows)]
    return Kernel(weights, anchor=kernel.anchor)


@lru_cache(maxsize=32)
def _over(kernel: Kernel | KernelSet, unit: int) -> Kernel | KernelSet:
    """Return a kernel whose weights are divided by a number."""
    return kernel if unit == 1 else kernel.divided(unit)


def _premultiplied(colours: Image, opacity: Image) -> tuple[Image, int]:
    """Return colours times alpha in a type of 16 bits or floats, and what one level became."""
    if colours.dtype == np.uint8:
        return colours.astype(np.uint16) * opacity, 255
    if colours.dtype == np.float32:
        with np.errstate(over="ignore"):
            return colours * opacity, 1
    white = Depth.of(colours.dtype).high
    product = colours.astype(np.float64) * np.maximum(opacity, 0)
    return np.rint(product / white).astype(colours.dtype), 1


def _parts(colours: Image, opacity: Image) -> list[tuple[Image, int]]:
    """Return images that an engine takes, and factors, whose sum is exactly colour times alpha."""
    if colours.dtype == np.uint8:
        return [(colours.astype(np.uint16) * opacity, 1)]
    if colours.dtype == np.float32:
        product = colours.astype(np.float64) * opacity
        with np.errstate(over="ignore", invalid="ignore"):
            high = product.astype(np.float32)
            low = np.where(np.isfinite(high), product - high, 0).astype(np.float32)
        return [(high, 1), (low, 1)]
    whole = colours.astype(np.int64) * opacity
    high = (whole >> 16).astype(colours.dtype)
    return [(high, _WORD), ((whole & (_WORD - 1)).astype(np.uint16), 1)]


def _weighted(
    colours: Image,
    opacity: Image,
    kernel: Kernel,
    settings: Settings,
    threads: int | None,
    engine: Engine | None,
    part: Part | None,
) -> Filtered:
    """Filter with a kernel that has a sum: alpha weighs, and is divided out again."""
    chosen = engine or select_engine()
    depth_in = Depth.of(colours.dtype)
    depth = settings.depth or depth_in
    job = plan(colours, kernel, settings._replace(depth=depth), threads, part)
    if part is not None:
        opacity = plan(opacity, kernel, _of_alpha(settings, depth_in), threads, part).image
        colours = job.image
    weight = sum(sum(row) for row in job.weights)

    def sums(part: Image, outside: float) -> NDArray[Any]:
        given = np.ascontiguousarray(part)
        return chosen.sums(job._replace(image=given, border_value=outside))[..., 0]

    below = sums(opacity, depth_in.high)
    share = Fraction(depth.high, depth_in.high * weight)
    pages, values = [], []
    for channel in range(colours.shape[2]):
        colour = colours[..., channel : channel + 1]
        outside = np.full((1, 1, 1), job.border_value, colours.dtype)
        around = _parts(outside, np.full_like(outside, depth_in.high))
        above = _sum(
            [(sums(p, edge[0].item()), f) for (p, f), (edge, _) in zip(
                _parts(colour, opacity), around, strict=True)]
        )  # fmt: skip
        straight = sums(colour, job.border_value)
        values.append(_Values.of(above, below, straight, weight))
    gain, bias = job.gain * weight, job.bias
    if settings.output_range is OutputRange.RESCALE:
        gain, bias = _stretched(values, gain, bias, depth)
    clipped = 0
    for value in values:
        page, outside_range = value.rounded(gain, bias, job.absolute, settings, depth)
        pages.append(page)
        clipped += outside_range
    pages.append(_shares(below, share, settings, depth))
    return Filtered(np.stack(pages, axis=2), clipped)


def _sum(parts: list[tuple[NDArray[Any], int]]) -> NDArray[Any]:
    """Add up sums times factors, in a type that holds them."""
    if parts[0][0].dtype == np.float64:
        return np.asarray(sum(part * factor for part, factor in parts))
    bound = sum(int(np.abs(part).max(initial=0)) * factor for part, factor in parts)
    number = integers_up_to(bound)
    return np.asarray(sum(part.astype(number) * factor for part, factor in parts))


class _Values:
    """Exact values ``above / below``: the weighted mean of one colour at every pixel."""

    def __init__(self, above: NDArray[Any], below: NDArray[Any]) -> None:
        self.above, self.below = above, below

    @classmethod
    def of(
        cls, above: NDArray[Any], below: NDArray[Any], straight: NDArray[Any], weight: int
    ) -> _Values:
        """Take the straight sum where nothing can be seen; keep what is below positive."""
        sign = 1 if weight > 0 else -1
        visible = below * sign > 0
        return cls(
            np.where(visible, above * sign, straight * sign),
            np.where(visible, below * sign, abs(weight)),
        )

    def rounded(
        self, gain: Fraction, bias: Fraction, absolute: bool, settings: Settings, depth: Depth
    ) -> tuple[Image, int]:
        """Round ``gain * value + bias`` once."""
        if depth is Depth.F32 or self.above.dtype == np.float64:
            with np.errstate(all="ignore"):
                values = self.above / self.below * float(gain) + float(bias)
                values = np.abs(values) if absolute else values
                rounded = round_floats(values.astype(np.float64), depth, settings.rounding)
            return (rounded, 0) if depth is Depth.F32 else clamped(rounded, depth)
        numerator, denominator = gain.numerator * bias.denominator, gain.denominator
        added = bias.numerator * denominator
        denominator *= bias.denominator
        largest_above = int(np.abs(self.above).max(initial=0))
        largest_below = int(self.below.max(initial=0))
        bound = largest_above * abs(numerator) + largest_below * (abs(added) + denominator)
        number = integers_up_to(bound)
        below = self.below.astype(number)
        above = self.above.astype(number) * numerator + below * added
        exact = Quotients(np.abs(above) if absolute else above, below * denominator)
        return clamped(exact.to_whole(settings.rounding), depth)


def _stretched(
    values: list[_Values], gain: Fraction, bias: Fraction, depth: Depth
) -> tuple[Fraction, Fraction]:
    """Return gain and bias that make the least value black and the greatest white."""
    with np.errstate(all="ignore"):
        quotients = [(value.above / value.below).astype(np.float64) for value in values]
    known = [quotient[np.isfinite(quotient)] for quotient in quotients]
    ends = [gain * Fraction(float(end)) + bias for part in known if part.size
            for end in (part.min(), part.max())]  # fmt: skip
    low, high = (min(ends), max(ends)) if ends else (Fraction(0), Fraction(0))
    if low == high:
        return Fraction(0), Fraction(depth.low)
    factor = (depth.high - depth.low) / (high - low)
    return gain * factor, (bias - low) * factor + depth.low


def _shares(below: NDArray[Any], share: Fraction, settings: Settings, depth: Depth) -> Image:
    if below.dtype == np.float64:
        rounded = round_floats(below * float(share), depth, settings.rounding)
        return rounded if depth is Depth.F32 else clamped(rounded, depth)[0]
    alpha, _ = Quotients.of(below, share, Fraction(0), False).rounded_to(depth, settings.rounding)
    return alpha
