"""Single pixels as a window reads them, the border's among them."""

from __future__ import annotations

from typing import NamedTuple

from imgconv.model.border import Border
from imgconv.model.geometry import Geometry
from imgconv.model.rank_explanation import WindowPixel
from imgconv.model.settings import Settings
from imgconv.model.step_plan import PlannedStep
from imgconv.ops.image import Image
from imgconv.ops.windows import geometry_of

Place = tuple[int, int]


class WindowReader(NamedTuple):
    """An image as the window of a step reads it.

    Attributes
    ----------
    image : ndarray, shape (rows, columns, channels)
    settings : Settings
    geometry : Geometry
    anchored : (int, int)
        Of the window, dilation included.
    """

    image: Image
    settings: Settings
    geometry: Geometry
    anchored: Place

    @classmethod
    def of(cls, source: Image, planned: PlannedStep) -> WindowReader:
        """Return the reader of a planned step's first window."""
        extent = planned.step.extents[0]
        geometry = geometry_of(extent, planned.settings, (source.shape[0], source.shape[1]))
        rows, columns = planned.settings.dilation
        return cls(
            source if source.ndim == 3 else source[..., None],
            planned.settings,
            geometry,
            (extent.anchor[0] * rows, extent.anchor[1] * columns),
        )

    def corner(self, at: Place) -> Place:
        """Return the position of the window's top left place, of an output pixel."""
        rows, columns = self.geometry
        return at[0] * rows.stride - rows.before, at[1] * columns.stride - columns.before

    def anchor(self, at: Place) -> Place:
        """Return the position of the window's anchor."""
        top, left = self.corner(at)
        return top + self.anchored[0], left + self.anchored[1]

    def source(self, position: Place) -> Place | None:
        """Return the pixel that stands at a position; None for none."""
        row = self.settings.border.source_index(position[0], self.image.shape[0])
        column = self.settings.border.source_index(position[1], self.image.shape[1])
        return None if row is None or column is None else (row, column)

    def under(self, at: Place) -> Place | None:
        """Return the pixel under the anchor."""
        return self.source(self.anchor(at))

    def pixel(self, position: Place) -> WindowPixel | None:
        """Return what stands at a position; None where nothing counts."""
        found = self.source(position)
        if found is not None:
            values = tuple(value.item() for value in self.image[found])
        elif self.settings.border is Border.IGNORE:
            return None
        else:
            values = (self.settings.border_value,) * self.image.shape[2]
        return WindowPixel(position, found, values)
