"""Filter one file of any size: as a whole where it fits in memory, else in bands of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from imgconv.io.formats import format_for
from imgconv.io.huge.glance import is_surely_small, is_zarr
from imgconv.jobs import memory
from imgconv.jobs.filter_file import Row, filter_file
from imgconv.model.recipe import Recipe


def filter_path(
    source: Path,
    target: Path,
    recipe: Recipe,
    *,
    format: str | None = None,
    max_memory: int | None = None,
    overwrite: bool = False,
    in_place: bool = False,
    threads: int | None = None,
) -> Row:
    """Filter one file into another, in bands of rows where it does not fit in memory.

    Parameters
    ----------
    source, target : path
        Image files, or OME-Zarr folders.
    recipe : Recipe
    format : str, optional
        Of the target, where its suffix does not say it.
    max_memory : int, optional
        Bytes that the process may use; default half of what is free.
    overwrite, in_place : bool
    threads : int, optional

    Raises
    ------
    ImageReadError, ImageWriteError, ArgumentError
        When it cannot be read, written or filtered.
    LimitError
        When not even a band fits, or a step needs the whole image.
    MissingDependencyError
        When the format needs the extra ``huge``.
    """
    limit = memory.default_limit() if max_memory is None else max_memory
    writing: dict[str, Any] = {"overwrite": overwrite, "in_place": in_place, "threads": threads}
    if is_zarr(target) or not is_surely_small(source, limit):
        from imgconv.jobs.stream_file import filter_in_bands

        if row := filter_in_bands(source, target, recipe, limit=limit, format=format, **writing):
            return row
    return filter_file(source, target, recipe, format_for(format, target), **writing)
