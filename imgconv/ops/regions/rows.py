"""The rows of a recipe with a selection: those that it makes, mixed with those of the image."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.model.recipe import Recipe
from imgconv.ops.context import StepResult
from imgconv.ops.image import shape_of
from imgconv.ops.pipeline.lazy_rows import LazyRows
from imgconv.ops.regions.channels import Plane, put_back
from imgconv.ops.regions.masks import check_masks_known
from imgconv.ops.regions.mixing import check_form, mix, spread
from imgconv.ops.regions.weights import MaskRows, weights_of_rows

_SCRATCH = 16  # bytes for each pixel: its weight, distances, and what is mixed
_PLANE_SCRATCH = 200  # and for a plane of colours, linear light, roots and their sums


class PlaneRows(LazyRows):
    """The rows of a channel, or of what stands for colour, with alpha where it weighs."""

    def __init__(self, before: LazyRows, plane: Plane) -> None:
        form = plane.form(before.form)
        super().__init__(shape_of(before.shape[0], before.shape[1], form), form.depth)
        self._before: LazyRows = before
        self._plane = plane

    def _make(self, start: int, stop: int) -> StepResult:
        return StepResult(self._plane.take(self._before.read(start, stop)))

    def _passed(self, stop: int) -> None:
        self._before.release(stop)


class SelectedRows(LazyRows):
    """Rows of which only the selected pixels are those that a chain of steps makes.

    Rows without a selected pixel are not asked of the chain at all.

    Parameters
    ----------
    source : LazyRows
        The image; it keeps the rows that are still to be mixed.
    made : sequence of LazyRows
        The last of the chain; with channels, that of the chain of each.
    planes : sequence of Plane
        The channels, or nothing.
    recipe : Recipe
        With a selection.
    mask : callable, optional
        Gives the rows of the mask.
    """

    def __init__(
        self,
        source: LazyRows,
        made: Sequence[LazyRows],
        planes: Sequence[Plane],
        recipe: Recipe,
        mask: MaskRows | None,
    ) -> None:
        super().__init__(source.shape, source.form.depth)
        forms = [plane.form(source.form) for plane in planes] or [source.form]
        for form, rows in zip(forms, made, strict=True):
            check_form(form, rows.form)
        for region in recipe.selection.regions:
            region.check_inside(source.shape[0], source.shape[1])
        self._source, self._made, self._planes = source, made, planes
        self._before: LazyRows = made[0]
        self._recipe = recipe
        self._mask = mask
        source.hold = 0

    @property
    def scratch(self) -> int:
        """Bytes of intermediate values for each pixel."""
        planes = _PLANE_SCRATCH if self._planes else 0
        return _SCRATCH + planes + self._source.form.values * 8

    def sources(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the spans of rows of the source that some rows are made of, in order."""
        read = [rows.sources(start, stop) for rows in (self._source, *self._made)]
        return self.joined([span for spans in read for span in spans])

    def _make(self, start: int, stop: int) -> StepResult:
        check_masks_known(self._recipe, self._mask)
        image = self._source.read(start, stop)
        selection, recipe = self._recipe.selection, self._recipe
        size = self.shape[0], self.shape[1]
        weights = weights_of_rows(selection, size, start, stop, mask=self._mask)
        if not weights.any():
            for rows in self._made:
                rows.skip(stop)
            return StepResult(image)
        made = [rows.read(start, stop) for rows in self._made]
        output = put_back(image, self._planes, made) if self._planes else spread(made[0], image)
        return StepResult(mix(image, output, weights, recipe.alpha, recipe.settings.rounding))

    def _passed(self, stop: int) -> None:
        self._source.hold = stop
        for rows in self._made:
            rows.release(stop)
