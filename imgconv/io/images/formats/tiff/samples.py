"""The stored samples of a TIFF page, of any number, depth and order, and what they mean."""

from __future__ import annotations

import contextlib
import math
from typing import Any, NamedTuple

import numpy as np

from imgconv.io.images.formats.tiff import jpeg_segments, segments, unpacking
from imgconv.io.images.formats.tiff.layouts import (
    EXTRA_NAMES,
    FLOAT,
    INKS,
    JPEG,
    LABS,
    PALETTE,
    SINGLE_IMAGES,
    UINT,
    WHITE,
    TiffLayout,
    name_of,
)
from imgconv.io.images.formats.tiff.ycbcr import to_rgb, unblocked, ycbcr_of
from imgconv.io.images.header import DamagedError, NotSupportedError
from imgconv.io.images.picture import Image
from imgconv.io.images.shared.ifd import Directory, Tiff
from imgconv.io.images.shared.levels import spread

_COLOR_MAP, _TILE_WIDTH, _TILE_HEIGHT, _JPEG_TABLES = 320, 322, 323, 347


class Grid(NamedTuple):
    """How the segments of a page lie: rows and columns of one, and how many down and across."""

    height: int
    width: int
    rows: int
    columns: int
    down: int
    across: int


class StoredPage:
    """A page whose tiles or strips are decoded one by one, from any thread.

    Attributes
    ----------
    shape : tuple of int
        Rows, columns and channels of the pixels; no channels where there is only one.
    dtype : dtype
        Of the pixels: uint8, uint16, int16, float32 or float64.
    grid : Grid
    held : Segments

    Raises
    ------
    BrokenError, DamagedError
        When the directory does not say where the pixels are.
    NotSupportedError
        When the extra ``formats`` is needed and not there.
    """

    def __init__(self, file: Tiff, directory: Directory, layout: TiffLayout) -> None:
        if layout.compression in EXTRA_NAMES and not unpacking.has_extra():
            raise NotSupportedError(name_of(layout), "pip install 'imgconv[formats]'")
        self.held = segments.segments_of(file, directory)
        self.grid = _grid(file, directory, self.held)
        self._file, self._layout = file, layout
        colours = layout.photometric == PALETTE
        self._palette = file.numbers(directory, _COLOR_MAP) if colours else ()
        self._ycbcr = ycbcr_of(file, directory) if layout.in_blocks else None
        self._tables = file.raw(directory, _JPEG_TABLES) or b""
        self._kind = _stored_type(layout)
        blank = self.meant(self.blank(1)[:, :1])
        self.dtype, tail = blank.dtype, blank.shape[2:]
        self.shape: tuple[int, ...] = (self.grid.height, self.grid.width, *tail)

    def blank(self, rows: int) -> Image:
        """Return stored samples without light, for so many rows."""
        layout = self._layout
        dark = (1 << layout.bits) - 1 if layout.photometric in (WHITE, INKS) else 0
        stored = np.full((rows, self.grid.width, layout.samples), dark, self._kind)
        if layout.in_blocks:
            stored[..., 1:] = 128
        return stored

    def place(self, index: int, start: int, stored: Image, *, strict: bool = True) -> None:
        """Decode one tile or strip, and put what belongs there into rows from `start` on.

        Parameters
        ----------
        index, start : int
        stored : ndarray
        strict : bool, default True
            Whether what a JPEG is damaged in is refused, rather than decoded as far as it goes.

        Raises
        ------
        ValueError
            With what is wrong with it.
        """
        grid = self.grid
        plane, number = divmod(index, grid.down * grid.across)
        down, across = divmod(number, grid.across)
        top, left = down * grid.rows, across * grid.columns
        first, last = max(start, top), min(start + len(stored), top + grid.rows, grid.height)
        values = self._segment(index, first - top, last - top, strict)
        there = stored[first - start : last - start, left : left + grid.columns]
        where = there[..., plane : plane + 1] if self.held.planes > 1 else there
        where[...] = values[: there.shape[0], : there.shape[1]]

    def indices(self, start: int, stop: int) -> list[int]:
        """Return the tiles or strips that rows lie in."""
        grid = self.grid
        first, last = start // grid.rows, -(-stop // grid.rows)
        plane = grid.down * grid.across
        return [
            number * plane + at
            for number in range(self.held.planes)
            for at in range(first * grid.across, last * grid.across)
        ]

    def meant(self, stored: Image) -> Image:
        """Return the pixels that stored samples mean."""
        if self._ycbcr is not None:
            return to_rgb(stored, self._ycbcr)
        return meant(stored, self._layout, self._palette)

    def flaws(self) -> dict[int, str]:
        """Find all tiles or strips that are missing or damaged."""
        found = segments.flaws(self._file.data, self.held)
        if self._layout.compression == JPEG:
            for index in range(self.held.needed):
                try:
                    self._picture(index, 0, self.held.rows, strict=True)
                except ValueError as error:
                    found.setdefault(index, str(error))
        return dict(sorted(found.items()))

    def _segment(self, index: int, first: int, last: int, strict: bool) -> Image:
        """Return rows of one tile or strip, shape (rows, columns, samples)."""
        layout, held, data = self._layout, self.held, self._file.data
        samples = 1 if held.planes > 1 else layout.samples
        if layout.compression == segments.NONE:
            if layout.in_blocks:
                down = held.together
                skipped = first // down * down
                lines = self._plain_lines(index, first // down, -(-last // down))
                return self._of_blocks(lines, first - skipped, last - skipped)
            lines = self._plain_lines(index, first, last)
            return self._samples_of(lines, samples)
        if layout.compression not in segments.DEFLATE and (flaw := held.flaw(data, index)):
            raise ValueError(flaw)
        if layout.compression == JPEG or layout.compression in SINGLE_IMAGES:
            return self._picture(index, first, last, strict)
        packed, sizes = held.packed(data, index), held.sizes(index)
        plain = unpacking.plain(packed, layout.compression, sizes, held.row_bytes)
        lines = np.frombuffer(plain, np.uint8).reshape(-1, held.row_bytes)
        if layout.in_blocks:
            return self._of_blocks(lines, first, last)
        return self._samples_of(lines[first:last], samples)

    def _picture(self, index: int, first: int, last: int, strict: bool) -> Image:
        """Return rows of a tile or strip that is a picture of its own."""
        layout, held = self._layout, self.held
        samples = 1 if held.planes > 1 else layout.samples
        packed = held.packed(self._file.data, index)
        shape = held.size(index) // held.row_bytes, self.grid.columns, samples
        if layout.compression == JPEG:
            found = jpeg_segments.decode(
                packed, self._tables, layout.photometric, samples, strict=strict
            )
            return unpacking.fitting(found, shape, self._kind)[first:last]
        return unpacking.image(packed, layout.compression, shape, self._kind)[first:last]

    def _of_blocks(self, lines: Image, first: int, last: int) -> Image:
        """Return rows of lines of blocks of YCbCr."""
        down = self.held.together
        some = lines[first // down : -(-last // down)]
        skipped = first // down * down
        rows = unblocked(some, self.grid.columns, self._layout.subsampling)
        return rows[first - skipped : last - skipped]

    def _plain_lines(self, index: int, first: int, last: int) -> Image:
        """Return rows that are not compressed, and no others, since a strip may be a picture."""
        held = self.held
        if flaw := held.flaw(self._file.data, index):
            raise ValueError(flaw)
        at = held.offsets[index] + first * held.row_bytes
        lines = held.some(self._file.data, at, (last - first) * held.row_bytes)
        return np.frombuffer(lines, np.uint8).reshape(-1, held.row_bytes)

    def _samples_of(self, lines: Image, samples: int) -> Image:
        layout, kind = self._layout, self._kind
        shape = len(lines), self.grid.columns, samples
        if layout.bits not in (8, 16, 32, 64):
            return _of_bits(lines, layout.bits, math.prod(shape[1:])).reshape(shape)
        if layout.predictor == 3:
            return _of_float_differences(lines, shape, kind)
        lines = np.ascontiguousarray(lines)
        stored = lines.view(np.dtype(f"{self._file.order}{kind.str[1:]}"))
        values: Image = stored.astype(kind).reshape(shape)
        if layout.predictor == 2:
            whole = np.dtype(f"u{kind.itemsize}")  # differences are of whole numbers
            values = np.cumsum(values.view(whole), axis=1, dtype=whole).view(kind)
        return values


def decode_page(page: StoredPage, salvage: bool) -> Image:
    """Decode a whole page.

    Raises
    ------
    DamagedError
        When a tile or strip is missing or damaged; salvaging leaves it black.
    """
    stored = page.blank(page.grid.height)
    for index in range(page.held.needed):
        try:
            page.place(index, 0, stored)
        except ValueError as error:
            if not salvage:
                found = {index: str(error)} | page.flaws()
                raise DamagedError(segments.told(found, page.held)) from None
            with contextlib.suppress(ValueError):
                page.place(index, 0, stored, strict=False)
    return page.meant(stored)


def _grid(file: Tiff, directory: Directory, held: segments.Segments) -> Grid:
    (width, *_), (height, *_) = file.numbers(directory, 256), file.numbers(directory, 257)
    columns = file.numbers(directory, _TILE_WIDTH)[0] if held.word == "tile" else width
    if columns < 1:
        raise DamagedError("its tiles have no width")
    return Grid(height, width, held.rows, columns, held.down, -(-width // columns))


def _stored_type(layout: TiffLayout) -> np.dtype[Any]:
    """Return the type of samples in memory: whole bytes, in the machine's order."""
    size = 1 if layout.bits <= 8 else 2 if layout.bits <= 16 else layout.bits // 8
    return np.dtype(f"{ {UINT: 'u', FLOAT: 'f'}.get(layout.format, 'i') }{size}")


def _of_bits(lines: Image, bits: int, count: int) -> Image:
    """Return samples of any number of bits, the highest bit first."""
    ones = np.unpackbits(lines, axis=1, count=count * bits).reshape(len(lines), count, bits)
    values: Image = np.zeros((len(lines), count), np.uint8 if bits <= 8 else np.uint16)
    for place in range(bits):
        values = values << 1 | ones[..., place]
    return values


def _of_float_differences(lines: Image, shape: tuple[int, ...], kind: np.dtype[Any]) -> Image:
    """Undo predictor 3: bytes by significance, each the difference to the one before it."""
    rows, _, samples = shape
    steps = lines.reshape(rows, -1, samples)
    summed = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(rows, kind.itemsize, -1)
    floats = np.ascontiguousarray(summed.swapaxes(1, 2)).view(kind.newbyteorder(">"))
    return floats.astype(kind).reshape(shape)


def meant(stored: Image, layout: TiffLayout, palette: tuple[int, ...]) -> Image:
    """Return the pixels that samples mean."""
    if layout.photometric == PALETTE:
        return _looked_up(stored[..., 0], layout.bits, palette)
    if layout.photometric in LABS:
        from imgconv.io.images.shared.lab import to_srgb

        return to_srgb(stored, signed=layout.photometric == LABS[0])
    if layout.photometric == INKS:
        return _of_inks(stored)
    pixels = stored
    if layout.format == UINT and layout.bits not in (8, 16):
        pixels = spread(stored, layout.bits)
    if layout.photometric == WHITE:
        pixels = np.invert(pixels)
    if layout.format == FLOAT and layout.bits == 16:
        pixels = pixels.astype(np.float32)
    return np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _looked_up(indices: Image, bits: int, colours: tuple[int, ...]) -> Image:
    count = 1 << bits
    if len(colours) != 3 * count:
        raise DamagedError(f"its palette has {len(colours)} of {3 * count} values")
    table = np.array(colours, np.uint16).reshape(3, count).T
    table >>= 8 if (table > 255).any() else 0  # old programs wrote 8 bits
    result: Image = table.astype(np.uint8)[indices]
    return result


def _of_inks(inks: Image) -> Image:
    """Convert as every program does that knows no profile: what each ink and black let through."""
    white = int(np.iinfo(inks.dtype).max)
    light = (white - inks).astype(np.uint64)
    product = light[..., :3] * light[..., 3:]
    result: Image = ((product + white // 2) // white).astype(inks.dtype)
    return result
