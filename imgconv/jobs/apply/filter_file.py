"""Filter one file: the unit of work of every command that writes pictures."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from imgconv.engines.select import select_engine
from imgconv.io.images.decode import decode_picture, read_file
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import Format
from imgconv.io.images.header import Header
from imgconv.io.images.masks import key_of, read_masks
from imgconv.io.images.picture import Encoding, Picture, Reading, check_encoding
from imgconv.io.storage import files
from imgconv.io.storage.locations import Place
from imgconv.jobs.apply import rows
from imgconv.jobs.apply.light import about_light
from imgconv.jobs.apply.nodata import nodata_of
from imgconv.jobs.apply.row import Row, plans
from imgconv.model.alpha import Alpha
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.ops.pipeline.run import run_recipe
from imgconv.system.cpus import usable_cpus

_READING, _ENCODING = Reading(), Encoding()


def filter_bytes(
    data: bytes,
    recipe: Recipe,
    kind: Format,
    *,
    source: str,
    target: str,
    threads: int | None = None,
    reading: Reading = _READING,
    encoding: Encoding = _ENCODING,
    header: Header | None = None,
    plan: bool = False,
    key: str | None = None,
) -> tuple[bytes, Row]:
    """Decode an image, run a recipe on each of its pages and encode the result.

    Parameters
    ----------
    data : bytes
    recipe : Recipe
    kind : Format
        Of the result.
    source, target : str
        For messages and the row.
    threads : int, optional
    reading : Reading, optional
    encoding : Encoding, optional
    header : Header, optional
        Of `data`, where it was read before.
    plan : bool, default False
        Whether the row names the engine's paths.
    key : str, optional
        Path of the picture under its source, by which a folder of masks has its mask; default the
        name of the source.
    """
    started = time.perf_counter()
    picture = decode_picture(data, source, reading, recipe.settings.depth, header)
    how: dict[str, Any] = {"encoding": encoding, "plan": plan, "key": key, "started": started}
    return filter_picture(
        picture, recipe, kind, source=source, target=target, threads=threads, **how
    )


def filter_picture(
    picture: Picture,
    recipe: Recipe,
    kind: Format,
    *,
    source: str,
    target: str,
    threads: int | None = None,
    encoding: Encoding = _ENCODING,
    plan: bool = False,
    key: str | None = None,
    started: float,
) -> tuple[bytes, Row]:
    """Run a recipe on each page of a picture and encode the result (see `filter_bytes`).

    `started` is when the work on the picture began, by ``time.perf_counter``.
    """
    recipe, nodata, said = nodata_of(recipe, picture.metadata.nodata, source)
    if picture.bands:
        recipe = replace(recipe, alpha=Alpha.FILTER)
    masks = read_masks(recipe, key_of(source) if key is None else key, len(picture.pages))
    outcomes = [
        run_recipe(page, recipe, threads=threads, masks=beside)
        for page, beside in zip(picture.pages, masks, strict=True)
    ]
    first = outcomes[0]
    light = about_light(recipe, picture.metadata.icc)
    metadata, moved = picture.metadata.of_shape(picture.pages[0].shape, first.image.shape)
    filtered = picture._replace(
        pages=tuple(outcome.image for outcome in outcomes),
        metadata=metadata._replace(nodata=nodata),
    )
    encoded, kept = encode_picture(filtered, kind, target, encoding, threads or usable_cpus())
    row = Row(
        source=source,
        target=target,
        shape=first.image.shape,
        depth=Depth.of(first.image.dtype).value,
        clipped_share=max(outcome.clipped_share for outcome in outcomes),
        threshold=first.threshold,
        engine=select_engine().name,
        seconds=time.perf_counter() - started,
        notes=(*picture.notes, *said, *light, *first.notes, *moved, *kept),
        pages=len(outcomes),
        plan=plans(picture.pages[0].shape, picture.pages[0].dtype, recipe) if plan else (),
    )
    return encoded, row


def filter_file(
    source: Place,
    target: Place,
    recipe: Recipe,
    kind: Format,
    *,
    overwrite: bool = False,
    in_place: bool = False,
    threads: int | None = None,
    reading: Reading = _READING,
    encoding: Encoding = _ENCODING,
) -> Row:
    """Filter one file into another, which appears whole or not at all.

    Parameters
    ----------
    source, target : Path or Url
    recipe : Recipe
    kind : Format
        Of the target.
    overwrite, in_place : bool
        Whether a target that is there, or that is the source, is replaced.
    threads : int, optional
    reading : Reading, optional
        Bounds, page and salvaging.
    encoding : Encoding, optional
        Quality, compression and the like.

    Raises
    ------
    ImageReadError, ImageWriteError, ArgumentError, LimitError
        When it cannot be read, written or filtered.
    """
    check_encoding(encoding)
    files.check_target(target, overwrite=overwrite, source=source, in_place=in_place)
    started = time.perf_counter()
    how: dict[str, Any] = {"target": target, "threads": threads}
    how |= {"encoding": encoding, "overwrite": overwrite or in_place, "started": started}
    by_rows = kind.blocks and isinstance(target, Path) and rows.can_stream(recipe)
    if by_rows and isinstance(source, Path):
        row = rows.filter_png(source, recipe, kind, reading=reading, **how)
        if row is not None:
            return row
    picture = decode_picture(
        read_file(source, reading), str(source), reading, recipe.settings.depth
    )
    if by_rows:
        row = rows.filter_held(picture, recipe, kind, source=source, **how)
        if row is not None:
            return row
    encoded, row = filter_picture(
        picture,
        recipe,
        kind,
        source=str(source),
        target=str(target),
        threads=threads,
        encoding=encoding,
        plan=True,
        started=started,
    )
    files.write_whole(target, encoded, overwrite=overwrite or in_place)
    return row
