"""Means of the weights inside an image: at its edges, for elsewhere all weights are inside."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from imgconv.engines.base import Correlation, Engine, Filtered
from imgconv.engines.means import Quotient
from imgconv.engines.native import NativeEngine
from imgconv.engines.select import select_engine
from imgconv.model.geometry import Axis, Geometry, plan_geometry
from imgconv.model.kernel import Kernel
from imgconv.model.output import Depth, OutputRange
from imgconv.model.settings import Settings
from imgconv.ops.image import Image
from imgconv.ops.linear.single import plan
from imgconv.ops.linear.weighed_values import WeighedValues
from imgconv.ops.part import Part


class _Rectangle(NamedTuple):
    """Output rows and columns, and whether all windows of these lie in the image."""

    rows: range
    columns: range
    inside: bool


def mean_at_edges(
    colours: Image,
    kernel: Kernel,
    settings: Settings,
    threads: int | None,
    engine: Engine | None,
    part: Part | None,
) -> Filtered | None:
    """Filter under ``Border.IGNORE`` by the core (see `imgconv.ops.linear.weighted.filter_inside`).

    Returns
    -------
    Filtered or None
        None with ``OutputRange.RESCALE``, and where the core has no means.
    """
    chosen = engine or select_engine()
    depth_in = Depth.of(colours.dtype)
    depth = settings.depth or depth_in
    if not isinstance(chosen, NativeEngine) or settings.output_range is OutputRange.RESCALE:
        return None
    floats = Depth.F32 in (depth_in, depth)
    length, first = (len(colours), 0) if part is None else (part.length, part.first)
    geometry = plan_geometry(
        (length, colours.shape[1]),
        kernel.shape,
        kernel.anchor,
        stride=settings.stride,
        dilation=settings.dilation,
        size=settings.size,
    )
    asked = range(geometry.rows.out) if part is None else range(part.start, part.stop)
    job = plan(colours, kernel, settings._replace(depth=depth), threads)
    weight = sum(sum(row) for row in job.weights)
    share = Fraction(depth.high, depth_in.high * weight)
    quotient = Quotient(job.gain * weight, job.bias, share, opaque=0)
    out = np.empty((len(asked), geometry.columns.out, colours.shape[2]), depth.dtype)
    clipped = 0
    for rectangle in _rectangles(geometry, asked):
        piece = _piece(job, geometry, rectangle, first)
        if floats:
            found = _by_sums(piece, rectangle, chosen)
        elif rectangle.inside:
            found = chosen.correlate(piece)
        elif chosen.weigher.cost(piece, quotient) is not None:
            found = chosen.weigher.means(piece, quotient)
        else:
            return None
        top = rectangle.rows.start - asked.start
        rows = slice(top, top + len(rectangle.rows))
        columns = slice(rectangle.columns.start, rectangle.columns.stop)
        out[rows, columns] = found.image[..., : colours.shape[2]]
        clipped += found.clipped
    return Filtered(out, clipped)


def _by_sums(piece: Correlation, rectangle: _Rectangle, engine: NativeEngine) -> Filtered:
    """Return the means of a piece of floats, or as floats: in the steps of the definition."""
    weight = sum(sum(row) for row in piece.weights)
    sums = engine.sums(piece)
    if rectangle.inside:
        ones = np.ones((*(axis.span[1] for axis in _one(piece.geometry)), 1), piece.image.dtype)
        above, below = sums, engine.sums(piece._replace(image=ones, geometry=_one(piece.geometry)))
        below = np.broadcast_to(below, (*sums.shape[:2], 1))
    else:
        above, below = sums[..., :-1], sums[..., -1:]
    value = WeighedValues.of(above, below, lambda: above, weight)
    gain = piece.gain * weight
    return Filtered(*value.rounded(gain, piece.bias, piece.absolute, piece.rounding, piece.depth))


def _one(geometry: Geometry) -> Geometry:
    """Return the geometry of one window."""
    axes = [axis._replace(length=axis._replace(out=1).span[1], out=1) for axis in geometry]
    return Geometry(*axes)


def _rectangles(geometry: Geometry, asked: range) -> Iterator[_Rectangle]:
    """Part the rows that are asked for: edges first, of which the core may have no means."""
    columns = range(geometry.columns.out)
    rows, across = _inner(geometry.rows, asked), _inner(geometry.columns, columns)
    if not (rows and across):
        yield _Rectangle(asked, columns, inside=False)
        return
    for some_rows, some_columns in (
        (range(asked.start, rows.start), columns),
        (range(rows.stop, asked.stop), columns),
        (rows, range(across.start)),
        (rows, range(across.stop, columns.stop)),
    ):
        if some_rows and some_columns:
            yield _Rectangle(some_rows, some_columns, inside=False)
    yield _Rectangle(rows, across, inside=True)


def _inner(axis: Axis, asked: range) -> range:
    """Return the outputs whose windows lie in the image.

    Examples
    --------
    >>> _inner(Axis(length=9, taps=3, before=1, out=9, stride=1, dilation=1), range(2, 9))
    range(2, 8)
    """
    reach = (axis.taps - 1) * axis.dilation
    start = -(-axis.before // axis.stride)
    stop = (axis.length - 1 - reach + axis.before) // axis.stride + 1
    return range(max(start, asked.start), min(stop, asked.stop))


def _piece(job: Correlation, geometry: Geometry, rectangle: _Rectangle, first: int) -> Correlation:
    """Return the correlation of a rectangle; at an edge with 1 as a last channel inside the image.

    `first` is the position of the first row that is there.
    """
    taken, axes = [], []
    for axis, outputs in zip(geometry, rectangle[:2], strict=True):
        start, stop = axis.read_by(outputs.start, outputs.stop)
        taken.append((start, stop, max(start, 0), min(stop, axis.length)))
        axes.append(axis._replace(length=stop - start, before=0, out=len(outputs)))
    (top, bottom, *rows), (left, right, *columns) = taken
    pixels = job.image[rows[0] - first : rows[1] - first, columns[0] : columns[1]]
    if not rectangle.inside:
        channels = pixels.shape[2]
        whole = np.zeros((bottom - top, right - left, channels + 1), pixels.dtype)
        within = whole[rows[0] - top : rows[1] - top, columns[0] - left : columns[1] - left]
        within[..., :channels] = pixels
        within[..., channels] = 1
        pixels = whole
    return job._replace(image=pixels, geometry=Geometry(*axes))
