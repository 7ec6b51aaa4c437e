"""TIFF and BigTIFF by rows, tiled or in strips: read sample by sample, written by tifffile."""

from __future__ import annotations

import contextlib
import math
import mmap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from imgconv.io.images.blocks import rechunked
from imgconv.io.images.formats.tiff import segments
from imgconv.io.images.formats.tiff.encoding import branch_apart
from imgconv.io.images.formats.tiff.header import NODATA, notes_of, one_page
from imgconv.io.images.formats.tiff.layouts import (
    BLACK,
    RGB,
    WHITE,
    YCBCR,
    is_by_libtiff,
    is_by_samples,
    layout_of,
)
from imgconv.io.images.formats.tiff.samples import StoredPage
from imgconv.io.images.header import DamagedError, NotSupportedError
from imgconv.io.images.picture import Metadata
from imgconv.io.images.shared.alpha import divided
from imgconv.io.images.shared.ifd import BrokenError
from imgconv.io.tiled.base import Image, TileLayout
from imgconv.model.errors import ImageReadError

_XMP, _SOFTWARE = 700, 305
_STRIP_BYTES = 1 << 18
_CLASSIC_BYTES = 3_900_000_000  # beyond that, offsets need BigTIFF


class UnknownTiffError(Exception):
    """A page that is not read by rows here; `alike` is whether libvips gives the same pixels."""

    def __init__(self, *, alike: bool) -> None:
        super().__init__("not read by rows")
        self.alike = alike


class TiffReader:
    """A page of a TIFF file (see `imgconv.io.tiled.base.HugeReader`).

    Parameters
    ----------
    path : path
    threads : int
        How many tiles are decoded at a time.
    page : int, optional
        Counted from 1; default the only one.
    salvage : bool
        Whether a damaged tile or strip is black, and is noted, rather than refused.

    Raises
    ------
    ImageReadError
        When it is damaged.
    NotSupportedError
        When its layout is not read.
    UnknownTiffError
        When it is of a kind that is read as a whole, or one of several pages.
    """

    def __init__(
        self, path: Path, threads: int = 1, *, page: int | None = None, salvage: bool = False
    ) -> None:
        self._salvage, self._lost = salvage, dict[int, str]()
        self._name = str(path)
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise ImageReadError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        try:
            self._open(page)
        except (BrokenError, DamagedError) as error:
            self._data.close()
            raise ImageReadError(f"{path}: the tiff header is damaged ({error})") from None
        except Exception:
            self._data.close()
            raise
        self._pool = ThreadPoolExecutor(threads)

    def _open(self, number: int | None) -> None:
        found = one_page(self._data, number or 1)
        if found.header.unread is not None:
            where = f" (page {number or 1})" if found.several else ""
            raise NotSupportedError(f"{found.header.unread}{where}")
        layout = layout_of(found.file, found.directory)
        if found.several and number is None:
            raise UnknownTiffError(alike=False)
        if found.header.orientation != 1 or not is_by_samples(layout):
            plain = is_by_libtiff(layout) and layout.photometric in (WHITE, BLACK, RGB, YCBCR)
            alike = plain and layout.samples in (1, 3) and (number or 1) == 1
            raise UnknownTiffError(alike=alike)
        self._page = StoredPage(found.file, found.directory, layout)
        self.shape, self.dtype = self._page.shape, self._page.dtype
        if self.shape[0] < 1 or self.shape[1] < 1:
            raise DamagedError(f"its size is {self.shape[1]} x {self.shape[0]}")
        self._premultiplied = found.header.premultiplied
        self.metadata = found.metadata._replace(exif=None)
        plain = layout.compression == segments.NONE
        self.together = 1 if plain else self._page.grid.rows
        if self._word == "tile":
            tile = self._page.grid.rows, self._page.grid.columns
            self.layout = TileLayout(tile, not plain, layout.bands)
        else:
            self.layout = (
                TileLayout(None, False, layout.bands) if plain else TileLayout(bands=layout.bands)
            )
        self._said = notes_of([found.header])
        told = branch_apart(found.metadata.exif)
        if told.under or told.tags.keys() - {_SOFTWARE}:
            self._said = (*self._said, "tiff: EXIF is not kept by rows")

    def read(self, start: int, stop: int) -> Image:
        """Return rows `start` to `stop` (see `imgconv.io.tiled.base.HugeReader`)."""
        stored = self._page.blank(stop - start)
        indices = self._page.indices(start, stop)
        list(self._pool.map(lambda index: self._place(index, start, stored), indices))
        if hasattr(mmap, "MADV_DONTNEED"):  # pages that were read count as memory of the process
            self._data.madvise(mmap.MADV_DONTNEED)
        pixels = self._page.meant(stored)
        return divided(pixels) if self._premultiplied else pixels

    def close(self) -> None:
        """Let go of the file."""
        self._pool.shutdown()
        self._data.close()

    def _place(self, index: int, start: int, stored: Image) -> None:
        try:
            self._page.place(index, start, stored)
        except ValueError as error:
            if self._salvage:
                self._lost[index] = str(error)
                with contextlib.suppress(ValueError):
                    self._page.place(index, start, stored, strict=False)
                return
            what = f"{self._word} {index}: {error}"
            raise ImageReadError(
                f"{self._name}: the tiff data is damaged or cut short ({what})",
                "--salvage writes what can be decoded",
            ) from None

    @property
    def _word(self) -> str:
        return self._page.held.word

    def notes(self) -> tuple[str, ...]:
        """Return what is converted, and what was missing or damaged of what was read so far."""
        if not self._lost:
            return self._said
        index = min(self._lost)
        verb = "are" if len(self._lost) > 1 else "is"
        many = f"{len(self._lost)} of {self._page.held.needed} {self._word}s {verb}"
        what = f"{self._word} {index}: {self._lost[index]}"
        return (*self._said, f"{self._name} is damaged ({many} missing or damaged; {what})")


