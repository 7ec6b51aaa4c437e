"""Smoothing that keeps edges, and local contrast, as steps of a recipe."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError
from imgconv.model.footprint import Footprint
from imgconv.model.geometry import OutputSize
from imgconv.model.output import Depth
from imgconv.model.steps.base import Step
from imgconv.model.steps.smoothing import (
    Bilateral,
    Clahe,
    Guided,
    LocalNormalize,
    NlMeans,
    UnsharpMask,
)
from imgconv.ops.context import StepContext, StepResult
from imgconv.ops.contrast.clahe import clahe
from imgconv.ops.contrast.local_normalize import normalized, usual_scale
from imgconv.ops.contrast.unsharp import where_far
from imgconv.ops.image import Image, has_alpha
from imgconv.ops.linear.steps import apply
from imgconv.ops.linear.sums import apply_sums
from imgconv.ops.rank.placing import windows_of_step
from imgconv.ops.rank.windows import Windows
from imgconv.ops.smoothing.bilateral import bilateral_of
from imgconv.ops.smoothing.guided import guided_of
from imgconv.ops.smoothing.nlmeans import nlmeans_of
from imgconv.ops.windows import under_anchor


def bilateral(image: Image, step: Bilateral, context: StepContext) -> StepResult:
    """Take weighted means; the colours of a pixel count together."""
    color, space = float(step.sigma_color), float(step.sigma_space)
    return _over_windows(image, step, context, lambda w: bilateral_of(w, color, space))


def guided(image: Image, step: Guided, context: StepContext) -> StepResult:
    """Smooth by local linear models."""
    epsilon = float(step.sigma) ** 2
    return _over_windows(image, step, context, lambda w: guided_of(w, step.radius, epsilon))


def nlmeans(image: Image, step: NlMeans, context: StepContext) -> StepResult:
    """Take means weighted by likeness of patches."""
    h = float(step.strength)
    return _over_windows(image, step, context, lambda w: nlmeans_of(w, h, step.patch, step.search))


def local_normalize(image: Image, step: LocalNormalize, context: StepContext) -> StepResult:
    """Make local mean and deviation the same everywhere."""
    unit, middle = usual_scale(Depth.of(image.dtype))
    least = float(step.floor)
    return _over_windows(image, step, context, lambda w: normalized(w, least, unit, middle))


def unsharp_mask(image: Image, step: UnsharpMask, context: StepContext) -> StepResult:
    """Sharpen where image and blur differ enough; alpha stays. At threshold 0 it is the kernel."""
    sharp, blur = step.kernels
    if step.threshold == 0:
        return apply(image, sharp, context)
    settings, threads, part = context.settings, context.threads, context.part

    def sharpened(colours: Image) -> Image:
        found = apply_sums(colours, sharp, settings, threads=threads, part=part).image
        wide = settings._replace(depth=Depth.F32)
        blurred = apply_sums(colours, blur, wide, threads=threads, part=part).image
        middle = under_anchor(colours, step, context)
        return where_far(middle, blurred, found, float(step.threshold))

    return _beside_alpha(image, step, context, sharpened)


def equalise(image: Image, step: Clahe, context: StepContext) -> StepResult:
    """Spread grey levels in tiles; alpha stays."""
    tiles = step.rows, step.columns
    del context
    if not has_alpha(image):
        return StepResult(clahe(image, step.clip, tiles))
    colours = np.ascontiguousarray(image[..., :-1])
    return StepResult(np.concatenate([clahe(colours, step.clip, tiles), image[..., -1:]], axis=2))


def _over_windows(
    image: Image, step: Step, context: StepContext, function: Callable[[Windows], Image]
) -> StepResult:
    if context.settings.dilation != (1, 1):
        raise ArgumentError(f"{step.kind} has no dilation", hint="leave it at 1")
    extent = step.extents[0]
    footprint = Footprint(((True,) * extent.columns,) * extent.rows, extent.anchor)

    def filtered(colours: Image) -> Image:
        channels = colours if colours.ndim == 3 else colours[..., None]
        found = function(windows_of_step(channels, extent, footprint, context))
        rows, columns = context.settings.stride
        found = np.ascontiguousarray(found[::rows, ::columns])
        return found if colours.ndim == 3 else found[..., 0]

    return _beside_alpha(image, step, context, filtered)


def _beside_alpha(
    image: Image, step: Step, context: StepContext, function: Callable[[Image], Image]
) -> StepResult:
    """Filter the colours; alpha stays, unless it is filtered like a colour."""
    if not has_alpha(image) or context.alpha is Alpha.FILTER:
        return StepResult(function(image))
    found = function(np.ascontiguousarray(image[..., :-1]))
    opacity = under_anchor(image[..., -1:], step, context, outside=Depth.of(image.dtype).high)
    return StepResult(np.concatenate([found, opacity], axis=2))


def peer(image: Image, step: Step, context: StepContext) -> StepResult:
    """Return what OpenCV's own function makes of an image, with its own border."""
    settings = context.settings
    cv2 = load_cv2()
    pixels = np.ascontiguousarray(image)
    if isinstance(step, Clahe):
        return StepResult(
            cv2.createCLAHE(float(step.clip), (step.columns, step.rows)).apply(pixels)
        )
    if settings.size is not OutputSize.SAME:
        raise ArgumentError("OpenCV's filters have no size but same")
    if isinstance(step, Bilateral):
        made = cv2.bilateralFilter(
            pixels, step.size, float(step.sigma_color), float(step.sigma_space)
        )
    else:
        assert isinstance(step, NlMeans)
        made = cv2.fastNlMeansDenoising(
            pixels, [float(step.strength)], None, step.patch, step.search, cv2.NORM_L2
        )
    made = made.reshape(image.shape)
    return StepResult(np.ascontiguousarray(made[:: settings.stride[0], :: settings.stride[1]]))
