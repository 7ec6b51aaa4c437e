"""The header and the chunks of PNG and APNG."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction

from imgconv.io.images.header import DamagedError, Header, inflated, unpack
from imgconv.io.images.picture import Metadata
from imgconv.io.images.shared import exif

XMP = b"XML:com.adobe.xmp"
_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_LEFT_TO_THE_DECODER = (b"IDAT", b"fdAT")  # which checks their sums while it reads them


def read_header(data: bytes) -> Header:
    """Read every chunk but the pixels."""
    width, height, bits, colour = unpack(">IIBB", data, 16, "its header")
    if data[12:16] != b"IHDR" or colour not in _CHANNELS:
        raise DamagedError("it does not begin with a header")
    channels, metadata, frames, loop = _CHANNELS[colour], Metadata(), 1, 0
    delays: list[int] = []
    damage, clear = None, None
    try:
        for name, body in chunks(data):
            if name == b"tRNS":
                channels = {1: 2, 3: 4}.get(channels, channels)
                if colour == 0:
                    clear = unpack(">H", body, 0, "its transparent gray")[0] & ((1 << bits) - 1)
            elif name == b"acTL":
                frames, loop = unpack(">II", body, 0, "its animation")
            elif name == b"fcTL":
                delays.append(_delay(body))
            else:
                metadata = _said(name, body, metadata)
    except DamagedError as error:
        damage = str(error)
    animated = frames > 1
    return Header(
        width,
        height,
        channels,
        bits,
        max(frames, 1),
        orientation=exif.orientation(metadata.exif),
        metadata=metadata,
        delays=tuple(delays) if animated else (),
        loop=loop,
        notes=("palette",) if colour == 3 else (),
        damage=damage,
        extra=(clear,),
    )


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return name and body of each chunk, the bodies of pixels left empty.

    Raises
    ------
    DamagedError
        When one is cut short or its checksum is wrong, or IEND is missing.
    """
    at = 8
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        words = name.decode("latin-1") if name.isalpha() else repr(name)[2:-1]
        if end > len(data):
            raise DamagedError(f"it ends within a chunk {words}")
        if name in _LEFT_TO_THE_DECODER:
            yield name, b""
        else:
            body = data[at + 8 : end - 4]
            if zlib.crc32(body, zlib.crc32(name)) != struct.unpack_from(">I", data, end - 4)[0]:
                raise DamagedError(f"the checksum of a chunk {words} is wrong")
            yield name, body
        if name == b"IEND":
            return
        at = end
    raise DamagedError("it ends before its last chunk")


def _said(name: bytes, body: bytes, metadata: Metadata) -> Metadata:
    if name == b"iCCP":
        return metadata._replace(icc=inflated(body.partition(b"\0")[2][1:]))
    if name == b"eXIf":
        return metadata._replace(exif=body)
    if name in (b"zTXt", b"tEXt") and metadata.exif is None:
        return metadata._replace(exif=_raw_profile(name, body))
    if name == b"iTXt" and body.startswith(XMP + b"\0"):
        compressed, text = body[len(XMP) + 1 : len(XMP) + 2], body[len(XMP) + 3 :]
        text = text.partition(b"\0")[2].partition(b"\0")[2]
        return metadata._replace(xmp=inflated(text) if compressed == b"\1" else text)
    if name == b"pHYs" and len(body) == 9:
        across, down, unit = struct.unpack(">IIB", body)
        if unit == 1 and across and down:
            per_inch = Fraction(254, 10_000)
            return metadata._replace(resolution=(across * per_inch, down * per_inch))
    return metadata


def _raw_profile(name: bytes, body: bytes) -> bytes | None:
    """Return the EXIF that ImageMagick and others write as text of hexadecimal numbers."""
    key, _, text = body.partition(b"\0")
    if key not in (b"Raw profile type exif", b"Raw profile type APP1"):
        return None
    plain = inflated(text[1:]) if name == b"zTXt" else text
    words = (plain or b"").split()
    try:
        size, found = int(words[1]), bytes.fromhex(b"".join(words[2:]).decode("ascii"))
    except (ValueError, IndexError):
        return None
    return found.removeprefix(b"Exif\0\0") if len(found) == size else None


def _delay(body: bytes) -> int:
    part, whole = unpack(">HH", body, 20, "a frame")
    return int((2000 * part + (whole or 100)) // (2 * (whole or 100)))
