"""Filter pictures of a stream one by one as they arrive: memory holds one at a time."""

from __future__ import annotations

from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

from imgconv.io.images.decode import read_stream
from imgconv.io.images.formats import Format, is_pnm, sniff
from imgconv.io.images.picture import Encoding, Reading, check_encoding
from imgconv.io.images.picture_stream import Begun, pictures
from imgconv.io.storage import files
from imgconv.jobs.apply.filter_file import filter_bytes
from imgconv.jobs.apply.row import Row
from imgconv.model.errors import ImageReadError
from imgconv.model.recipe import Recipe

_MOST_NOTES = 50


def goes_by_frames(recipe: Recipe, reading: Reading) -> bool:
    """Return whether pictures of a stream may be filtered one by one.

    A mask may have a page for each picture, so that their number has to be known.
    """
    masked = recipe.selection.mask or recipe.nodata.valid
    return reading.page is None and not masked


def filter_frames(
    stream: BinaryIO | FileIO,
    recipe: Recipe,
    kind: Format,
    write: Callable[[bytes], object],
    *,
    source: str,
    target: str,
    threads: int | None = None,
    reading: Reading,
    encoding: Encoding,
) -> Row:
    """Filter each picture of a stream and write it before the next is read.

    Parameters
    ----------
    stream : binary stream
        What is of another format than PNM is read to its end.
    recipe : Recipe
    kind : Format
        Of the result, one of PNM's.
    write : callable
        Is given the bytes of each result.
    source, target : str
        For messages and the row.
    threads : int, optional
    reading : Reading
        Its bound of pixels is that of each picture.
    encoding : Encoding

    Raises
    ------
    ImageReadError, ImageWriteError, ArgumentError, LimitError
        As `filter_bytes` does; the pictures before are written.
    """
    begun = Begun(stream, source)
    how: dict[str, Any] = {"threads": threads, "reading": reading, "encoding": encoding}
    how |= {"recipe": recipe, "kind": kind, "target": target, "key": source}
    if not is_pnm(sniff(begun.head)):
        result, row = filter_bytes(read_stream(begun, source, reading), source=source, plan=True,
                                   **how)  # fmt: skip
        write(result)
        return row
    first: Row | None = None
    seconds, clipped, count = 0.0, 0.0, 0
    notes: dict[str, None] = {}
    for data in pictures(begun, source, reading):
        name = f"{source}: picture {count + 1}" if count else source
        try:
            result, row = filter_bytes(data, source=name, plan=first is None, **how)
        except ImageReadError as error:
            if first is None or not reading.salvage:
                raise
            notes[f"{error}; the {count} before it are taken"] = None
            break
        write(result)
        first, count = first or row, count + 1
        seconds, clipped = seconds + row.seconds, max(clipped, row.clipped_share)
        notes |= dict.fromkeys(row.notes if len(notes) < _MOST_NOTES else ())
    assert first is not None  # a stream with a mark has a picture, or an error was raised
    return first._replace(pages=count, seconds=seconds, clipped_share=clipped, notes=tuple(notes))


def filter_file_by_frames(
    source: Path,
    target: Path,
    recipe: Recipe,
    kind: Format,
    *,
    overwrite: bool = False,
    in_place: bool = False,
    threads: int | None = None,
    reading: Reading,
    encoding: Encoding,
) -> Row:
    """Filter the pictures of a file into another, which appears whole or not at all.

    Parameters
    ----------
    source, target, recipe, kind, overwrite, in_place, threads, reading, encoding
        As for `imgconv.jobs.apply.filter_file.filter_file`.

    Raises
    ------
    ImageReadError, ImageWriteError, ArgumentError, LimitError
        When it cannot be read, written or filtered.
    """
    check_encoding(encoding)
    files.check_target(target, overwrite=overwrite, source=source, in_place=in_place)
    how: dict[str, Any] = {"threads": threads, "reading": reading, "encoding": encoding}
    try:
        stream = source.open("rb", buffering=0)
    except OSError as error:
        raise ImageReadError(f"{source}: {files.reason(error)}") from None
    with stream, files.open_whole(target, overwrite=overwrite or in_place) as result:
        return filter_frames(
            stream, recipe, kind, result.write, source=str(source), target=str(target), **how
        )
