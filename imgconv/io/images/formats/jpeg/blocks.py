"""JPEG in blocks of rows, each a restart interval: the pixels are those of one piece."""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np
import simplejpeg

from imgconv.io.images.picture import Image

_MOST_UNITS = 65_535  # in a restart interval
_UNIT_COLUMNS = {"444": 8, "422": 16, "420": 16, "440": 8, "411": 32, "Gray": 8}
_UNIT_ROWS = {"420": 16, "440": 16}
_TALLEST_UNIT = 16
_BLOCK_PIXELS = 1 << 19  # smaller ones cost calls, larger ones memory
_FRAME, _RESTARTS, _SCAN, _END = 0xC0, b"\xff\xdd", 0xDA, b"\xff\xd9"


class JpegBlocks:
    """A JPEG with a restart marker after each block (see `BlockEncoder`).

    The blocks begin where units of 8 or 16 rows do, so that each sample is made of the same pixels
    as without blocks, and only the first values of a block are coded otherwise.

    Parameters
    ----------
    shape : tuple of int
        Rows, columns and, for colour, 3.
    quality : int
    subsampling : str
        One of simplejpeg's; ``Gray`` where there is one channel.
    """

    def __init__(self, shape: tuple[int, ...], quality: int, subsampling: str) -> None:
        rows, columns = shape[:2]
        self._how = quality, "GRAY" if subsampling == "Gray" else "RGB", subsampling
        self._channels = 1 if subsampling == "Gray" else 3
        across = -(-columns // _UNIT_COLUMNS[subsampling])
        tall = _UNIT_ROWS.get(subsampling, 8)
        units = min(_BLOCK_PIXELS // columns, _MOST_UNITS // across * tall)
        self.height = max(1, units // _TALLEST_UNIT) * _TALLEST_UNIT
        head = _with_rows(_head(columns, *self._how), rows)
        if rows > self.height:
            interval = across * self.height // tall
            scan = _segment(head, _SCAN)
            restarts = _RESTARTS + struct.pack(">HH", 4, interval)
            head = head[:scan] + restarts + head[scan:]
        self.head = head

    def block(self, rows: Image, number: int) -> tuple[bytes, int]:
        """Return the codes of a block behind its marker; there is no checksum."""
        image = np.ascontiguousarray(rows).reshape(*rows.shape[:2], self._channels)
        mark = b"" if number == 0 else bytes([0xFF, 0xD0 + (number - 1) % 8])
        return mark + _parted(self._encoded(image))[1], 0

    def tail(self, sums: list[tuple[int, int]]) -> bytes:
        """Return the marker of the end."""
        del sums
        return _END

    def _encoded(self, image: Image) -> bytes:
        return _encoded(image, *self._how)


def _encoded(image: Image, quality: int, space: str, subsampling: str) -> bytes:
    return bytes(simplejpeg.encode_jpeg(image, quality, space, subsampling, fastdct=False))


@lru_cache(maxsize=64)
def _head(columns: int, quality: int, space: str, subsampling: str) -> bytes:
    """Return what a JPEG of so many columns begins with."""
    example = np.zeros((1, columns, 1 if space == "GRAY" else 3), np.uint8)
    return _parted(_encoded(example, quality, space, subsampling))[0]


def _segment(data: bytes, wanted: int) -> int:
    """Return where the segment with a marker begins."""
    at = 2
    while data[at + 1] != wanted:
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return at


def _parted(data: bytes) -> tuple[bytes, bytes]:
    """Part a JPEG of one scan into its head and its codes, leaving out the end."""
    at = _segment(data, _SCAN)
    at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return data[:at], data[at : -len(_END)]


def _with_rows(head: bytes, rows: int) -> bytes:
    """Return a head that says that there are so many rows."""
    at = _segment(head, _FRAME) + 5
    return head[:at] + struct.pack(">H", rows) + head[at + 2 :]
