"""The windows of a step on a whole image, or over a band of its rows."""

from __future__ import annotations

from imgconv.model.border import Border
from imgconv.model.footprint import Footprint
from imgconv.model.steps.base import Extent
from imgconv.ops.context import StepContext
from imgconv.ops.image import Image, checked_threads
from imgconv.ops.rank.windows import Windows, counting
from imgconv.ops.windows import geometry_of, surroundings


def windows_of_step(
    image: Image, extent: Extent, footprint: Footprint, context: StepContext
) -> Windows:
    """Return the windows of the output rows that are asked for.

    Parameters
    ----------
    image : ndarray, shape (rows, columns, channels)
        The whole, or the band of rows that the context's part says, with the border in it.
    extent : Extent
        All that a window reads.
    footprint : Footprint
        Of the same shape and anchor, without the dilation of the settings.
    context : StepContext
    """
    part, settings = context.part, context.settings
    length = image.shape[0] if part is None else part.length
    pixels, _ = surroundings(image, extent, settings, part)
    rows, columns = geometry_of(extent, settings, (length, image.shape[1]))
    span = rows.span if part is None else rows.read_by(part.start, part.stop)
    ignores = settings.border is Border.IGNORE
    return Windows(
        pixels,
        counting(rows, span) if ignores else None,
        counting(columns, columns.span) if ignores else None,
        footprint.spaced(*settings.dilation),
        settings.stride,
        checked_threads(context.threads),
    )
