"""The pictures that a recipe names: which file is whose, and what is read of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np

from imgconv.io.images.decode import decode_picture, read_file
from imgconv.io.images.formats import FORMATS
from imgconv.io.storage import files
from imgconv.io.storage.locations import Place, Url, parse_place
from imgconv.model.errors import ArgumentError, ImageReadError
from imgconv.model.recipe import Recipe
from imgconv.ops.regions.masks import NO_MASKS, Flags, Masks

if TYPE_CHECKING:
    from imgconv.ops.regions.weights import Weights

ARRAY = "(array)"
"""The name of a mask that is no file."""
_SUFFIXES = tuple(suffix for known in FORMATS for suffix in known.suffixes)


def find_mask(name: str, key: str, folder: Path = Path()) -> Place:
    """Return the file of a mask.

    Parameters
    ----------
    name : str
        Of a file, or of a folder that mirrors the sources.
    key : str
        Path of the picture under its source. In a folder the mask has the same, perhaps with the
        suffix of another format.
    folder : path, optional
        What a relative name is relative to.

    Raises
    ------
    ImageReadError
        When a folder has no mask, or several, for the picture.
    """
    place = parse_place(name)
    if isinstance(place, Url):
        return place
    place = folder / place
    try:
        if not place.is_dir():
            return place
    except OSError as error:  # a name that is too long
        raise ImageReadError(f"mask {place}: {files.reason(error)}") from None
    if not key:
        raise ImageReadError(f"{place} is a folder", hint="name the mask of this picture")
    same = place / key
    if same.is_file():
        return same
    found = [other for suffix in _SUFFIXES if (other := same.with_suffix(suffix)).is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        names = " and ".join(other.name for other in found)
        raise ImageReadError(f"{place} has {names} for {key}", hint="leave one mask there")
    raise ImageReadError(
        f"{place} has no mask for {key}",
        hint=f"expected {same}, or the same name with another format's suffix",
    )


def read_masks(
    recipe: Recipe, key: str, pages: int = 1, folder: Path = Path()
) -> tuple[Masks, ...]:
    """Read the pictures that a recipe names, for each page of a picture.

    Parameters
    ----------
    recipe : Recipe
    key : str
        Path of the picture under its source.
    pages : int, default 1
    folder : path, optional
        What a relative name is relative to.

    Raises
    ------
    ImageReadError, LimitError
        When one cannot be read.
    ArgumentError
        When it is no mask, or has another number of pages than one and than the picture.
    """
    names = recipe.selection.mask, recipe.nodata.valid
    if not any(names):
        return (NO_MASKS,) * pages
    return tuple(Masks(mask, valid) for mask, valid in _read(names, key, pages, folder))


def _read(
    names: tuple[str, str], key: str, pages: int, folder: Path
) -> list[tuple[Weights | None, Flags | None]]:
    """Read a mask and which pixels count, for each page; None for what has no name."""
    none: tuple[None, ...] = (None,) * pages
    mask, valid = (
        _weights(find_mask(name, key, folder), pages) if name else none for name in names
    )
    return [
        (weights, None if counts is None else counts > 0)
        for weights, counts in zip(mask, valid, strict=True)
    ]


def _weights(place: Place, pages: int) -> tuple[Weights, ...]:
    if isinstance(place, Url):
        found = _decoded(place)
    else:
        try:
            stamp = place.stat()
        except OSError as error:
            raise ImageReadError(f"mask {place}: {error.strerror or error}") from None
        found = _known_file(str(place), stamp.st_mtime_ns, stamp.st_size)
    if len(found) not in (1, pages):
        raise ArgumentError(
            f"{place} has {len(found)} pages and the picture {pages}",
            hint="a mask has one page, or one for each page of the picture",
        )
    return found * (pages // len(found))


@lru_cache(maxsize=2)  # the pictures of a folder may share one
def _known_file(path: str, changed: int, size: int) -> tuple[Weights, ...]:
    del changed, size
    return _decoded(Path(path))


def _decoded(place: Place) -> tuple[Weights, ...]:
    from imgconv.ops.regions.weights import mask_weights

    picture = decode_picture(read_file(place), str(place))
    return tuple(mask_weights(page, str(place)) for page in picture.pages)


def masks_given(given: Mapping[str, object]) -> tuple[dict[str, object], Masks]:
    """Part options of a recipe, some of which are arrays, from these.

    Returns
    -------
    (dict, Masks)
        Options that a recipe can hold, and the pictures.

    Raises
    ------
    ArgumentError
        For an array that is no mask.
    """
    options = dict(given)
    arrays = {}
    for name in ("mask", "valid"):
        picture = options.get(name)
        if picture is not None and not isinstance(picture, str | os.PathLike):
            from imgconv.ops.regions.weights import mask_weights

            options[name] = ARRAY
            arrays[name] = mask_weights(np.asarray(picture), name)
    if not arrays:
        return options, NO_MASKS
    valid = arrays.get("valid")
    return options, Masks(arrays.get("mask"), None if valid is None else valid > 0)


def beside(recipe: Recipe, given: Masks) -> Masks:
    """Return the pictures that were given as arrays, and the others that a recipe names, read."""
    names = (
        recipe.selection.mask if given.mask is None else "",
        recipe.nodata.valid if given.valid is None else "",
    )
    ((mask, valid),) = _read(names, "", 1, Path())
    if given is NO_MASKS and mask is None and valid is None:
        return given
    return Masks(mask if given.mask is None else given.mask,
                 valid if given.valid is None else given.valid)  # fmt: skip


def key_of(source: Place | str) -> str:
    """Return the key of a picture that is no part of a folder: its name."""
    return source.name if isinstance(source, Path | Url) else PurePath(os.fspath(source)).name
