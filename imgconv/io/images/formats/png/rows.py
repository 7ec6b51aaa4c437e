"""PNG of 8 bits, from top to bottom: inflated a few rows at a time, and made pixels of them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from imgconv.io.images.formats import format_named, read_header
from imgconv.io.images.formats.png.gray_alpha import SIGNATURE
from imgconv.io.images.header import DamagedError, Header
from imgconv.io.images.picture import Image
from imgconv.io.images.shared import deflate

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_PLAIN = {1: b"\x08\0\0\0\0", 3: b"\x08\2\0\0\0", 4: b"\x08\6\0\0\0"}
"""Depth, colour, compression, filters and interlace, as the header says them."""
_HEAD = 33
_PIECE = 1 << 16
_BAND_BYTES = 1 << 20
_ZLIB, _SUB, _LAST_FILTER = 0x78, 1, 4
_MOST_OTHERS = 64 << 20  # bytes of chunks that hold no pixels


class UnusualError(Exception):
    """The pixels are not as most programs write them; OpenCV says whether they are damaged."""


def is_plain(head: bytes, header: Header) -> bool:
    """Return whether a PNG that begins so is of a layout that is read here."""
    layout = _PLAIN.get(header.channels)
    return header.pages == 1 and not header.damage and head[24:29] == layout


class PngRows:
    """The rows of a PNG, to be read in order.

    Parameters
    ----------
    file : binary file
    header : Header
        Of which `is_plain` is true.
    """

    def __init__(self, file: BinaryIO, header: Header) -> None:
        channels = () if header.channels == 1 else (header.channels,)
        self.shape: tuple[int, ...] = (header.height, header.width, *channels)
        self.dtype = np.dtype(np.uint8)
        self._channels = header.channels
        self._row = 1 + header.width * header.channels
        self._pieces = _pixel_pieces(file)
        self._inflater = deflate.inflater()
        self._begun = False
        self._above = np.zeros((1, self._row), np.uint8)
        self._at = self._lines = 0

    def read(self, start: int, stop: int) -> Image:
        """Return the rows that follow on those that were read last.

        Raises
        ------
        UnusualError
            When they are others, or what is in the file is.
        """
        if start != self._at:
            raise UnusualError("rows are read out of turn")
        return self.unfiltered(self.inflated(stop - start))

    def inflated(self, rows: int) -> Image:
        """Return the lines that follow, filtered as they are in the file.

        `read` does this and then `unfiltered`; two threads do both at the same time.
        """
        lines = np.frombuffer(self._unpacked(rows * self._row), np.uint8)
        self._lines += rows
        if self._lines == self.shape[0]:
            self._end()
        return lines.reshape(-1, self._row)

    def unfiltered(self, lines: Image) -> Image:
        """Return the pixels of lines, which follow on those of the last call."""
        pixels = self._unfiltered(lines)
        self._above[0, 1:] = pixels[-1].reshape(-1)
        self._at += len(lines)
        return pixels.reshape(-1, *self.shape[1:])

    def _unpacked(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._some(size)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _some(self, most: int) -> bytes:
        """Return some bytes, perhaps none, of what is packed."""
        piece = self._inflater.unconsumed_tail or next(self._pieces, b"")
        if not piece or (not self._begun and piece[0] != _ZLIB):
            raise UnusualError("there are too few pixels")
        self._begun = True
        try:
            return bytes(self._inflater.decompress(piece, most))
        except deflate.Error as error:
            raise UnusualError("they do not inflate") from error

    def _end(self) -> None:
        """Check that nothing but the checksum follows."""
        while not self._inflater.eof:
            if self._some(1):
                raise UnusualError("there are too many pixels")
        if self._inflater.unused_data or next(self._pieces, b""):
            raise UnusualError("something follows the pixels")

    def _unfiltered(self, lines: Image) -> Image:
        kinds = lines[:, 0]
        if kinds.max() > _LAST_FILTER:
            raise UnusualError("there is no such filter")
        if kinds.max() <= _SUB:
            pixels = lines[:, 1:].reshape(len(lines), -1, self._channels)
            if kinds.all():
                return np.cumsum(pixels, axis=1, dtype=np.uint8)
            pixels = pixels.copy()
            pixels[kinds == _SUB] = np.cumsum(pixels[kinds == _SUB], axis=1, dtype=np.uint8)
            return pixels
        from PIL.Image import frombytes

        packed = zlib.compress(np.concatenate([self._above, lines]).data, 0)
        size, mode = (self.shape[1], len(lines) + 1), _MODES[self._channels]
        return np.asarray(frombytes(mode, size, packed, "zip", mode, 0))[1:]


class UnfilteredRows:
    """The rows of a PNG, to be read in order as they were inflated, perhaps by another thread.

    Parameters
    ----------
    rows : PngRows
    lines : iterator of ndarray
        What its `inflated` gives.
    """

    def __init__(self, rows: PngRows, lines: Iterator[Image]) -> None:
        self.shape, self.dtype = rows.shape, rows.dtype
        self._rows, self._lines = rows, lines
        self._at = 0

    def read(self, start: int, stop: int) -> Image:
        """Return the rows that follow on those that were read last, as many as were inflated.

        Raises
        ------
        UnusualError
            When they are others, or what is in the file is.
        """
        if start != self._at:
            raise UnusualError("rows are read out of turn")
        self._at = stop
        return self._rows.unfiltered(next(self._lines))


def _pixel_pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield what the chunks of pixels hold, their checksums checked; they stand in a row."""
    file.seek(len(SIGNATURE))
    seen = False
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name != b"IDAT":
            if seen or name == b"IEND":
                return
            file.seek(length + 4, io.SEEK_CUR)
            continue
        seen = True
        checksum = deflate.crc32(name)
        while length:
            piece = file.read(min(length, _PIECE))
            if not piece:
                raise UnusualError("it ends within the pixels")
            length -= len(piece)
            checksum = deflate.crc32(piece, checksum)
            yield piece
        if file.read(4) != struct.pack(">I", checksum):
            raise UnusualError("a checksum is wrong")


