"""The rows of a recipe with a selection: those that it makes, mixed with those of the image."""

from __future__ import annotations

from imgconv.model.recipe import Recipe
from imgconv.ops.context import StepResult
from imgconv.ops.pipeline.lazy_rows import LazyRows
from imgconv.ops.regions.mixing import check_form, mix, spread
from imgconv.ops.regions.selected import check_masks_known
from imgconv.ops.regions.weights import MaskRows, weights_of_rows

_SCRATCH = 16  # bytes for each pixel: its weight, distances, and what is mixed


class SelectedRows(LazyRows):
    """Rows of which only the selected pixels are those that a chain of steps makes.

    Rows without a selected pixel are not asked of the chain at all.

    Parameters
    ----------
    source : LazyRows
        The image; it keeps the rows that are still to be mixed.
    before : LazyRows
        The last of the chain.
    recipe : Recipe
        With a selection.
    mask : callable, optional
        Gives the rows of the mask.
    """

    def __init__(
        self, source: LazyRows, before: LazyRows, recipe: Recipe, mask: MaskRows | None
    ) -> None:
        check_form(source.form, before.form)
        super().__init__(source.shape, source.form.depth)
        for region in recipe.selection.regions:
            region.check_inside(source.shape[0], source.shape[1])
        self._source = source
        self._before: LazyRows = before
        self._recipe = recipe
        self._mask = mask
        source.hold = 0

    @property
    def scratch(self) -> int:
        """Bytes of intermediate values for each pixel."""
        return _SCRATCH + self._source.form.values * 8

    def _spans(self, start: int, stop: int) -> list[tuple[int, int]]:
        return [(start, stop)]

    def sources(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the spans of rows of the source that some rows are made of, in order."""
        return self.joined([*super().sources(start, stop), *self._source.sources(start, stop)])

    def _make(self, start: int, stop: int) -> StepResult:
        check_masks_known(self._recipe, self._mask)
        image = self._source.read(start, stop)
        selection, recipe = self._recipe.selection, self._recipe
        size = self.shape[0], self.shape[1]
        weights = weights_of_rows(selection, size, start, stop, mask=self._mask)
        if not weights.any():
            self._before.skip(stop)
            return StepResult(image)
        output = spread(self._before.read(start, stop), image)
        return StepResult(mix(image, output, weights, recipe.alpha, recipe.settings.rounding))

    def _passed(self, stop: int) -> None:
        self._source.hold = stop
        self._before.release(stop)
