"""Explain a pixel of the bilateral filter: the weights of its window."""

from __future__ import annotations

import math

from imgconv.model.step_plan import PlannedStep
from imgconv.model.steps.smoothing import Bilateral
from imgconv.model.weighted_explanation import WeightedPixel, WeightedStage
from imgconv.ops.explain.reading import Place, WindowReader
from imgconv.ops.image import Image
from imgconv.ops.smoothing.bilateral import library_of


def explain_bilateral(
    source: Image, output: Image, planned: PlannedStep, at: Place
) -> WeightedStage:
    """Describe how the bilateral filter made one pixel.

    Raises
    ------
    ArithmeticError
        When the step wrote something else by more than 1, which would be a bug.
    """
    step = planned.step
    assert isinstance(step, Bilateral)
    reader = WindowReader.of(source, planned)
    place = reader.anchor(at)
    middle = reader.pixel(place)
    assert middle is not None, "the middle is a pixel, or the constant"
    half = step.size // 2
    pixels = []
    for down in range(-half, half + 1):
        for across in range(-half, half + 1):
            far = math.hypot(down, across)
            pixel = reader.pixel((place[0] + down, place[1] + across))
            if far > half or pixel is None:
                continue
            pairs = zip(pixel.values, middle.values, strict=True)
            apart = sum(abs(float(one) - float(other)) for one, other in pairs)
            weight = math.exp(-(far**2) / (2 * float(step.sigma_space) ** 2))
            weight *= math.exp(-(apart**2) / (2 * float(step.sigma_color) ** 2))
            pixels.append(
                WeightedPixel(pixel.position, pixel.source, pixel.values, far, apart, weight)
            )
    total = sum(pixel.weight for pixel in pixels)
    channels = range(len(middle.values))
    means = tuple(sum(p.weight * float(p.values[c]) for p in pixels) / total for c in channels)
    values = tuple(value.item() for value in output[at].reshape(-1))
    formula = (
        f"exp(-distance^2 / (2 * {float(step.sigma_space):.6g}^2)) * "
        f"exp(-apart^2 / (2 * {float(step.sigma_color):.6g}^2))"
    )
    off = max(abs(mean - value) for mean, value in zip(means, values, strict=True))
    if off > 1 + max(map(abs, means)) * 2.0**-20:
        raise ArithmeticError(f"explained as {means}, but the step wrote {values}")
    border = planned.settings.border
    return WeightedStage(
        step.name, at, reader.under(at), formula, tuple(pixels), means,
        library_of(source, border), border.value, values,
    )  # fmt: skip
