"""The masks of a run, as far as they decide whether a picture is done again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from imgconv.io.images.masks import find_mask
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
        self._name = recipe.selection.mask

    def hash_for(self, recipe_hash: str, key: str) -> str:
        """Return the hash of a recipe and of the mask that it has for one picture.

        Of a single mask the content counts; of masks in a folder size and time of change.

        Raises
        ------
        ImageReadError
            When a single mask cannot be read.
        """
        if not self._name:
            return recipe_hash
        line = f"{recipe_hash}\nmask {self._line(key)}"
        return hashlib.sha256(line.encode()).hexdigest()[:32]

    def _line(self, key: str) -> str:
        if not self._is_folder:
            return self._content
        try:
            place = find_mask(self._name, key)
            assert isinstance(place, Path)
            stamp = place.stat()
        except (ImageReadError, OSError):
            return "missing"
        return f"{stamp.st_size} {stamp.st_mtime_ns}"

    @cached_property
    def _is_folder(self) -> bool:
        return Path(self._name).is_dir()

    @cached_property
    def _content(self) -> str:
        return hashlib.sha256(read_location(self._name).data).hexdigest()


def with_absolute_mask(recipe: Recipe) -> Recipe:
    """Return a recipe whose mask has the same name on every machine that sees it."""
    selection = recipe.selection
    if not selection.mask or "://" in selection.mask:
        return recipe
    return replace(recipe, selection=replace(selection, mask=str(Path(selection.mask).absolute())))
