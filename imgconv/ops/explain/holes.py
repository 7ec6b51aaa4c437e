"""Explain a pixel of a kernel where some pixels do not count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.explanation import Stage, StepExplanation, Tap
from imgconv.model.kernel import Kernel, as_kernel
from imgconv.model.nodata import Nodata
from imgconv.model.output import Depth, OutputRange
from imgconv.model.region_explanation import HoleStage
from imgconv.model.step_plan import PlannedStep
from imgconv.ops.explain.sums import explain_sums, taps_of
from imgconv.ops.image import Image
from imgconv.ops.regions.holes import Holed


def explain_counted(
    source: Holed, output: Holed, planned: PlannedStep, at: tuple[int, int], nodata: Nodata
) -> StepExplanation:
    """Describe how a kernel made one pixel of those that count.

    Parameters
    ----------
    source, output : Holed
        The step's input and output.
    planned : PlannedStep
    at : (int, int)
        Row and column in the output.
    nodata : Nodata

    Returns
    -------
    Stage or HoleStage
        Taps that do not count say so; the others are scaled to the kernel's sum.

    Raises
    ------
    ArgumentError
        For another step, range ``rescale``, and channels with different holes.
    """
    step, settings = planned.step, planned.settings
    if not step.is_linear:
        raise ArgumentError(
            f"step {step.name} is not explained where pixels do not count",
            hint="kernels are: -k blur",
        )
    kernel = as_kernel(step)
    if settings.output_range is OutputRange.RESCALE:
        raise ArgumentError("range rescale is not explained where pixels do not count")
    plain = Border.CONSTANT if settings.border is Border.IGNORE else settings.border
    settings = settings._replace(border=plain)
    channels = source.image if source.image.ndim == 3 else source.image[..., None]
    taps = taps_of(channels, kernel, settings, at)
    outside = planned.settings.border is not Border.IGNORE
    flags = _flags(taps, source.valid, outside=outside)
    if kernel.sum == 0:
        flags = [bool(one and other) for one, other in zip(flags, reversed(flags), strict=True)]
    number = nodata.number(Depth.of(source.image.dtype))
    shown = tuple(
        _shown(tap, counts=flag, number=number) for tap, flag in zip(taps, flags, strict=True)
    )
    total = _magnitude(taps)
    share = _magnitude(tap for tap in shown if tap.counts) / total if total else Fraction(1)
    name = kernel.name or "matrix"
    if not np.all(output.valid[at]):
        under = next(tap.source for tap in taps if (tap.row, tap.col) == kernel.anchor)
        written = np.ravel(output.image[at]) if under is None else np.ravel(source.image[under])
        values = tuple(value.item() if number is None else number for value in written)
        return HoleStage(name, at, shown, share, values, under, planned.settings)
    stage = _stage(source.image, output.image, planned, kernel, shown, settings.border, at)
    counted = sum(flags)
    how = f"{counted} of {len(flags)} taps count, {float(share):.6g} of the weights"
    return replace(stage, name=name, counted=how)


def _flags(taps: tuple[Tap, ...], valid: Image, *, outside: bool) -> list[bool]:
    """Return for each tap whether its pixel counts, which all channels must say alike."""
    flags = []
    for tap in taps:
        said = np.ravel(valid[tap.source]) if tap.source is not None else np.array([outside])
        if said.any() != said.all():
            raise ArgumentError(
                "the channels have different holes under this window",
                hint="explain one: --channels red",
            )
        flags.append(bool(said.all()))
    return flags


def _shown(tap: Tap, *, counts: bool, number: float | int | None) -> Tap:
    """Return a tap that says whether it counts, with the value of no data where it does not."""
    if counts:
        return tap
    pixels = tap.pixels
    if number is not None and tap.source is not None:
        pixels = (number,) * len(pixels)
    return replace(tap, counts=False, pixels=pixels, products=(0,) * len(pixels))


def _magnitude(taps: Iterable[Tap]) -> Fraction:
    return sum((abs(Fraction(tap.weight)) for tap in taps), Fraction(0))


def _stage(
    source: Image,
    output: Image,
    planned: PlannedStep,
    kernel: Kernel,
    taps: tuple[Tap, ...],
    border: Border,
    at: tuple[int, int],
) -> Stage:
    """Explain the kernel of the taps that count, scaled; then show the taps as they were."""
    rows, columns = kernel.shape
    weights = [
        [tap.weight if tap.counts else 0 for tap in taps[r * columns : (r + 1) * columns]]
        for r in range(rows)
    ]
    # Of opposite weights only the positive ones: they are those of the pairs.
    summed = [tap for tap in taps if kernel.sum or tap.weight > 0]
    whole = sum((Fraction(tap.weight) for tap in summed), Fraction(0))
    inside = sum((Fraction(tap.weight) for tap in summed if tap.counts), Fraction(0))
    scaled = Kernel(
        weights,
        scale=kernel.scale * whole / inside if inside else kernel.scale,
        offset=kernel.offset,
        anchor=kernel.anchor,
    ).named(kernel.name)
    settings = planned.settings._replace(border=border)
    stage = explain_sums(source, output, planned._replace(step=scaled, settings=settings), at)
    window = stage.windows[0]
    shown = tuple(
        replace(told, weight=tap.weight, counts=tap.counts, pixels=tap.pixels)
        for told, tap in zip(window.taps, taps, strict=True)
    )
    return replace(stage, windows=(replace(window, taps=shown),), settings=planned.settings)
