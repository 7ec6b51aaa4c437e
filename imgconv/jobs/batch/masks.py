"""The masks of a run, as far as they decide whether a picture is done again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from imgconv.io.storage.locations import is_url
from imgconv.io.storage.opening import read_location
from imgconv.model.errors import ImageReadError
from imgconv.model.recipe import Recipe


class MaskStamps:
    """What is known of the masks of pictures before they are read.

    Parameters
    ----------
    recipe : Recipe
    """

    def __init__(self, recipe: Recipe) -> None:
        self._names = [name for name in (recipe.selection.mask, recipe.nodata.valid) if name]
        self._contents: dict[str, str] = {}

    def hash_for(self, recipe_hash: str, key: str) -> str:
        """Return the hash of a recipe and of the mask that it has for one picture.

        Of a single mask the content counts; of masks in a folder size and time of change.

        Raises
        ------
        ImageReadError
            When a single mask cannot be read.
        """
        if not self._names:
            return recipe_hash
        lines = [recipe_hash, *(f"mask {self._said(name, key)}" for name in self._names)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]

    def _said(self, name: str, key: str) -> str:
        if Path(name).is_dir():
            from imgconv.io.images.masks import find_mask

            try:
                place = find_mask(name, key)
                assert isinstance(place, Path)
                stamp = place.stat()
            except (ImageReadError, OSError):
                return "missing"
            return f"{stamp.st_size} {stamp.st_mtime_ns}"
        if name not in self._contents:
            self._contents[name] = hashlib.sha256(read_location(name).data).hexdigest()
        return self._contents[name]


def with_absolute_masks(recipe: Recipe) -> Recipe:
    """Return a recipe whose masks have the same names on every machine that sees them."""
    return replace(
        recipe,
        selection=replace(recipe.selection, mask=_everywhere(recipe.selection.mask)),
        nodata=replace(recipe.nodata, valid=_everywhere(recipe.nodata.valid)),
    )


def _everywhere(name: str) -> str:
    return str(Path(name).absolute()) if name and not is_url(name) else name
