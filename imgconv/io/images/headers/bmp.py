"""BMP: the device-independent bitmap of Windows and OS/2."""

from __future__ import annotations

from fractions import Fraction

from imgconv.io.images.headers.base import DamagedError, Header, unpack
from imgconv.io.images.picture import Metadata


def read(data: bytes) -> Header:
    """Read the file's and the bitmap's header."""
    offset, size = unpack("<II", data, 10, "its header")
    if size == 12:
        width, height, _, bits = unpack("<HHHH", data, 18, "its header")
        compression, across, down = 0, 0, 0
    else:
        width, height, _, bits, compression = unpack("<iiHHI", data, 18, "its header")
        across, down = unpack("<ii", data, 38, "its header") if size >= 40 else (0, 0)
    height = abs(height)
    if bits not in (1, 2, 4, 8, 16, 24, 32):
        raise DamagedError(f"{bits} bits are no number of bits for a pixel")
    damage = None
    needed = offset + (width * bits + 31) // 32 * 4 * height
    if compression in (0, 3) and needed > len(data):
        damage = f"it has {len(data)} of {needed} bytes"
    per_inch = Fraction(254, 10_000)
    resolution = (across * per_inch, down * per_inch) if across > 0 and down > 0 else None
    return Header(
        width,
        height,
        4 if bits == 32 else 3,
        metadata=Metadata(resolution=resolution),
        damage=damage,
        extra=(needed if compression in (0, 3) else 0,),
    )
