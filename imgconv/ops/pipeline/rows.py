"""Images of which only some rows are there: each stage makes its rows as they are asked for."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.base import Engine, Filtered
from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.geometry import plan_geometry
from imgconv.model.kernel_set import Filter, KernelSet
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe, Settings
from imgconv.ops.linear.alpha import has_alpha
from imgconv.ops.linear.correlate import Image, as_image, extremes_of, outside_value
from imgconv.ops.linear.kernel_set import check_alike, set_extremes
from imgconv.ops.linear.part import Extremes, Part
from imgconv.ops.pipeline.run import black_and_white, filter_stage


class Source(Protocol):
    """An image whose rows can be read.

    Attributes
    ----------
    shape : tuple of int
        Rows, columns and, for colour, channels.
    dtype : dtype
    """

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dtype(self) -> np.dtype[Any]: ...  # noqa: D102

    def read(self, start: int, stop: int) -> Image:
        """Return rows `start` to `stop`."""
        ...


class Rows:
    """Rows that are made when they are asked for; whoever reads in order has none made twice.

    Attributes
    ----------
    shape : tuple of int
        Of the whole image.
    depth : Depth
    clipped : int
        How many values were clamped, each counted once.
    """

    _before: Rows | None = None

    def __init__(self, shape: tuple[int, ...], depth: Depth) -> None:
        self.shape = shape
        self.depth = depth
        self.clipped = 0
        self._kept: Image = np.empty((0, *shape[1:]), depth.dtype)
        self._from = self._to = 0

    def read(self, start: int, stop: int) -> Image:
        """Return rows `start` to `stop`: kept, new in order, or any others out of turn."""
        if start <= self._to < stop:
            made = self._make(self._to, stop)
            self.clipped += made.clipped
            self._kept = np.concatenate([self._kept, made.image]) if len(self._kept) else made.image
            self._to = stop
            self._passed(stop)
        if start > self._to:
            return self._make(start, stop).image
        if start >= self._from:
            return self._kept[start - self._from : stop - self._from]
        again = self._make(start, min(stop, self._from)).image
        if stop <= self._from:
            return again
        return np.concatenate([again, self._kept[: stop - self._from]])

    def release(self, before: int) -> None:
        """Forget the rows before this one."""
        drop = min(max(before - self._from, 0), len(self._kept))
        self._kept = self._kept[drop:].copy()  # a view would keep all of them in memory
        self._from += drop

    def sources(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the spans of rows of the source that some rows are made of, in order."""
        spans = self._spans(start, stop)
        if self._before is None:
            return spans
        found = sorted(span for each in spans for span in self._before.sources(*each))
        return _joined(found)

    def _spans(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the spans of rows that rows are made of, in what is before them."""
        return [(start, stop)]

    def _make(self, start: int, stop: int) -> Filtered:
        raise NotImplementedError

    def _passed(self, stop: int) -> None:
        """Hear that rows up to `stop` will not be made in order again."""


class TonedRows(Rows):
    """A source in gray, in black and white or negative, where the recipe asks for it."""

    def __init__(self, source: Source, recipe: Recipe) -> None:
        self._source = source
        self._recipe = recipe
        pixel = self._toned(np.zeros((1, 1, *source.shape[2:]), source.dtype))
        super().__init__((*source.shape[:2], *pixel.shape[2:]), Depth.of(pixel.dtype))

    def _make(self, start: int, stop: int) -> Filtered:
        return Filtered(self._toned(self._source.read(start, stop)), 0)

    def _toned(self, image: Image) -> Image:
        image = as_image(image, self._recipe.settings.depth)
        if self._recipe.gray is not None:
            from imgconv.ops.color.tone import to_gray

            image = to_gray(image, self._recipe.gray)
        return image if self._recipe.binarize_after else black_and_white(image, self._recipe)[0]


class FinishedRows(Rows):
    """The rows of a chain in black and white, where the recipe puts that last."""

    def __init__(self, before: Rows, recipe: Recipe) -> None:
        self._before: Rows = before
        self._recipe = recipe
        pixel = np.zeros((1, 1, *before.shape[2:]), before.depth.dtype)
        tail = black_and_white(pixel, recipe)[0].shape[2:]
        super().__init__((*before.shape[:2], *tail), before.depth)

    def _make(self, start: int, stop: int) -> Filtered:
        return Filtered(black_and_white(self._before.read(start, stop), self._recipe)[0], 0)

    def _passed(self, stop: int) -> None:
        self._before.release(stop)


class StageRows(Rows):
    """The rows that a kernel or a set makes of others.

    Each stage puts the border around what is before it, so a chain asks its stages, and not the
    source, for the rows that stand in for those outside.
    """

    def __init__(
        self,
        before: Rows,
        kernel: Filter,
        settings: Settings,
        alpha: Alpha,
        *,
        threads: int | None = None,
        engine: Engine | None = None,
    ) -> None:
        self._before: Rows = before
        self._alpha = alpha
        self.kernel = kernel
        self._settings = settings
        self._running: dict[str, Any] = {"threads": threads, "engine": engine}
        self.source_depth = before.depth
        self._outside = outside_value(settings.border_value, before.depth)
        members = kernel.kernels if isinstance(kernel, KernelSet) else (kernel,)
        geometries = [
            plan_geometry(
                (before.shape[0], before.shape[1]),
                member.shape,
                member.anchor,
                stride=settings.stride,
                dilation=settings.dilation,
                size=settings.size,
            )
            for member in members
        ]
        if isinstance(kernel, KernelSet):
            check_alike(kernel, geometries)
        self.axes = [geometry.rows for geometry in geometries]
        self.extremes: Extremes = ()
        shape = (*geometries[0].out_shape, *before.shape[2:])
        super().__init__(shape, settings.depth or before.depth)

    @property
    def reach(self) -> int:
        """How many rows of what is before it one row needs."""
        first, last = self._positions(0, 1)
        return last - first

    def extremes_between(self, start: int, stop: int) -> Extremes:
        """Return the ends of the exact values of some rows; to be asked for in order."""
        band, part = self._band(start, stop)
        self._passed(stop)
        if has_alpha(band) and self._alpha is not Alpha.FILTER:
            band = band[..., :-1]
        if isinstance(self.kernel, KernelSet):
            return set_extremes(band, self.kernel, self._settings, part=part, **self._running)
        return extremes_of(band, self.kernel, self._settings, part=part, **self._running)

    def _make(self, start: int, stop: int) -> Filtered:
        band, part = self._band(start, stop)
        return filter_stage(
            band, self.kernel, self._settings, self._alpha, part=part, **self._running
        )

    def _passed(self, stop: int) -> None:
        # What a mirror needs at the lower edge is at most a reach behind.
        self._before.release(self._positions(stop, stop + 1)[0] - self.reach)

    def _positions(self, start: int, stop: int) -> tuple[int, int]:
        ends = [axis.read_by(start, stop) for axis in self.axes]
        return min(first for first, _ in ends), max(last for _, last in ends)

    def _spans(self, start: int, stop: int) -> list[tuple[int, int]]:
        first, last = self._reading(start, stop)
        length = self._before.shape[0]
        if first >= 0 and last <= length:
            return [(first, last)]
        return _runs(row_places(self._settings.border, first, last, length))

    def _reading(self, start: int, stop: int) -> tuple[int, int]:
        """Return the positions that some output rows read; perhaps outside."""
        length = self._before.shape[0]
        first, last = self._positions(start, stop)
        # Rows that a stride leaves out are made too, since their clipped values count.
        following = length if stop == self.shape[0] else self._positions(stop, stop + 1)[0]
        return first, max(last, min(following, length))

    def _band(self, start: int, stop: int) -> tuple[Image, Part]:
        """Return the rows that some output rows need, the border included."""
        length = self._before.shape[0]
        first, last = self._reading(start, stop)
        part = Part(length, first, start, stop, self.extremes)
        if first >= 0 and last <= length:
            return self._before.read(first, last), part
        places = row_places(self._settings.border, first, last, length)
        wanted = np.unique(places[places >= 0])
        blocks = [self._before.read(*span) for span in _runs(places)]
        empty = np.empty((1, *self._before.shape[1:]), self._before.depth.dtype)
        band = np.concatenate(blocks or [empty])[np.searchsorted(wanted, np.maximum(places, 0))]
        band[places < 0] = self._outside
        if has_alpha(band) and self._alpha is not Alpha.FILTER:
            band[places < 0, :, -1] = self.source_depth.high  # outside everything is opaque
        return band, part


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans that touch or overlap; they are in order.

    Examples
    --------
    >>> _joined([(0, 3), (2, 5), (5, 6), (9, 10)])
    [(0, 6), (9, 10)]
    """
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


def _runs(places: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return the spans of rows that stand somewhere, in order."""
    wanted = np.unique(places[places >= 0])
    if not len(wanted):
        return []
    runs = np.split(wanted, np.flatnonzero(np.diff(wanted) > 1) + 1)
    return [(int(run[0]), int(run[-1]) + 1) for run in runs]


def row_places(border: Border, first: int, last: int, length: int) -> NDArray[np.intp]:
    """Return which row stands at each position from `first` to `last`; -1 is the constant.

    Examples
    --------
    >>> row_places(Border.WRAP, -2, 5, 4).tolist()
    [2, 3, 0, 1, 2, 3, 0]
    """
    places = np.arange(first, last)
    for i in np.flatnonzero((places < 0) | (places >= length)):
        found = border.source_index(int(places[i]), length)
        places[i] = -1 if found is None else found
    return places
