"""Filter one picture of some megapixels: decoded, filtered and encoded side by side, by rows."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgconv.io.images import limits
from imgconv.io.images.blocks import encoded_blocks
from imgconv.io.images.encode import begin_encoding
from imgconv.io.images.formats import Format
from imgconv.io.images.picture import Encoding, Image, Picture, Reading
from imgconv.io.storage import files
from imgconv.io.storage.locations import Place
from imgconv.io.tiled.base import HeldReader
from imgconv.io.tiled.quick_size import MOST_PACKED
from imgconv.jobs.apply.light import about_light
from imgconv.jobs.apply.row import Row, plans, row_of_stream
from imgconv.model.border import Border
from imgconv.model.errors import LimitError
from imgconv.model.recipe import Recipe
from imgconv.model.steps.base import Reach
from imgconv.system.cpus import usable_cpus

if TYPE_CHECKING:
    from imgconv.io.images.formats.png.rows import PngRows
    from imgconv.ops.pipeline.bands import Stream
    from imgconv.ops.pipeline.lazy_rows import Source

_FEWEST_BYTES = 4 << 20  # of pixels: below, threads and bands cost what they gain
_BAND_BYTES = 1 << 20
_FEWEST_ROWS = 64
_FARTHEST = 32  # rows that all windows together reach: more are read again and again


def can_stream(recipe: Recipe) -> bool:
    """Return whether a recipe may work on bands: it has steps of pixels and windows alone."""
    plain = recipe.everywhere is recipe and not recipe.has_holes
    return (
        plain
        and recipe.settings.border is not Border.WRAP
        and all(step.reach is not Reach.WHOLE for step in recipe.steps)
    )


def filter_png(
    source: Path,
    recipe: Recipe,
    kind: Format,
    *,
    reading: Reading,
    threads: int | None,
    **writing: Any,
) -> Row | None:
    """Filter a PNG without ever holding all of it; None, and nothing done, where that cannot be.

    Whatever is wrong with the file is left to who decodes it as a whole.
    """
    if reading.page is not None or not _is_large(source):
        return None
    from imgconv.io.images.formats.png.rows import PngRows, UnusualError, open_rows

    opened = open_rows(source)
    if opened is None:
        return None
    file, header = opened
    with file:
        if header.orientation != 1 or header.pixels * header.channels < _FEWEST_BYTES:
            return None
        limits.check(header, reading, str(source))
        reader = PngRows(file, header)
        about = Picture((), header.metadata, notes=header.notes)
        try:
            with _ahead_of(reader, threads) as rows:
                how: dict[str, Any] = {"source": source, "threads": threads, **writing}
                return _streamed(rows, about, recipe, kind, written=file.close, **how)
        except UnusualError:
            return None


@contextlib.contextmanager
def _ahead_of(reader: PngRows, threads: int | None) -> Iterator[Source]:
    """Return rows that are decoded while those before them are filtered and encoded."""
    if _cpus(threads) == 1:
        yield reader
        return
    from imgconv.io.images.formats.png.rows import UnfilteredRows
    from imgconv.jobs.apply.prefetch import ReadAhead, ahead

    step, height = _height(reader), reader.shape[0]
    spans = (min(step, height - start) for start in range(0, height, step))
    with (
        contextlib.closing(ahead(map(reader.inflated, spans))) as lines,
        contextlib.closing(ReadAhead(UnfilteredRows(reader, lines), step)) as rows,
    ):
        yield rows


def filter_held(picture: Picture, recipe: Recipe, kind: Format, **writing: Any) -> Row | None:
    """Filter a picture that is decoded already; None, and nothing done, for a small one."""
    (page, *others) = picture.pages
    if others or picture.bands or picture.metadata.nodata or page.nbytes < _FEWEST_BYTES:
        return None
    return _streamed(HeldReader(page), picture, recipe, kind, **writing)


def _is_large(source: Path) -> bool:
    """Return whether a file may be a PNG of some megapixels."""
    try:
        if not source.is_file() or source.stat().st_size < _FEWEST_BYTES // MOST_PACKED:
            return False
        with source.open("rb") as file:
            head = file.read(24)
    except OSError:
        return False
    width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    return head.startswith(b"\x89PNG") and 4 * width * height >= _FEWEST_BYTES


def _height(source: Source) -> int:
    return max(_FEWEST_ROWS, _BAND_BYTES // (math.prod(source.shape[1:]) * source.dtype.itemsize))


def _stream(source: Source, recipe: Recipe, threads: int | None) -> Stream | None:
    """Return a recipe on rows; None where it is better done on the whole picture."""
    from imgconv.ops.pipeline.bands import Stream
    from imgconv.ops.pipeline.lazy_rows import WindowRows

    try:
        stream = Stream(lambda: source, recipe, height=_height(source), threads=threads)
    except LimitError:  # a step needs the whole image
        return None
    reach = sum(rows.reach - 1 for rows in stream.chain if isinstance(rows, WindowRows))
    return stream if stream.passes == 1 and reach <= _FARTHEST else None


@contextlib.contextmanager
def _bands(stream: Stream, cpus: int) -> Iterator[Iterator[Image]]:
    """Return the output, made while the rows before are encoded."""
    if cpus == 1:
        yield stream.bands()
        return
    from imgconv.jobs.apply.prefetch import ahead

    with contextlib.closing(ahead(stream.bands())) as bands:
        yield bands


def _cpus(threads: int | None) -> int:
    return threads or usable_cpus()


def _streamed(
    source_rows: Source,
    about: Picture,
    recipe: Recipe,
    kind: Format,
    *,
    source: Place,
    target: Path,
    threads: int | None,
    encoding: Encoding,
    overwrite: bool,
    started: float,
    written: Callable[[], object] | None = None,
) -> Row | None:
    """Filter rows into a file, which appears whole or not at all, with what is said about them.

    `written` is called when nothing more is read, before the file takes its name: some systems
    rename nothing to the name of a file that is open.
    """
    stream = _stream(source_rows, recipe, threads)
    if stream is None:
        return None
    shape, cpus = stream.shape, _cpus(threads)
    metadata, moved = about.metadata.of_shape(source_rows.shape, shape)
    begun = begin_encoding(
        shape, stream.dtype, about._replace(metadata=metadata), kind, str(target), encoding
    )
    if begun is None:
        return None
    encoder, kept = begun
    stream.height = encoder.height * max(1, round(stream.height / encoder.height))  # as it is cut
    with (
        _bands(stream, cpus) as bands,
        files.open_whole(target, overwrite=overwrite) as file,
    ):
        for piece in encoded_blocks(encoder, bands, cpus):
            file.write(piece)
        if written is not None:
            written()
    light = about_light(recipe, about.metadata.icc)
    return row_of_stream(
        stream,
        source,
        target,
        started=started,
        notes=(*about.notes, *light, *stream.notes, *moved, *kept),
        plan=plans(source_rows.shape, source_rows.dtype, recipe),
    )
