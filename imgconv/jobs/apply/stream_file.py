"""Filter a file that does not fit in memory: the twin of `filter_file`, band by band."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from imgconv.io.images.image_files import read_image
from imgconv.io.images.picture import Metadata
from imgconv.io.storage import files
from imgconv.io.tiled.base import HeldReader, HugeReader
from imgconv.io.tiled.choice import (
    check_writable,
    is_foreign,
    open_reader,
    salvaged,
    write_bands,
)
from imgconv.io.tiled.masks import open_masks
from imgconv.io.tiled.quick_size import MOST_PACKED, is_zarr
from imgconv.jobs.apply.bands import bands_within, whole_bytes
from imgconv.jobs.apply.light import about_light
from imgconv.jobs.apply.nodata import nodata_of
from imgconv.jobs.apply.prefetch import ReadAhead, ahead
from imgconv.jobs.apply.row import Row, row_of_stream
from imgconv.model.alpha import Alpha
from imgconv.model.errors import ImageReadError, LimitError
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.ops.pipeline.bands import Stream
from imgconv.ops.regions.hole_rows import FlagRows
from imgconv.ops.regions.weights import MaskRows
from imgconv.system import memory
from imgconv.system.cpus import usable_cpus


def filter_in_bands(
    source: Path,
    target: Path,
    recipe: Recipe,
    *,
    limit: int,
    most_pixels: int | None = None,
    page: int | None = None,
    salvage: bool = False,
    threads: int | None = None,
    **writing: Any,
) -> Row | None:
    """Filter a file that memory does not hold, or that OpenCV does not read or write.

    Returns
    -------
    Row or None
        None, and nothing done, for a file that is better filtered as a whole.
    """
    how: dict[str, Any] = {"threads": threads or usable_cpus(), "salvage": salvage, "page": page}
    reader = open_reader(source, limit=limit, **how)
    if reader is not None:
        with contextlib.closing(reader):
            many = most_pixels is not None and math.prod(reader.shape[:2]) > most_pixels
            if many:
                _check_size_of_file(reader, source, most_pixels or 0)
            if many or is_foreign(source) or whole_bytes(reader, recipe) > limit - memory.used():
                return stream_file(
                    reader, source, target, recipe, limit=limit, threads=threads, **writing
                )
    if not is_zarr(target):
        return None
    held = HeldReader(read_image(source, depth=recipe.settings.depth))
    return stream_file(held, source, target, recipe, limit=limit, threads=threads, **writing)


def _check_size_of_file(reader: HugeReader, source: Path, most: int) -> None:
    """Refuse a header that promises more pixels than a file of this size can hold."""
    if not source.is_file():
        return
    rows, columns = reader.shape[:2]
    held = source.stat().st_size * MOST_PACKED
    if math.prod(reader.shape) * np.dtype(reader.dtype).itemsize > held:
        raise LimitError(
            f"{source}: {rows} x {columns} pixels; the limit is {most}",
            hint=f"the file is too small for them; --max-pixels {rows * columns} reads it all the "
            "same",
        )


def stream_file(
    reader: HugeReader,
    source: Path,
    target: Path,
    recipe: Recipe,
    *,
    limit: int,
    threads: int | None = None,
    **writing: Any,
) -> Row:
    """Filter what a reader reads into a file or folder, which appears whole or not at all.

    Decoding, filtering and writing run side by side, each in a thread of its own.
    """
    cpus = threads or usable_cpus()
    recipe, nodata, notes = nodata_of(recipe, reader.metadata.nodata, str(source))
    with open_masks(recipe, source, reader.shape, limit=limit, threads=cpus) as masks:
        row = _streamed(
            reader, source, target, recipe, masks, nodata, limit=limit, threads=threads, **writing
        )
    light = about_light(recipe, reader.metadata.icc)
    return row._replace(notes=(*notes, *light, *row.notes))


def _streamed(
    reader: HugeReader,
    source: Path,
    target: Path,
    recipe: Recipe,
    masks: tuple[MaskRows | None, FlagRows | None],
    nodata: bytes | None,
    *,
    limit: int,
    format: str | None = None,
    overwrite: bool = False,
    in_place: bool = False,
    threads: int | None = None,
    strip: bool = False,
) -> Row:
    """Filter what a reader reads, beside its mask (see `stream_file`)."""
    started = time.perf_counter()
    _check_depth(reader, source, recipe)
    files.check_target(
        target, overwrite=overwrite, source=source, in_place=in_place, folder=is_zarr(target)
    )
    if reader.layout.bands:
        recipe = replace(recipe, alpha=Alpha.FILTER)
    if target.suffix.lower() in (".tif", ".tiff"):
        import tifffile  # noqa: F401 - what the writer loads is a part of the memory in use
    height, step = bands_within(reader, recipe, limit=limit, used=memory.used())
    with contextlib.ExitStack() as held:
        held.callback(reader.close)
        opened = held.enter_context(_passes(reader, step))
        stream = Stream(
            opened, recipe, height=height, threads=threads, mask=masks[0], valid=masks[1]
        )
        channels = stream.shape[2] if len(stream.shape) == 3 else 1
        check_writable(target, format, stream.depth, channels, bands=reader.layout.bands)
        kept, moved = _kept(reader, stream.shape, target, strip=strip)
        bands = held.enter_context(contextlib.closing(ahead(stream.bands())))
        write_bands(
            target,
            format,
            stream.shape,
            stream.dtype,
            bands,
            layout=reader.layout,
            metadata=kept.fitting(channels)._replace(nodata=nodata),
            threads=threads or usable_cpus(),
            overwrite=overwrite or in_place,
            written=held.close,
        )
    notes = (*salvaged(reader), *stream.notes, *moved)
    return row_of_stream(stream, source, target, started=started, notes=notes)


def _kept(
    reader: HugeReader, shape: tuple[int, ...], target: Path, *, strip: bool
) -> tuple[Metadata, tuple[str, ...]]:
    """Return what the output keeps beside its pixels, and notes on what it loses."""
    kept, moved = reader.metadata.of_shape(reader.shape, shape)
    if strip:
        return Metadata(), moved
    if kept.places and target.suffix.lower() not in (".tif", ".tiff"):
        moved = (f"{target.suffix[1:]} does not keep the geographic tags",)
    return kept, moved


def _check_depth(reader: HugeReader, source: Path, recipe: Recipe) -> None:
    if reader.dtype == "float64" and recipe.settings.depth is not Depth.F32:
        raise ImageReadError(
            f"{source}: its pixels are float64; uint8, uint16, int16 and float32 are read",
            "--depth f32 reads it as float32",
        )


@contextlib.contextmanager
def _passes(reader: HugeReader, step: int) -> Iterator[Callable[[], ReadAhead]]:
    """Open as many passes over a picture as are asked for, and close them all."""
    with contextlib.ExitStack() as passes:
        yield lambda: passes.enter_context(contextlib.closing(ReadAhead(reader, step)))
