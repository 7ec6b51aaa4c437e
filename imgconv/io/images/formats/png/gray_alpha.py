"""PNG of gray and alpha, which OpenCV reads as colour and does not write."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from imgconv.io.images.picture import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAY_ALPHA, _UP = 4, 2


def chunk(name: bytes, body: bytes) -> bytes:
    """Write one chunk."""
    checksum = zlib.crc32(body, zlib.crc32(name))
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def encode(image: Image, level: int | None) -> bytes:
    """Write a picture of two channels, each line as its difference to the one above."""
    rows, columns, _ = image.shape
    bits = 8 * image.itemsize
    lines = image.astype(f">u{image.itemsize}").reshape(rows, -1).view(np.uint8)
    above = np.vstack([np.zeros_like(lines[:1]), lines[:-1]])
    filters = np.full((rows, 1), _UP, np.uint8)
    data = np.hstack([filters, lines - above]).tobytes()
    header = struct.pack(">IIBBBBB", columns, rows, bits, _GRAY_ALPHA, 0, 0, 0)
    return b"".join(
        [
            SIGNATURE,
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(data, 6 if level is None else level)),
            chunk(b"IEND", b""),
        ]
    )
