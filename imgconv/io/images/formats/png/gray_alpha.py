"""PNG of gray and alpha, which OpenCV reads as colour and does not write."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from imgconv.io.images.picture import Image
from imgconv.io.images.shared.deflate import crc32

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}
_UP = 2


def chunk(name: bytes, body: bytes) -> bytes:
    """Return one chunk."""
    checksum = crc32(body, crc32(name))
    return b"".join([struct.pack(">I", len(body)), name, body, struct.pack(">I", checksum)])


def head_of(shape: tuple[int, ...], bits: int) -> bytes:
    """Return what a PNG of so many rows, columns and channels begins with."""
    colour = _COLOURS[shape[2] if len(shape) == 3 else 1]
    return SIGNATURE + chunk(
        b"IHDR", struct.pack(">IIBBBBB", shape[1], shape[0], bits, colour, 0, 0, 0)
    )


def encode(image: Image, level: int) -> bytes:
    """Return a picture of two channels, each line as its difference to the one above."""
    rows = len(image)
    lines = image.astype(f">u{image.itemsize}").reshape(rows, -1).view(np.uint8)
    above = np.vstack([np.zeros_like(lines[:1]), lines[:-1]])
    filters = np.full((rows, 1), _UP, np.uint8)
    data = np.hstack([filters, lines - above]).tobytes()
    return b"".join(
        [
            head_of(image.shape, 8 * image.itemsize),
            chunk(b"IDAT", zlib.compress(data, level)),
            chunk(b"IEND", b""),
        ]
    )
