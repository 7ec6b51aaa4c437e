"""What a file says of values that do not count: the tag of GDAL, read and written."""

from __future__ import annotations

from dataclasses import replace

from imgconv.model.errors import ArgumentError
from imgconv.model.nodata import TAG, parse_nodata
from imgconv.model.recipe import Recipe


def nodata_of(
    recipe: Recipe, tag: bytes | None, name: str
) -> tuple[Recipe, bytes | None, tuple[str, ...]]:
    """Return a recipe for one file, the tag of its output, and notes.

    Parameters
    ----------
    recipe : Recipe
    tag : bytes, optional
        What the file says in GDAL's tag.
    name : str
        Of the file, for messages.

    Raises
    ------
    ArgumentError
        When the recipe goes by the tag, and there is none, or it is no value.
    """
    value = recipe.nodata.value
    said = None if tag is None else tag.split(b"\0")[0].decode("ascii", "replace").strip()
    if value == TAG:
        if not said:
            raise ArgumentError(
                f"{name} has no tag that says which value means no data",
                hint="give the value: --nodata -9999",
            )
        value = parse_nodata(said)
        recipe = replace(recipe, nodata=replace(recipe.nodata, value=value))
    if value:
        return recipe, value.encode(), ()
    if not said:
        return recipe, None, ()
    note = f"tiff: {said} means no data there, and counts here; --nodata tag leaves it out"
    return recipe, None, (note,)