def decode_plain(data: bytes, header: Header) -> Image:
    """Decode a PNG of which `is_plain` is true.

    Raises
    ------
    UnusualError
        When OpenCV has to say what it is.
    """
    rows = PngRows(io.BytesIO(data), header)
    step = max(1, _BAND_BYTES // (header.width * header.channels))
    if step >= header.height:
        return rows.read(0, header.height)
    pixels = np.empty(rows.shape, rows.dtype)
    for start in range(0, header.height, step):
        stop = min(start + step, header.height)
        pixels[start:stop] = rows.read(start, stop)
    return pixels


def open_rows(path: Path) -> tuple[BinaryIO, Header] | None:
    """Open a PNG to be read by rows, and read its header; None where it is no plain one."""
    file = path.open("rb")
    try:
        rest = _without_pixels(file)
        header = None if rest is None else read_header(rest, format_named("png"))
        if rest is not None and header is not None and is_plain(rest[:_HEAD], header):
            return file, header
    except (DamagedError, OSError):
        pass
    except BaseException:
        file.close()
        raise
    file.close()
    return None


def _without_pixels(file: BinaryIO) -> bytes | None:
    """Return a PNG with the chunks of its pixels left out; None where it is not whole."""
    parts, size = [file.read(len(SIGNATURE))], 0
    if parts[0] != SIGNATURE:
        return None
    end = file.seek(0, io.SEEK_END)
    at = file.seek(len(SIGNATURE))
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        at += 12 + length
        if at > end:
            return None
        if name == b"IDAT":
            file.seek(at)
            continue
        size += length
        if size > _MOST_OTHERS:
            return None
        parts += [head, file.read(length + 4)]
        if name == b"IEND":
            return b"".join(parts)
    return None
