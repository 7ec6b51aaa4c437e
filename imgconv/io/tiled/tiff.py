"""TIFF and BigTIFF by rows, tiled or in strips, through tifffile."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from imgconv.io.images.formats.tiff import segments
from imgconv.io.images.picture import Metadata
from imgconv.io.tiled.base import Image, Layout, rechunked
from imgconv.model.errors import ImageReadError

_NONE, _PACKBITS, _DEFLATE = 1, 32773, (8, 32946)
KNOWN_DTYPES = ("uint8", "uint16", "int16", "float32", "float64")
_BLACK_IS_ZERO, _RGB = 1, 2
_ICC, _XMP = 34675, 700
_PER_INCH = {2: Fraction(1), 3: Fraction(254, 100)}  # by the unit of a resolution
_STRIP_BYTES = 1 << 18
_CLASSIC_BYTES = 3_900_000_000  # beyond that, offsets need BigTIFF


class TiffReader:
    """The first page of a TIFF file (see `imgconv.io.tiled.base.HugeReader`).

    Parameters
    ----------
    path : path
    threads : int
        How many tiles are decoded at a time.
    salvage : bool
        Whether a damaged tile or strip is black, and is noted, rather than refused.

    Raises
    ------
    ImageReadError
        When it is damaged.
    UnknownTiffError
        When it is of a kind that is left to libvips.
    """

    def __init__(self, path: Path, threads: int = 1, *, salvage: bool = False) -> None:
        import tifffile

        self._salvage, self._lost = salvage, dict[int, str]()
        self._name = str(path)
        logging.getLogger("tifffile").addHandler(logging.NullHandler())  # it is heard by errors
        try:
            self._file = tifffile.TiffFile(path)
            self._page: Any = self._first_page()
            self._measure(self._page)
        except UnknownTiffError:
            raise
        except OSError as error:
            raise ImageReadError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        except Exception as error:  # tifffile stumbles over damage in every way there is
            if hasattr(self, "_file"):
                self._file.close()
            raise ImageReadError(f"{path}: the tiff header is damaged ({error})") from None
        self._pool = ThreadPoolExecutor(threads)

    def _measure(self, page: Any) -> None:
        """Take from the header what reading needs."""
        self._rows, self._columns = int(page.chunks[0]), int(page.chunks[1])
        self._across = -(-page.imagewidth // self._columns)
        tail = () if page.samplesperpixel == 1 else (int(page.samplesperpixel),)
        self.shape: tuple[int, ...] = (int(page.imagelength), int(page.imagewidth), *tail)
        self.dtype: np.dtype[Any] = np.dtype(page.dtype.name)
        self._stored = np.dtype(page.dtype.name).newbyteorder(self._file.byteorder)
        self.metadata = _metadata(page)
        self._plain = page.compression == _NONE
        self.together = 1 if self._plain else self._rows
        if page.is_tiled:
            self.layout = Layout((self._rows, self._columns), not self._plain)
        else:
            self.layout = Layout(None, False) if self._plain else Layout()

    def read(self, start: int, stop: int) -> Image:
        """Return rows `start` to `stop` (see `imgconv.io.tiled.base.HugeReader`)."""
        out = np.empty((stop - start, *self.shape[1:]), self.dtype)
        first, last = start // self._rows, -(-stop // self._rows)
        indices = range(first * self._across, last * self._across)
        list(self._pool.map(lambda index: self._place(index, start, out), indices))
        return out

    def close(self) -> None:
        """Let go of the file."""
        self._pool.shutdown()
        self._file.close()

    def _first_page(self) -> Any:
        try:
            page: Any = self._file.pages[0]
        except Exception:
            self._file.close()
            raise
        known = (
            page.compression in (_NONE, _PACKBITS, *_DEFLATE)
            and page.predictor in (1, 2)
            and page.dtype is not None
            and page.dtype.name in KNOWN_DTYPES
            and page.bitspersample == 8 * page.dtype.itemsize
            and page.planarconfig == 1
            and page.photometric in (_BLACK_IS_ZERO, _RGB)
            and page.samplesperpixel in (1, 3, 4)
            and page.fillorder == 1
            and page.imagedepth == 1
        )
        turned = page.tags.valueof(274, 1)
        if not known or turned != 1:
            self._file.close()
            raise UnknownTiffError(page)
        return page

    def _place(self, index: int, start: int, out: Image) -> None:
        """Decode one tile or strip, and put what is asked of it into rows from `start` on."""
        down, across = divmod(index, self._across)
        top, left = down * self._rows, across * self._columns
        first = max(start, top)
        last = min(start + len(out), top + self._rows, self.shape[0])
        width = min(self._columns, self.shape[1] - left)
        where = out[first - start : last - start, left : left + width]
        try:
            rows = self._plain_rows if self._plain else self._decoded_rows
            where[...] = rows(index, first - top, last - top)[:, :width]
        except (ValueError, IndexError) as error:
            if self._salvage:
                self._lost[index] = str(error)
                where[...] = 0
                return
            what = f"{self._word} {index}: {error}"
            raise ImageReadError(
                f"{self._name}: the tiff data is damaged or cut short ({what})",
                "--salvage writes what can be decoded",
            ) from None

    @property
    def _word(self) -> str:
        return "tile" if self._page.is_tiled else "strip"

    def notes(self) -> tuple[str, ...]:
        """Return how many tiles or strips were missing or damaged, of those read so far."""
        if not self._lost:
            return ()
        index = min(self._lost)
        verb = "are" if len(self._lost) > 1 else "is"
        many = f"{len(self._lost)} of {len(self._page.dataoffsets)} {self._word}s {verb}"
        what = f"{self._word} {index}: {self._lost[index]}"
        return (f"{self._name} is damaged ({many} missing or damaged; {what})",)

    def _plain_rows(self, index: int, first: int, last: int) -> Image:
        shape = last - first, self._columns, *self.shape[2:]
        size = math.prod(shape) * self.dtype.itemsize
        at, count = self._where(index)
        start = first * size // (last - first)
        if start + size > count:
            raise ValueError(f"{count} bytes are too few")
        data = self._bytes(at + start, size)
        return np.frombuffer(data, self._stored).reshape(shape)

    def _decoded_rows(self, index: int, first: int, last: int) -> Image:
        data = self._bytes(*self._where(index))
        row = math.prod((self._columns, *self.shape[2:])) * self.dtype.itemsize
        sizes = {self._rows * row}
        if not self._page.is_tiled:
            sizes.add(min(self._rows, self.shape[0] - index * self._rows) * row)
        if self._page.compression not in _DEFLATE:
            return self._unpacked(data, index, sizes)[first:last]
        plain = np.frombuffer(segments.inflate(data, sizes), self._stored)
        rows = plain.reshape(-1, self._columns, *self.shape[2:])[first:last]
        if self._page.predictor == 1:
            return rows
        whole = np.dtype(f"u{self.dtype.itemsize}")  # differences are of whole numbers
        steps = rows.astype(self.dtype).view(whole)
        return np.cumsum(steps, axis=1, dtype=whole).view(self.dtype)

    def _unpacked(self, data: bytes, index: int, sizes: set[int]) -> Image:
        """Decode PackBits of which the length is right."""
        flaw = segments.packed_flaw(_PACKBITS, data, sizes)
        if flaw:
            raise ValueError(flaw)
        decoded: Image | None = self._page.decode(data, index)[0]
        if decoded is None:
            raise ValueError("it does not decode")
        chunk: Image = decoded[0][..., 0] if len(self.shape) == 2 else decoded[0]
        return chunk

    def _where(self, index: int) -> tuple[int, int]:
        at, count = self._page.dataoffsets[index], self._page.databytecounts[index]
        if at == 0 or count == 0:
            raise ValueError("missing")
        return at, count

    def _bytes(self, at: int, size: int) -> bytes:
        handle: Any = self._file.filehandle
        data = os.pread(handle.fileno(), size, at)
        if len(data) != size:
            raise ValueError(f"{len(data)} of {size} bytes are there")
        return data


def _metadata(page: Any) -> Metadata:
    """Return the profile, XMP and the resolution of a page."""
    across, down = _per_inch(page, 282), _per_inch(page, 283)
    resolution = (across, down) if across and down else None
    icc, xmp = (page.tags.valueof(tag) for tag in (_ICC, _XMP))
    return Metadata(
        None,
        icc if isinstance(icc, bytes) else None,
        xmp if isinstance(xmp, bytes) else None,
        resolution,
    )


def _per_inch(page: Any, tag: int) -> Fraction | None:
    """Return a resolution that says something."""
    unit = _PER_INCH.get(page.tags.valueof(296, 2))
    match page.tags.valueof(tag):
        case (int(count), int(per)) if unit and count > 0 < per:
            return Fraction(count, per) * unit
    return None


class UnknownTiffError(Exception):
    """A kind of TIFF that is left to libvips; the shape and the type are those of its header."""

    def __init__(self, page: Any) -> None:
        super().__init__("left to libvips")
        samples = int(page.samplesperpixel)
        tail = () if samples == 1 else (samples,)
        self.shape: tuple[int, ...] = (int(page.imagelength), int(page.imagewidth), *tail)
        self.dtype = np.dtype("uint8" if page.dtype is None else page.dtype.name)


def write_tiff(
    file: BinaryIO,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    bands: Iterator[Image],
    *,
    layout: Layout,
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
    layout : Layout
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
    if len(shape) == 3:
        settings |= {"photometric": "rgb", "extrasamples": ("unassalpha",) * (shape[2] - 3)}
    else:
        settings |= {"photometric": "minisblack"}
    if metadata.resolution is not None:
        across, down = (side.limit_denominator(1 << 16) for side in metadata.resolution)
        settings |= {"resolution": (across.as_integer_ratio(), down.as_integer_ratio())}
        settings |= {"resolutionunit": 2}
    if metadata.xmp is not None:
        settings |= {"extratags": [(_XMP, 1, len(metadata.xmp), metadata.xmp, True)]}
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
