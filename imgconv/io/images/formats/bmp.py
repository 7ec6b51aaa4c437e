"""BMP: the device-independent bitmap of Windows and OS/2."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from imgconv.io.images.header import PER_METRE, DamagedError, Header, NotSupportedError, unpack
from imgconv.io.images.picture import Encoding, Image, Metadata, Picture
from imgconv.io.images.shared import opencv

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_PLAIN, _MASKS = 0, 3
_COMPRESSIONS = {1: "RLE8", 2: "RLE4", 4: "JPEG", 5: "PNG"}
_BYTES = {0xFF, 0xFF00, 0xFF0000, 0xFF000000}


def read_header(data: bytes) -> Header:
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
    _check_layout(data, size, bits, compression)
    damage = None
    needed = offset + (width * bits + 31) // 32 * 4 * height
    if needed > len(data):
        damage = f"it has {len(data)} of {needed} bytes"
    per_inch = Fraction(254, 10_000)
    resolution = (across * per_inch, down * per_inch) if across > 0 and down > 0 else None
    return Header(
        width,
        height,
        4 if compression == _MASKS else 3,
        metadata=Metadata(resolution=resolution),
        damage=damage,
        extra=(needed,),
    )


def _check_layout(data: bytes, size: int, bits: int, compression: int) -> None:
    """Check that it is plain, or has four masks of a byte each, alpha among them."""
    if size < 40:
        raise NotSupportedError(f"BMP with the OS/2 header of {size} bytes")
    if compression not in (_PLAIN, _MASKS):
        known = _COMPRESSIONS.get(compression, f"kind {compression} of")
        raise NotSupportedError(f"BMP with {known} compression")
    if bits in (2, 16):
        raise NotSupportedError(f"BMP of {bits} bits")
    if compression == _MASKS:
        masks = unpack("<4I", data, 54, "its masks") if size >= 56 else ()
        if bits != 32 or set(masks) != _BYTES:
            raise NotSupportedError(f"BMP of {bits} bits with masks that are not four bytes")


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode by OpenCV; what is missing is black."""
    del wanted
    if salvage and header.damage:
        data += bytes(header.width * header.height * 4 + 1024)
    return [opencv.decode(data, header)]


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode by OpenCV."""
    del kind, encoding
    (page,) = picture.pages
    return opencv.encode(".bmp", opencv.coloured(page)), ()


def embed(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    """Put the resolution into the header."""
    if not metadata.resolution:
        return data, []
    across, down = (round(per_inch * PER_METRE) for per_inch in metadata.resolution)
    return data[:38] + struct.pack("<ii", across, down) + data[46:], []
