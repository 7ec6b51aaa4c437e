"""Pooling, as ONNX defines MaxPool and AveragePool: maxima, and exact means, rounded once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import groupby, product
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from imgconv.engines.layers import LayerJob, convolve, padded
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.footprint import Footprint
from imgconv.model.geometry import Axis
from imgconv.model.layer import Pool, Reduction, Steps, parse_pool, written
from imgconv.model.layer_shapes import LayerShapes, PlacedAxis, check_size, place_axes
from imgconv.model.output import Depth, Rounding
from imgconv.ops.image import checked_threads
from imgconv.ops.layers.layer import Image, as_batch
from imgconv.ops.rank.extremes import extreme
from imgconv.ops.rank.filtering import run_windows
from imgconv.ops.rank.windows import Windows

_ONE = PlacedAxis(Axis(1, 1, 0, 1, 1, 1), 0)


def pool(image: ArrayLike, how: Pool | str, *, axes: int = 2, threads: int | None = None) -> Image:
    """Make one value of each window of each channel: its greatest, or its mean.

    Parameters
    ----------
    image : array_like, shape (rows, columns), (rows, columns, channels) or with a batch first
    how : Pool or str
        ``"max:2"``, ``"mean:3"``, ``"max:size=3,stride=2,padding=1"``; the stride is the size
        where none is given. Options are those of ONNX and PyTorch: ``padding`` (an amount, one
        for each axis, ``1x0x2x1`` for top, bottom, left and right, ``same``, ``same-lower`` or
        ``valid``), ``dilation``, ``ceil_mode=true``, and for a mean ``count_include_pad``, which
        is true as in PyTorch (ONNX: false). Padding is left out of a maximum.
    axes : {1, 2, 3}, default 2
        How many axes windows slide along.
    threads : int, optional

    Returns
    -------
    ndarray, float32
        ``(n + before + after - Ke) // stride + 1`` long with ``Ke = (size - 1) * dilation + 1``;
        under ``ceil_mode`` rounded up, without a window that would begin beyond image and padding.
        A mean is exact and rounded once.

    Raises
    ------
    ArgumentError
        When no window fits or one touches no pixel, or `how` is not a kind of pooling.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 2, 5, 6], [3, 4, 7, 9]], np.uint8)
    >>> pool(image, "max:2")[..., 0], pool(image, "mean:2")[..., 0]
    (array([[4., 9.]], dtype=float32), array([[2.5 , 6.75]], dtype=float32))
    >>> pool(image, "mean:size=2,padding=1x1x0x0,count_include_pad=false")[..., 0]
    array([[1.5, 5.5],
           [3.5, 8. ]], dtype=float32)
    """
    if axes not in (1, 2, 3):
        raise ArgumentError(f"axes is {axes!r}; windows slide along 1, 2 or 3")
    batch, single = as_batch(image, axes)
    pooled = run_pool(batch, parse_pool(how, axes), threads=threads)
    return pooled[0] if single else pooled


def pool_shapes(how: Pool, shape: tuple[int, ...], name: str = "pool") -> LayerShapes:
    """Return the sizes of pooling (see `imgconv.ops.layers.layer.Conv.shapes`).

    Raises
    ------
    ArgumentError
        When no window fits, or one touches no pixel.
    LimitError
        When a stated limit is hit.
    """
    steps = Steps(how.stride, how.dilation, how.padding)
    placed = place_axes(shape[1:-1], how.size, steps, ceil=how.ceil_mode)
    if any(0 in axis.counted(padding=False) for axis in placed):
        pads = "; ".join(f"{axis.axis.before} and {axis.after}" for axis in placed)
        raise ArgumentError(
            f"a padding of {pads} leaves windows of {written(how.size)} that touch no pixel",
            hint="pad less than the size of the window",
        )
    shapes = LayerShapes(
        name=name,
        what=str(how),
        axes=placed,
        batch=shape[0],
        sizes_in=shape[1:-1],
        sizes_out=tuple(axis.axis.out for axis in placed),
        channels_in=shape[-1],
        channels_out=shape[-1],
    )
    check_size(shapes)
    return shapes


def run_pool(images: Image, how: Pool, *, threads: int | None = None) -> Image:
    """Pool images of shape (n, [[depth,] rows,] columns, channels)."""
    placed = pool_shapes(how, images.shape).axes
    missing = 3 - len(placed)
    spatial = tuple(range(1, 1 + missing))
    axes = [_ONE] * missing + list(placed)
    floats = np.expand_dims(images.astype(np.float32), spatial)
    if how.reduction is Reduction.MAX:
        pooled = _maxima(floats, axes, checked_threads(threads))
    else:
        pooled = _means(floats, axes, how.count_include_pad, checked_threads(threads))
    return np.squeeze(pooled, axis=spatial)


def _maxima(images: Image, placed: Sequence[PlacedAxis], threads: int) -> Image:
    """Return the greatest values of windows: of each column of a window, then of these."""
    axes = [one.axis for one in placed]
    values = padded(images, axes, Border.CONSTANT, -np.inf)
    for number, axis in enumerate(axes, start=1):
        if (axis.taps, axis.stride) == (1, 1):
            continue
        lines = np.moveaxis(values, number, 0)
        column = Footprint(((True,),) * axis.taps, (0, 0)).spaced(axis.dilation, 1)
        flat = np.ascontiguousarray(lines).reshape(len(lines), -1, 1)
        windows = Windows(flat, None, None, column, (axis.stride, 1), threads)
        found = run_windows(windows, partial(extreme, greatest=True))
        values = np.moveaxis(found.reshape(axis.out, *lines.shape[1:]), 0, number)
    return np.ascontiguousarray(values)


class _Stretch(NamedTuple):
    """Neighbouring outputs of an axis whose windows have the same number of taps that count."""

    outputs: slice
    taps: int

    def of(self, axis: Axis) -> Axis:
        """Return the axis with these outputs alone."""
        before = axis.before - self.outputs.start * axis.stride
        return axis._replace(before=before, out=self.outputs.stop - self.outputs.start)


def _means(
    images: Image, placed: Sequence[PlacedAxis], counts_padding: bool, threads: int
) -> Image:
    """Return the exact means, stretch by stretch: a filter whose weights are one over the count."""
    shape = (len(images), *(one.axis.out for one in placed), images.shape[-1])
    result = np.empty(shape, np.float32)
    for stretches in product(*(list(_stretches(one, counts_padding)) for one in placed)):
        axes = [part.of(one.axis) for part, one in zip(stretches, placed, strict=True)]
        count = prod(part.taps for part in stretches)
        chosen = (slice(None), *(part.outputs for part in stretches))
        result[chosen] = convolve(_means_job(images, axes, count, threads))
    return result


def _stretches(placed: PlacedAxis, counts_padding: bool) -> Iterator[_Stretch]:
    start = 0
    for count, outputs in groupby(placed.counted(padding=counts_padding)):
        stop = start + len(list(outputs))
        yield _Stretch(slice(start, stop), count)
        start = stop


def _means_job(images: Image, axes: Sequence[Axis], count: int, threads: int) -> LayerJob:
    """Return the sum of every window over a count, for each channel."""
    channels = images.shape[-1]
    depth, rows, columns = axes
    taps = (depth.taps, rows.taps, columns.taps)
    return LayerJob(
        images=images,
        weights=np.full((channels, 1, *taps), Fraction(1, count)),
        biases=[Fraction(0)] * channels,
        groups=channels,
        axes=(depth, rows, columns),
        border=Border.CONSTANT,
        border_value=0,
        depth=Depth.F32,
        rounding=Rounding.HALF_EVEN,
        threads=threads,
    )
