"""Where the windows of a step lie, and the pixels under them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgconv.engines.base import padded
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import Geometry, plan_geometry
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Footprint, Step
from imgconv.ops.context import StepContext
from imgconv.ops.image import Image, outside_value
from imgconv.ops.part import Part


def geometries_of(step: Step, settings: Settings, size: tuple[int, int]) -> list[Geometry]:
    """Return where each window of a step lies on an image of some rows and columns.

    Raises
    ------
    ArgumentError
        When no output pixel is left, or the windows yield outputs of different sizes.
    """
    geometries = [geometry_of(footprint, settings, size) for footprint in step.footprints]
    check_alike(step, geometries)
    return geometries


def check_alike(step: Step, geometries: Sequence[Geometry]) -> None:
    """Check that the members of a set yield outputs of one size.

    Raises
    ------
    ArgumentError
        When they do not.
    """
    if len({geometry.out_shape for geometry in geometries}) > 1:
        raise ArgumentError(
            f"the kernels of {step.name or 'the set'} differ in size and so do their outputs",
            hint="use size 'same'",
        )


def geometry_of(footprint: Footprint, settings: Settings, size: tuple[int, int]) -> Geometry:
    """Return where a window lies on an image of some rows and columns.

    Raises
    ------
    ArgumentError
        When no output pixel is left.
    """
    return plan_geometry(
        size,
        (footprint.rows, footprint.columns),
        footprint.anchor,
        stride=settings.stride,
        dilation=settings.dilation,
        size=settings.size,
    )


def surrounded(
    image: Image,
    footprint: Footprint,
    settings: Settings,
    part: Part | None = None,
    outside: int | float | None = None,
) -> tuple[Image, Geometry]:
    """Return all positions that a window reads, the border included, and where it lies on them.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, channels)
        Or, with a part, the band of rows of it.
    footprint : Footprint
    settings : Settings
        Border, stride, dilation and size.
    part : Part, optional
    outside : number, optional
        What stands outside under a constant border; default the value of the settings.

    Returns
    -------
    (ndarray, Geometry)
        Tap ``r, c`` of output ``i, j`` is at row ``i * stride + r * dilation`` of the array, and
        so for columns.
    """
    length = image.shape[0] if part is None else part.length
    geometry = geometry_of(footprint, settings, (length, image.shape[1]))
    if part is not None:
        image, geometry = part.cut(image, geometry)
    if outside is None:
        outside = outside_value(settings.border_value, Depth.of(image.dtype))
    return padded(image, geometry, settings.border, outside), geometry


def windows_of(array: Image, geometry: Geometry) -> Image:
    """Return a view of every window on what `surrounded` gives.

    Returns
    -------
    ndarray, shape (output rows, output columns[, channels], window rows, window columns)
    """
    rows, columns = geometry.rows, geometry.columns
    spans = (rows.taps - 1) * rows.dilation + 1, (columns.taps - 1) * columns.dilation + 1
    every = np.lib.stride_tricks.sliding_window_view(array, spans, axis=(0, 1))
    return every[:: rows.stride, :: columns.stride, ..., :: rows.dilation, :: columns.dilation]


def windows_under(image: Image, step: Step, context: StepContext) -> Image:
    """Return the pixels under the window of a step, for every output pixel.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, channels)
        As a step's function gets it: the whole image, or a band of its rows.
    step : Step
        With one window.
    context : StepContext

    Returns
    -------
    ndarray, shape (output rows, output columns[, channels], window rows, window columns)
        A view, border included; it must not be written to.
    """
    array, geometry = surrounded(image, step.footprints[0], context.settings, context.part)
    return windows_of(array, geometry)
