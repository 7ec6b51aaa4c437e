"""Sun raster."""

from __future__ import annotations

from imgconv.io.images.headers.base import DamagedError, Header, unpack


def read(data: bytes) -> Header:
    """Read the eight numbers at the beginning."""
    width, height, bits, _, kind, _, palette = unpack(">7I", data, 4, "its header")
    if bits not in (1, 8, 24, 32):
        raise DamagedError(f"{bits} bits are no number of bits for a pixel")
    needed = 32 + palette + (width * bits + 15) // 16 * 2 * height
    short = kind in (0, 1) and needed > len(data)
    damage = f"it has {len(data)} of {needed} bytes" if short else None
    return Header(width, height, 1 if bits == 1 else 3, damage=damage)
