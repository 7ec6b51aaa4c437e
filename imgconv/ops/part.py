"""A part of a correlation: some output rows, made from a band of the image's rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from imgconv.engines.base import Pixels
from imgconv.model.geometry import Geometry

Extremes = Sequence[Any]
"""The least and the greatest exact value of a whole image, or nothing where none is finite."""


class Part(NamedTuple):
    """Some output rows, of an image of which only a band is there.

    Attributes
    ----------
    length : int
        Rows of the whole image.
    first : int
        Position in it of the band's first row. The band holds every position that a tap reads, one
        after the other, those outside the image included: the border is already in it.
    start, stop : int
        The output rows that are asked for.
    extremes : sequence, optional
        What ``OutputRange.RESCALE`` stretches.
    """

    length: int
    first: int
    start: int
    stop: int
    extremes: Extremes = ()

    def cut(self, band: Pixels, geometry: Geometry) -> tuple[Pixels, Geometry]:
        """Return the rows that one kernel reads, and the geometry of its output rows over them."""
        first, last = geometry.rows.read_by(self.start, self.stop)
        rows = geometry.rows._replace(length=last - first, before=0, out=self.stop - self.start)
        return band[first - self.first : last - self.first], geometry._replace(rows=rows)
