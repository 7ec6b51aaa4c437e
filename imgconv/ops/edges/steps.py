"""Edges as steps of a recipe."""

from __future__ import annotations

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.model.steps.edges import Canny, Hysteresis, Nonmax, ZeroCrossing
from imgconv.ops.context import StepContext, StepResult
from imgconv.ops.edges.canny import canny
from imgconv.ops.edges.gradient import nonmax
from imgconv.ops.edges.hysteresis import hysteresis
from imgconv.ops.edges.zero_crossing import zero_crossing
from imgconv.ops.image import Image, has_alpha


def find_edges(image: Image, step: Canny, context: StepContext) -> StepResult:
    """Find edges, and report the thresholds; alpha is left out."""
    low, high = step.thresholds
    found = canny(
        _colours(image),
        low,
        high,
        sigma=step.sigma,
        aperture=step.aperture,
        l2=step.l2,
        threads=context.threads,
    )
    if None not in (low, high):
        return StepResult(found.image)
    note = f"canny: thresholds {found.low:.12g} and {found.high:.12g}"
    return StepResult(found.image, threshold=found.high, notes=(note,))


def ridges(image: Image, step: Nonmax, context: StepContext) -> StepResult:
    """Take the gradient where it is greatest along its direction; alpha is left out."""
    return StepResult(nonmax(_colours(image), step.aperture, l2=step.l2, threads=context.threads))


def connected(image: Image, step: Hysteresis, context: StepContext) -> StepResult:
    """Make white what hangs together; alpha stays."""
    del context
    return _beside_alpha(image, hysteresis(_colours(image), float(step.low), float(step.high)))


def crossings(image: Image, step: ZeroCrossing, context: StepContext) -> StepResult:
    """Make changes of sign white; alpha stays."""
    del context
    found = zero_crossing(_colours(image), float(step.threshold), level=float(step.level))
    return _beside_alpha(image, found)


def peer(image: Image, step: Canny, context: StepContext) -> StepResult:
    """Return what ``cv2.Canny`` makes of an image."""
    del context
    low, high = step.thresholds
    found: Image = load_cv2().Canny(
        np.ascontiguousarray(_colours(image)),
        low,
        high,
        apertureSize=step.aperture,
        L2gradient=step.l2,
    )
    return StepResult(found)


def _colours(image: Image) -> Image:
    return np.ascontiguousarray(image[..., :-1]) if has_alpha(image) else image


def _beside_alpha(image: Image, found: Image) -> StepResult:
    if has_alpha(image):
        found = np.concatenate([found, image[..., -1:]], axis=2)
    return StepResult(found)
