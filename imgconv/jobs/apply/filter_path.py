"""Filter one file of any size: as a whole where it fits in memory, else in bands of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from imgconv.io.images.formats import format_for, is_pnm
from imgconv.io.images.picture import Encoding, Reading
from imgconv.io.storage.locations import Place, pure_path
from imgconv.io.tiled.quick_size import is_surely_small, is_zarr
from imgconv.jobs import memory
from imgconv.jobs.apply.filter_file import filter_file
from imgconv.jobs.apply.row import Row
from imgconv.model.recipe import Recipe

_NEVER_SMALL = 48 << 30
_READING, _ENCODING = Reading(), Encoding()


def filter_path(
    source: Place,
    target: Place,
    recipe: Recipe,
    *,
    format: str | None = None,
    max_memory: int | None = None,
    overwrite: bool = False,
    in_place: bool = False,
    threads: int | None = None,
    reading: Reading = _READING,
    encoding: Encoding = _ENCODING,
) -> Row:
    """Filter one file into another, in bands of rows where it does not fit in memory.

    Parameters
    ----------
    source, target : path
        Image files, OME-Zarr folders, or URLs of images, which are read as a whole.
    recipe : Recipe
    format : str, optional
        Of the target, where its suffix does not say it.
    max_memory : int, optional
        Bytes that the process may use; default half of what is free.
    overwrite, in_place : bool
    threads : int, optional
    reading : Reading, optional
        Its bound of pixels is for pictures in memory: what can be read in pieces is filtered in
        bands above it.
    encoding : Encoding, optional
        For pictures that are written as a whole; of bands, only whether metadata is left out.

    Raises
    ------
    ImageReadError, ImageWriteError, ArgumentError
        When it cannot be read, written or filtered.
    LimitError
        When there are more pixels than may be, not even a band fits, or a step needs the whole
        image.
    MissingDependencyError
        When the format needs the extra ``huge``.
    """
    limit = memory.default_limit() if max_memory is None else max_memory
    writing: dict[str, Any] = {"overwrite": overwrite, "in_place": in_place, "threads": threads}
    if isinstance(source, Path) and isinstance(target, Path):
        streaming = {**writing, "strip": encoding.strip}
        row = _in_bands(source, target, recipe, limit, max_memory, reading, format, streaming)
        if row is not None:
            return row
    whole: dict[str, Any] = {"reading": reading, "encoding": encoding}
    kind = format_for(format, pure_path(target))
    if isinstance(source, Path) and isinstance(target, Path) and is_pnm(kind):
        from imgconv.jobs.apply.frames import filter_file_by_frames, goes_by_frames

        if goes_by_frames(recipe, reading):
            return filter_file_by_frames(source, target, recipe, kind, **writing, **whole)
    return filter_file(source, target, recipe, kind, **writing, **whole)


def _in_bands(
    source: Path,
    target: Path,
    recipe: Recipe,
    limit: int,
    max_memory: int | None,
    reading: Reading,
    format: str | None,
    writing: dict[str, Any],
) -> Row | None:
    """Filter in bands what does not fit; None, and nothing done, for what does."""
    # More pixels than are decoded at once are not small, however much memory there is.
    if not is_zarr(target) and is_surely_small(source, min(limit, _NEVER_SMALL)):
        return None
    from imgconv.jobs.apply.stream_file import filter_in_bands

    most = reading.max_pixels if max_memory is None else None
    how: dict[str, Any] = {"limit": limit, "most_pixels": most, "format": format}
    how |= {"salvage": reading.salvage, "page": reading.page}
    return filter_in_bands(source, target, recipe, **how, **writing)
