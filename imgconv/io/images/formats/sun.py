"""Sun raster."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.io.images.header import DamagedError, Header, NotSupportedError, unpack
from imgconv.io.images.picture import Image
from imgconv.io.images.shared import opencv


def read_header(data: bytes) -> Header:
    """Read the eight numbers at the beginning."""
    width, height, bits, _, kind, mapped, palette = unpack(">7I", data, 4, "its header")
    if bits not in (1, 8, 24, 32):
        raise DamagedError(f"{bits} bits a pixel are not possible")
    if kind not in (0, 1):
        raise NotSupportedError(f"Sun raster of type {kind}")
    if bits == 1 or mapped != (bits == 8):
        palettes = "a palette" if mapped == 1 else f"palette type {mapped}"
        raise NotSupportedError(
            f"Sun raster of {bits} bits with {palettes if mapped else 'no palette'}"
        )
    needed = 32 + palette + (width * bits + 15) // 16 * 2 * height
    damage = f"it has {len(data)} of {needed} bytes" if needed > len(data) else None
    return Header(width, height, 3, damage=damage)


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode by OpenCV; what is missing is black."""
    del wanted
    if salvage and header.damage:
        data += bytes(header.width * header.height * 4 + 1024)
    return [opencv.decode(data, header)]
