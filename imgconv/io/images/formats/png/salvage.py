"""A damaged PNG made whole with black lines, so that a decoder gives what is there."""

from __future__ import annotations

import struct
import zlib

from imgconv.io.images.formats.png.gray_alpha import SIGNATURE, chunk
from imgconv.io.images.header import DamagedError, unpack

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
           (0, 1, 1, 2))  # fmt: skip


def mended(data: bytes) -> bytes:
    """Inflate what is there, fill up with black lines, and compress again."""
    width, height, bits, colour, _, _, interlace = unpack(">IIBBBBB", data, 16, "its header")
    if bits not in (1, 2, 4, 8, 16) or colour not in _SAMPLES:
        raise DamagedError("it does not begin with a header")
    packed, before = b"", b""
    at = 33
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if name == b"IDAT":
            packed += body
        elif name in (b"PLTE", b"tRNS") and len(body) == length:
            before += chunk(name, body)
        at += 12 + length
    size = _size(width, height, bits * _SAMPLES[colour], bool(interlace))
    lines = _inflated(packed, size)
    return b"".join(
        [
            SIGNATURE,
            chunk(b"IHDR", data[16:29]),
            before,
            chunk(b"IDAT", zlib.compress(lines.ljust(size, b"\0"), 1)),
            chunk(b"IEND", b""),
        ]
    )


def _size(width: int, height: int, bits: int, interlaced: bool) -> int:
    if not interlaced:
        return height * (1 + (width * bits + 7) // 8)
    total = 0
    for x, y, step_x, step_y in _PASSES:
        columns, rows = -(-(width - x) // step_x), -(-(height - y) // step_y)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


def _inflated(packed: bytes, size: int) -> bytes:
    """Inflate as far as it goes."""
    inflater = zlib.decompressobj()
    lines = bytearray()
    for start in range(0, len(packed), 256):
        try:
            lines += inflater.decompress(packed[start : start + 256], max(1, size - len(lines)))
        except zlib.error:
            break
    if not lines:
        raise DamagedError("nothing of it can be decoded")
    return bytes(lines[:size])
