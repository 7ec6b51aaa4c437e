"""WebP: RFC 9649."""

from __future__ import annotations

from collections.abc import Iterator

from imgconv.io.images import exif
from imgconv.io.images.headers.base import DamagedError, Header, unpack
from imgconv.io.images.picture import Metadata


def read(data: bytes) -> Header:
    """Walk the chunks of the container."""
    said, delays, loop = dict[bytes, bytes](), list[int](), 0
    size: tuple[int, int, bool] | None = None
    damage = None
    try:
        for name, body in chunks(data):
            if name == b"VP8X":
                size = (*_canvas(body, 4), bool(unpack("B", body, 0, "its header")[0] & 16))
            elif name == b"VP8 " and size is None:
                size = (*_lossy_size(body), False)
            elif name == b"VP8L" and size is None:
                size = _lossless_size(body)
            elif name == b"ANIM":
                loop = unpack("<H", body, 4, "its animation")[0]
            elif name == b"ANMF":
                low, high = unpack("<HB", body, 12, "a frame")
                delays.append(low | high << 16)
            elif name in (b"EXIF", b"ICCP", b"XMP "):
                said[name] = body.removeprefix(b"Exif\0\0")
    except DamagedError as error:
        damage = str(error)
    if size is None:
        raise DamagedError(damage or "it has no picture")
    pages = max(len(delays), 1)
    metadata = Metadata(said.get(b"EXIF"), said.get(b"ICCP"), said.get(b"XMP "))
    return Header(
        size[0],
        size[1],
        4 if size[2] else 3,
        pages=pages,
        orientation=exif.orientation(metadata.exif),
        metadata=metadata,
        delays=tuple(delays) if delays else (),
        loop=loop,
        damage=damage,
    )


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return name and body of each chunk; the one of a size that is needed early even where cut."""
    end = 8 + unpack("<I", data, 4, "its header")[0]
    at = 12
    while at < min(end, len(data)):
        name, length = unpack("<4sI", data, at, "a chunk")
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    if end > len(data):
        raise DamagedError(f"it has {len(data)} of {end} bytes")


def _canvas(body: bytes, at: int) -> tuple[int, int]:
    w0, w1, h0, h1 = unpack("<HBHB", body, at, "its header")
    return (w0 | w1 << 16) + 1, (h0 | h1 << 16) + 1


def _lossy_size(body: bytes) -> tuple[int, int]:
    width, height = unpack("<HH", body, 6, "its header")
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(body: bytes) -> tuple[int, int, bool]:
    (packed,) = unpack("<I", body, 1, "its header")
    return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1, bool(packed >> 28 & 1)
