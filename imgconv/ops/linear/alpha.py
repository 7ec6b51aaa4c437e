"""Kernels on images with alpha: exact quotients of exact sums."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from imgconv.engines.base import Engine, Filtered
from imgconv.engines.native import NativeEngine
from imgconv.engines.select import select_engine
from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.geometry import OutputSize
from imgconv.model.kernel import Kernel
from imgconv.model.kernel_set import KernelSet
from imgconv.model.output import Depth, OutputRange
from imgconv.model.settings import Settings
from imgconv.ops.image import Image, checked_threads
from imgconv.ops.linear.row_bands import rows_between
from imgconv.ops.linear.sums import apply_sums
from imgconv.ops.linear.weighted import of_alpha, weighted
from imgconv.ops.part import Part
from imgconv.ops.windows import geometries_of
from imgconv.system.threads import run_each

_ROWS_AT_A_TIME = 128
_BAND = 1 << 18  # pixels whose products are made at a time


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
    opacity = image[..., -1:]
    opaque = is_opaque(image, engine)
    if opaque and _keeps_level(settings):
        return _opaque(image, kernel, settings, run)
    seen = alpha is Alpha.AUTO and not opaque
    first = kernel.members[0]
    if seen and kernel.is_linear and first.sum:
        return weighted(image[..., :-1], opacity, first, settings, threads, engine, part)
    depth_in = Depth.of(image.dtype)

    stays = part is None and _stays(settings, depth_in)

    def kept() -> Image:
        if stays:
            return opacity
        return run(opacity, _carrier(first), of_alpha(settings, depth_in)).image

    chosen = engine or select_engine()
    if seen and _keeps_level(settings) and isinstance(chosen, NativeEngine):
        if stays:
            return _edges_beside_alpha(image, kernel, settings, threads, chosen)
        filtered = _edges(image, kernel, settings, run, chosen)
        filtered.image[..., -1:] = kept()
        return filtered
    colours = np.ascontiguousarray(image[..., :-1])
    if seen:
        product, unit = _premultiplied(colours, opacity)
        scaled = settings._replace(
            border_value=settings.border_value * unit, white=settings.white or depth_in.high
        )  # fmt: skip
        depth = settings.depth or depth_in
        filtered = run(product, _over(kernel, unit), scaled._replace(depth=depth))
    else:
        filtered = run(colours, kernel, settings)
    return filtered._replace(image=np.concatenate([filtered.image, kept()], axis=2))


def _stays(settings: Settings, depth: Depth) -> bool:
    """Return whether the pixel under the anchor is the one that a result stands for, as it is."""
    whole = settings.size is OutputSize.SAME and settings.stride == (1, 1)
    return whole and settings.depth in (None, depth) and depth is not Depth.F32


def _edges(
    image: Image,
    kernel: Kernel | KernelSet,
    settings: Settings,
    run: Callable[..., Filtered],
    engine: NativeEngine,
) -> Filtered:
    """Filter colours times alpha; what becomes of the last channel is not defined."""
    product = engine.pointwise.premultiply(np.ascontiguousarray(image))
    depth = Depth.of(image.dtype)
    scaled = settings._replace(
        white=settings.white or depth.high, depth=settings.depth or depth
    )  # fmt: skip
    over = _over(kernel, 255 if depth is Depth.U8 else 1)
    return _without_last(product, 0, over, scaled, run)


def _edges_beside_alpha(
    image: Image,
    kernel: Kernel | KernelSet,
    settings: Settings,
    threads: int | None,
    engine: NativeEngine,
) -> Filtered:
    """Do the same with alpha as it is; large images in bands, whose products stay in a cache."""
    size = image.shape[0], image.shape[1]
    if size[0] * size[1] <= 2 * _BAND:
        run = partial(apply_sums, threads=threads, engine=engine)
        filtered = _edges(image, kernel, settings, run, engine)
        _keep_last(filtered.image, image)
        return filtered
    rows = [geometry.rows for geometry in geometries_of(kernel, settings, size)]
    height = max(_BAND // size[1], *(2 * axis.taps * axis.dilation for axis in rows))
    made = np.empty(image.shape, (settings.depth or Depth.of(image.dtype)).dtype)

    def fill(start: int) -> int:
        stop = min(start + height, size[0])
        ends = [axis.read_by(start, stop) for axis in rows]
        span = min(first for first, _ in ends), max(last for _, last in ends)
        band = rows_between(image, rows[0], settings.border, span, np.zeros((), image.dtype))
        part = Part(size[0], span[0], start, stop)
        run = partial(apply_sums, threads=1, engine=engine, part=part)
        filtered = _edges(band, kernel, settings, run, engine)
        made[start:stop] = filtered.image
        _keep_last(made[start:stop], image[start:stop])
        return filtered.clipped

    starts = range(0, size[0], height)
    return Filtered(made, sum(run_each(fill, starts, checked_threads(threads))))


def _keep_last(image: Image, source: Image) -> None:
    """Copy the last channel of an image of 8 or 16 bits, whole pixels at a time."""
    word = np.dtype(f"u{image.dtype.itemsize * image.shape[2]}")
    mask = np.zeros(image.shape[2], f"u{image.dtype.itemsize}")
    mask[-1] = np.iinfo(mask.dtype).max
    last = mask.view(word)
    for row in range(0, len(image), _ROWS_AT_A_TIME):
        pixels = image[row : row + _ROWS_AT_A_TIME].view(word)
        np.bitwise_and(pixels, ~last, out=pixels)
        pixels |= np.ascontiguousarray(source[row : row + _ROWS_AT_A_TIME]).view(word) & last


def _keeps_level(settings: Settings) -> bool:
    """Return whether a channel of one level has one value wherever it is filtered."""
    borders = (Border.CONSTANT, Border.IGNORE)
    return settings.border not in borders and settings.output_range is not OutputRange.RESCALE


def _opaque(
    image: Image, kernel: Kernel | KernelSet, settings: Settings, run: Callable[..., Filtered]
) -> Filtered:
    """Filter an image that is opaque: all channels at once, which takes less than to part them."""
    filtered = _without_last(image, image.item(-1), kernel, settings, run)
    high = (settings.depth or Depth.of(image.dtype)).high
    if filtered.image.size and filtered.image.item(-1) != high:  # of all pixels or of none
        filtered.image[..., -1] = high
    return filtered


def _without_last(
    image: Image,
    level: float,
    kernel: Kernel | KernelSet,
    settings: Settings,
    run: Callable[..., Filtered],
) -> Filtered:
    """Filter an image whose last channel is one level everywhere, and does not count.

    What one of its pixels counts for as clipped is taken away for all.
    """
    filtered = run(image, kernel, settings)
    clipped = _clips_alone(level, image.dtype, kernel, settings)
    rows, columns = filtered.image.shape[:2]
    return filtered._replace(clipped=filtered.clipped - clipped * rows * columns)


@lru_cache(maxsize=32)  # bands ask again
def _clips_alone(
    level: float, dtype: np.dtype[Any], kernel: Kernel | KernelSet, settings: Settings
) -> int:
    """Return how many values of a pixel are clamped where all have its level."""
    alone = settings._replace(border=Border.REPLICATE, size=OutputSize.SAME)
    return apply_sums(np.full((1, 1), level, dtype), kernel, alone, threads=1).clipped


def is_opaque(image: Image, engine: Engine | None) -> bool:
    """Return whether the last channel of an image is white everywhere."""
    white = Depth.of(image.dtype).high
    chosen = engine or select_engine()
    unsigned = image.dtype in (np.uint8, np.uint16)
    by_core = isinstance(chosen, NativeEngine) and unsigned and image.flags.c_contiguous

    def is_white(band: Image) -> bool:
        if by_core and isinstance(chosen, NativeEngine):
            return chosen.pointwise.weight_bits(band)[0] == white
        return bool((band[..., -1] == white).all())

    starts = range(0, image.shape[0], _ROWS_AT_A_TIME)  # most images are told by the first
    return all(is_white(image[row : row + _ROWS_AT_A_TIME]) for row in starts)


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
        with np.errstate(over="ignore", invalid="ignore"):  # nothing seen of infinity is NaN
            return colours * opacity, 1
    white = Depth.of(colours.dtype).high
    product = colours.astype(np.float64) * np.maximum(opacity, 0)
    return np.rint(product / white).astype(colours.dtype), 1
