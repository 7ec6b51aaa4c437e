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
from imgconv.ops.regions.weights import MaskRows, check_mask_size, mask_weights


@contextlib.contextmanager
def open_mask(
    recipe: Recipe, source: Path, shape: tuple[int, ...], *, limit: int, threads: int = 1
) -> Iterator[MaskRows | None]:
    """Open the mask that a recipe names; None where it names none.

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

    Raises
    ------
    ImageReadError
        When it cannot be read.
    ArgumentError
        When it has another size than the picture.
    """
    if not recipe.selection.mask:
        yield None
        return
    place = find_mask(recipe.selection.mask, key_of(source))
    if not isinstance(place, Path):
        raise ImageReadError(f"{place}: a mask is read by rows from a file of this machine")
    reader = open_reader(place, limit=limit, threads=threads) or HeldReader(read_image(place))
    with contextlib.closing(reader):
        check_mask_size(reader.shape, shape, str(place))
        yield lambda start, stop: mask_weights(reader.read(start, stop), str(place))
