"""Gray, negative, black and white and linear light as steps of a recipe."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from imgconv.model.output import Depth
from imgconv.model.steps.color import EncodeLight, Invert, LinearLight, ToGray
from imgconv.model.steps.methods import ThresholdMethod
from imgconv.model.steps.threshold import Binarization
from imgconv.ops.color.gray import invert, to_gray
from imgconv.ops.color.histogram import Histogram
from imgconv.ops.color.linear_light import light_of, srgb_of
from imgconv.ops.color.threshold import binarize_reporting
from imgconv.ops.context import StepContext, StepResult
from imgconv.ops.image import Image, form_of, has_alpha


def gray(image: Image, step: ToGray, context: StepContext) -> StepResult:
    """Convert to gray."""
    del context
    return StepResult(to_gray(image, step.method))


def negative(image: Image, step: Invert, context: StepContext) -> StepResult:
    """Make the negative of the colours; alpha stays."""
    del step, context
    if not has_alpha(image):
        return StepResult(invert(image))
    return StepResult(np.concatenate([invert(image[..., :-1]), image[..., -1:]], axis=2))


def decode(image: Image, step: LinearLight, context: StepContext) -> StepResult:
    """Decode sRGB to linear light."""
    del step, context
    return StepResult(light_of(image))


def encode(image: Image, step: EncodeLight, context: StepContext) -> StepResult:
    """Encode linear light in the depth of the settings."""
    del step
    pixels, clipped = srgb_of(image, context.settings.depth or Depth.F32)
    return StepResult(pixels, clipped, pixels.size)


def black_and_white(image: Image, step: Binarization, context: StepContext) -> StepResult:
    """Binarize by the threshold that is given, was found, or is found in this image."""
    if context.facts is not None:
        step = replace(step, method=ThresholdMethod.FIXED, threshold=Fraction(context.facts))
    pixels, threshold = binarize_reporting(image, step)
    return StepResult(pixels, threshold=threshold)


class ThresholdSurvey:
    """How often each level occurs, and the threshold that follows."""

    def __init__(self, step: Binarization, context: StepContext) -> None:
        del context
        self._method = step.method
        self._histogram: Histogram | None = None

    def add(self, image: Image, context: StepContext) -> None:
        """Take in some rows of the input."""
        del context
        levels = to_gray(image)
        if self._histogram is None:
            self._histogram = Histogram(form_of(levels).depth, self._method)
        self._histogram.add(levels)

    def result(self) -> float:
        """Return the threshold of the whole image."""
        assert self._histogram is not None, "an image has rows"
        return self._histogram.threshold()