def write_tiff(
    file: BinaryIO,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    bands: Iterator[Image],
    *,
    layout: TileLayout,
    metadata: Metadata,
    threads: int = 1,
) -> None:
    """Write a picture from its bands.

    Parameters
    ----------
    file : binary file
        Open for reading and writing.
    shape : tuple of int
    dtype : dtype
    bands : iterator of ndarray
        Full rows, from top to bottom.
    layout : TileLayout
        Strips are not compressed.
    metadata : Metadata
        But for EXIF.
    threads : int
        How many tiles are compressed at a time.
    """
    import tifffile

    row_bytes = math.prod(shape[1:]) * dtype.itemsize
    strip = max(1, min(_STRIP_BYTES // row_bytes, shape[0]))
    chunks: Iterator[Any] = _tiles(bands, layout.tile) if layout.tile else rechunked(bands, strip)
    settings: dict[str, Any] = {"tile": layout.tile} if layout.tile else {"rowsperstrip": strip}
    if layout.deflate and layout.tile:
        settings |= {"compression": "zlib", "predictor": dtype.kind != "f", "maxworkers": threads}
        settings |= {"buffersize": 8 << 20}
    else:
        chunks = (_plain(chunk, layout.tile) for chunk in chunks)
    channels = shape[2] if len(shape) == 3 else 1
    coloured = channels in (3, 4) and not layout.bands
    settings["photometric"] = "rgb" if coloured else "minisblack"
    if channels > 1:
        meaning = "unassalpha" if channels in (2, 4) and not layout.bands else "unspecified"
        settings["extrasamples"] = (meaning,) * (channels - (3 if coloured else 1))
        settings["planarconfig"] = "contig"
    if metadata.resolution is not None:
        across, down = (side.limit_denominator(1 << 16) for side in metadata.resolution)
        settings |= {"resolution": (across.as_integer_ratio(), down.as_integer_ratio())}
        settings |= {"resolutionunit": 2}
    tags: list[Any] = []
    if metadata.xmp is not None:
        tags.append((_XMP, 1, len(metadata.xmp), metadata.xmp, True))
    if metadata.nodata:
        tags.append((NODATA, 2, len(metadata.nodata) + 1, metadata.nodata.decode(), True))
    for tag, (kind, count, raw) in branch_apart(metadata.places).tags.items():
        tags.append((tag, kind, count, raw, True))
    settings |= {"extratags": tags} if tags else {}
    settings |= {"iccprofile": metadata.icc}
    big = row_bytes * shape[0] > _CLASSIC_BYTES
    with tifffile.TiffWriter(file, bigtiff=big) as writer:
        writer.write(chunks, shape=shape, dtype=dtype, metadata=None, software=False, **settings)


def _tiles(bands: Iterator[Image], tile: tuple[int, int]) -> Iterator[Image]:
    for band in rechunked(bands, tile[0]):
        for left in range(0, band.shape[1], tile[1]):
            yield band[:, left : left + tile[1]]


def _plain(chunk: Image, tile: tuple[int, int] | None) -> bytes:
    """Return the bytes of a tile, filled up at the edges of the picture, or of a strip."""
    if tile is not None and chunk.shape[:2] != tile:
        missing = [(0, full - there) for full, there in zip(tile, chunk.shape, strict=False)]
        chunk = np.pad(chunk, [*missing, (0, 0)][: chunk.ndim])
    return chunk.tobytes()
