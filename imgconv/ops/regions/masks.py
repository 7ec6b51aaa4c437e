"""The pictures that a recipe names, read, and the check that they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgconv.model.errors import ArgumentError
from imgconv.model.recipe import Recipe

if TYPE_CHECKING:
    from imgconv.ops.regions.weights import MaskRows, Weights

Flags = NDArray[np.bool_]


class Masks(NamedTuple):
    """The pictures that a recipe names, read.

    Attributes
    ----------
    mask : ndarray of uint16, shape (rows, columns), optional
        The weights of the mask (see `mask_weights`).
    valid : ndarray of bool, shape (rows, columns), optional
        Which pixels count.
    limit : ndarray of bool, shape (rows, columns), optional
        Outside of which no pixel counts, at any step.
    """

    mask: Weights | None = None
    valid: Flags | None = None
    limit: Flags | None = None

    def cut(self, rows: slice, columns: slice) -> Masks:
        """Return what lies in a rectangle, but for the mask."""
        valid = None if self.valid is None else self.valid[rows, columns]
        return Masks(None, valid, self.limit)


NO_MASKS = Masks()


def check_masks(recipe: Recipe, masks: Masks) -> None:
    """Check that the pictures that a recipe names were read.

    Raises
    ------
    ArgumentError
        When one was not.
    """
    check_masks_known(recipe, mask_rows(masks))
    if recipe.nodata.valid and masks.valid is None:
        raise _not_read(f"the mask {recipe.nodata.valid} of what is valid")


def check_masks_known(recipe: Recipe, mask: MaskRows | None) -> None:
    """Check that there is a mask where the recipe names one.

    Raises
    ------
    ArgumentError
        When there is none.
    """
    if recipe.selection.mask and mask is None:
        raise _not_read(f"the mask {recipe.selection.mask}")


def _not_read(what: str) -> ArgumentError:
    return ArgumentError(
        f"the recipe has {what}, which is not read here",
        hint="imgconv apply, batch, compare and explain read masks",
    )


def mask_rows(masks: Masks) -> MaskRows | None:
    """Return the function that gives the rows of a mask in memory."""
    plane = masks.mask
    return None if plane is None else lambda start, stop: plane[start:stop]
