"""PNG of 8 and 16 bits in blocks of rows, deflated one without the other."""

from __future__ import annotations

import math
import struct

import numpy as np

from imgconv.io.images.formats.png.gray_alpha import chunk, head_of
from imgconv.io.images.picture import Image
from imgconv.io.images.shared import deflate

_SUB = 1
_ZLIB_HEAD = b"\x78\x01"
_LAST_BLOCK = b"\x03\x00"  # nothing, and nothing behind it
_BLOCK_BYTES = 1 << 19  # of rows: smaller blocks cost dictionary, larger ones memory


class PngBlocks:
    """A PNG whose rows are differences to the pixel on the left (see `BlockEncoder`).

    Parameters
    ----------
    shape : tuple of int
        Rows, columns and, where there are several, channels.
    dtype : dtype
        uint8 or uint16.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> None:
        self._pixel = dtype.itemsize * math.prod(shape[2:])
        self._row = 1 + shape[1] * self._pixel
        self._order = dtype.newbyteorder(">")
        self.height = max(1, _BLOCK_BYTES // self._row)
        self.head = head_of(shape, 8 * dtype.itemsize)

    def block(self, rows: Image, number: int) -> tuple[bytes, int]:
        """Return the chunk of pixels of a block, and its checksum."""
        values = np.ascontiguousarray(rows, self._order).reshape(len(rows), -1).view(np.uint8)
        lines = np.empty((len(rows), self._row), np.uint8)
        lines[:, 0] = _SUB
        lines[:, 1 : 1 + self._pixel] = values[:, : self._pixel]
        np.subtract(
            values[:, self._pixel :], values[:, : -self._pixel], out=lines[:, 1 + self._pixel :]
        )
        packed = deflate.deflated_block(lines)
        body = packed if number else _ZLIB_HEAD + packed
        return chunk(b"IDAT", body), deflate.adler32(lines)

    def tail(self, sums: list[tuple[int, int]]) -> bytes:
        """Return the end of the pixels, from the checksums and heights of the blocks."""
        total = 1
        for checksum, rows in sums:
            total = deflate.joined_adler32(total, checksum, rows * self._row)
        return chunk(b"IDAT", _LAST_BLOCK + struct.pack(">I", total)) + chunk(b"IEND", b"")
