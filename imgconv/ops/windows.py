"""Where the windows of a step lie, and the pixels under them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgconv.engines.base import surrounded
from imgconv.model.errors import ArgumentError
from imgconv.model.geometry import Geometry, plan_geometry
from imgconv.model.output import Depth
from imgconv.model.settings import Settings
from imgconv.model.steps.base import Extent, Step
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
    geometries = [geometry_of(extent, settings, size) for extent in step.extents]
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


def geometry_of(extent: Extent, settings: Settings, size: tuple[int, int]) -> Geometry:
    """Return where a window lies on an image of some rows and columns.

    Raises
    ------
    ArgumentError
        When no output pixel is left.
    """
    return plan_geometry(
        size,
        (extent.rows, extent.columns),
        extent.anchor,
        stride=settings.stride,
        dilation=settings.dilation,
        size=settings.size,
    )


def surroundings(
    image: Image,
    extent: Extent,
    settings: Settings,
    part: Part | None = None,
    outside: int | float | None = None,
) -> tuple[Image, Geometry]:
    """Return all positions that a window reads, the border included, and where it lies on them.

    Parameters
    ----------
    image : ndarray, shape (rows, columns) or (rows, columns, channels)
        Or, with a part, the band of rows of it.
    extent : Extent
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
    geometry = geometry_of(extent, settings, (length, image.shape[1]))
    if part is not None:
        image, geometry = part.cut(image, geometry)
    if outside is None:
        outside = outside_value(settings.border_value, Depth.of(image.dtype))
    return surrounded(image, geometry, settings.border, outside), geometry


def windows_of(array: Image, geometry: Geometry) -> Image:
    """Return a view of every window on what `surroundings` gives.

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
    array, geometry = surroundings(image, step.extents[0], context.settings, context.part)
    return windows_of(array, geometry)


def under_anchor(
    image: Image, step: Step, context: StepContext, outside: int | float | None = None
) -> Image:
    """Return the pixel under the anchor of a step's window, for every output pixel.

    It is what becomes of alpha where a step leaves it as it is; with `outside`, the white of the
    image's type, everything outside a constant border is opaque.
    """
    extent = step.extents[0]
    array, (rows, columns) = surroundings(image, extent, context.settings, context.part, outside)
    top, left = extent.anchor[0] * rows.dilation, extent.anchor[1] * columns.dilation
    return array[
        top : top + (rows.out - 1) * rows.stride + 1 : rows.stride,
        left : left + (columns.out - 1) * columns.stride + 1 : columns.stride,
    ]
