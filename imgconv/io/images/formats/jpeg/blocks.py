"""JPEG in blocks of rows, each a restart interval: the pixels are those of one piece."""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np
import simplejpeg

from imgconv.io.images.header import EncodingError
from imgconv.io.images.picture import Image

_MOST_UNITS = 65_535  # in a restart interval
_UNIT_COLUMNS = {"444": 8, "422": 16, "420": 16, "440": 8, "411": 32, "Gray": 8}
_UNIT_ROWS = {"420": 16, "440": 16}
_TALLEST_UNIT = 16
_LONGEST = 65_500  # rows or columns, for libjpeg
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
        if max(rows, columns) > _LONGEST:
            raise EncodingError(f"a side of {max(rows, columns)}; it has {_LONGEST} at most")
        self._how = quality, "GRAY" if subsampling == "Gray" else "RGB", subsampling
        self._channels = 1 if subsampling == "Gray" else 3
        across = -(-columns // _UNIT_COLUMNS[subsampling])
        tall = _UNIT_ROWS.get(subsampling, 8)
        units = min(_BLOCK_PIXELS // columns, _MOST_UNITS // across * tall)
        self.height = max(1, units // _TALLEST_UNIT) * _TALLEST_UNIT
        interval = across * self.height // tall if rows > self.height else 0
        self._skipped = len(_head(1, columns, 0, *self._how))
        self.head = _head(rows, columns, interval, *self._how)

    def block(self, rows: Image, number: int) -> tuple[bytes, int]:
        """Return the codes of a block behind its marker; there is no checksum."""
        image = np.ascontiguousarray(rows).reshape(*rows.shape[:2], self._channels)
        codes = _encoded(image, *self._how)[self._skipped : -len(_END)]
        return (codes if number == 0 else bytes([0xFF, 0xD0 + (number - 1) % 8]) + codes), 0

    def tail(self, sums: list[tuple[int, int]]) -> bytes:
        """Return the marker of the end."""
        del sums
        return _END


def _encoded(image: Image, quality: int, space: str, subsampling: str) -> bytes:
    return bytes(simplejpeg.encode_jpeg(image, quality, space, subsampling, fastdct=False))


@lru_cache(maxsize=64)
def _head(
    rows: int, columns: int, interval: int, quality: int, space: str, subsampling: str
) -> bytes:
    """Return what a JPEG of one scan begins with; without an interval it has no restarts."""
    example = np.zeros((1, columns, 1 if space == "GRAY" else 3), np.uint8)
    data = _encoded(example, quality, space, subsampling)
    scan, size = _segment(data, _SCAN), _segment(data, _FRAME) + 5
    end = scan + 2 + int(struct.unpack_from(">H", data, scan + 2)[0])
    restarts = _RESTARTS + struct.pack(">HH", 4, interval) if interval else b""
    sized = data[:size] + struct.pack(">H", rows) + data[size + 2 : scan]
    return sized + restarts + data[scan:end]


def _segment(data: bytes, wanted: int) -> int:
    """Return where the segment with a marker begins."""
    at = 2
    while data[at + 1] != wanted:
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return at
