"""Filter one file: the unit of work of every command that writes pictures."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, NamedTuple

from imgconv.engines.select import select_engine
from imgconv.io.images.decode import decode_picture, read_file
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import Format
from imgconv.io.images.header import Header
from imgconv.io.images.masks import key_of, read_masks
from imgconv.io.images.picture import Encoding, Reading, check_encoding
from imgconv.io.storage import files
from imgconv.io.storage.locations import Place
from imgconv.jobs.apply.light import about_light
from imgconv.jobs.apply.nodata import nodata_of
from imgconv.model.alpha import Alpha
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe
from imgconv.ops.image import Image
from imgconv.ops.linear.plans import describe_plans
from imgconv.ops.pipeline.run import run_recipe


class Row(NamedTuple):
    """What happened to one file.

    Attributes
    ----------
    source, target : str
    shape : tuple of int
        Of the output: rows, columns and, for colour, channels.
    depth : str
    clipped_share : float
        Share of the output's values that were clamped to the range of their type.
    threshold : float, optional
    engine : str
    seconds : float
        For reading, filtering and writing.
    notes : tuple of str
        What fusing did, and what was converted, lost or salvaged.
    pages : int
        How many pages or frames there are; shape and depth are those of the first.
    plan : tuple of str
        The engine's path for each kernel, on the first page.
    """

    source: str
    target: str
    shape: tuple[int, ...]
    depth: str
    clipped_share: float
    threshold: float | None
    engine: str
    seconds: float
    notes: tuple[str, ...] = ()
    pages: int = 1
    plan: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return self._asdict()


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
    encoded, kept = encode_picture(filtered, kind, target, encoding)
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
        plan=tuple(_plans(picture.pages[0], recipe)) if plan else (),
    )
    return encoded, row


def _plans(page: Image, recipe: Recipe) -> list[str]:
    """Name the engine's paths for the kernels."""
    return describe_plans(recipe, page.shape, Depth.of(page.dtype)) if recipe.kernels else []


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
    data = read_file(source, reading)
    encoded, row = filter_bytes(
        data,
        recipe,
        kind,
        source=str(source),
        target=str(target),
        threads=threads,
        reading=reading,
        encoding=encoding,
        plan=True,
    )
    files.write_whole(target, encoded, overwrite=overwrite or in_place)
    return row
