"""Masks that are read by rows, beside a picture that memory does not hold."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from imgconv.io.images.image_files import read_image
from imgconv.io.images.masks import find_mask, key_of
from imgconv.io.tiled.base import HeldReader
from imgconv.io.tiled.choice import open_reader
from imgconv.model.errors import ImageReadError
from imgconv.model.recipe import Recipe
from imgconv.ops.regions.hole_rows import FlagRows
from imgconv.ops.regions.weights import MaskRows, check_mask_size, mask_weights


@contextlib.contextmanager
def open_masks(
    recipe: Recipe, source: Path, shape: tuple[int, ...], *, limit: int, threads: int = 1
) -> Iterator[tuple[MaskRows | None, FlagRows | None]]:
    """Open the pictures that a recipe names: the mask, and which pixels count.

    Parameters
    ----------
    recipe : Recipe
    source : path
        The picture, whose name a mask in a folder has.
    shape : tuple of int
        Of the picture.
    limit : int
        Bytes of memory; a mask that takes less is held in it.
    threads : int

    Yields
    ------
    (callable or None, callable or None)
        None for what the recipe does not name.

    Raises
    ------
    ImageReadError
        When one cannot be read.
    ArgumentError
        When it has another size than the picture.
    """
    with contextlib.ExitStack() as opened:

        def rows_of(name: str) -> MaskRows | None:
            if not name:
                return None
            place = find_mask(name, key_of(source))
            if not isinstance(place, Path):
                raise ImageReadError(f"{place}: a mask is read by rows from a file of this machine")
            reader = open_reader(place, limit=limit, threads=threads)
            held = opened.enter_context(contextlib.closing(reader or HeldReader(read_image(place))))
            check_mask_size(held.shape, shape, str(place))
            return lambda start, stop: mask_weights(held.read(start, stop), str(place))

        valid = rows_of(recipe.nodata.valid)
        flags = None if valid is None else lambda start, stop: valid(start, stop) > 0
        yield rows_of(recipe.selection.mask), flags
