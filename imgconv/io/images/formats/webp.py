"""WebP: RFC 9649."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imgconv.engines.cv2_library import load_cv2
from imgconv.io.images.header import DamagedError, Header, unpack
from imgconv.io.images.picture import Encoding, Image, Metadata, Picture
from imgconv.io.images.shared import exif, opencv

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_FLAGS = {b"ICCP": 32, b"EXIF": 8, b"XMP ": 4}
_LOSSLESS = {"lossless": True, "exact": True}


def read_header(data: bytes) -> Header:
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
        raise DamagedError(damage or "it holds no image")
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


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode one picture by OpenCV, or the frames of an animation by Pillow."""
    if header.delays:
        from imgconv.io.images.shared import frames

        return frames.decode(data, header, wanted, salvage)
    return [opencv.decode(data, header)]


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode one picture or an animation, without loss unless a quality is given."""
    del kind
    pages = tuple(opencv.coloured(page) for page in picture.pages)
    quality = encoding.quality
    cv2 = load_cv2()
    keeps_colour = quality is not None or hasattr(cv2, "IMWRITE_WEBP_LOSSLESS_MODE")  # OpenCV 5
    if len(pages) > 1 or not keeps_colour:
        from imgconv.io.images.shared import frames

        options = {"quality": quality} if quality else _LOSSLESS
        made = picture._replace(pages=pages)
        return frames.encode("WEBP", made, {**options, "loop": picture.loop}), ()
    parameters = (
        [cv2.IMWRITE_WEBP_LOSSLESS_MODE, cv2.IMWRITE_WEBP_LOSSLESS_PRESERVE_COLOR]
        if quality is None
        else [cv2.IMWRITE_WEBP_QUALITY, quality]
    )
    return opencv.encode(".webp", pages[0], parameters), ()


def embed(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    """Put chunks of metadata around the picture."""
    header = read_header(data)
    parts = [(name, body) for name, body in chunks(data) if name not in _FLAGS]
    flags = 16 if header.channels == 4 else 0
    if parts and parts[0][0] == b"VP8X":
        flags = parts.pop(0)[1][0]
    profile = [(b"ICCP", metadata.icc)] if metadata.icc else []
    after = [(b"EXIF", metadata.exif), (b"XMP ", metadata.xmp)]
    added = profile + [(name, body) for name, body in after if body]
    for name, _ in added:
        flags |= _FLAGS[name]
    size = struct.pack("<I", header.width - 1)[:3] + struct.pack("<I", header.height - 1)[:3]
    first = (b"VP8X", struct.pack("<I", flags) + size)
    body = b"WEBP"
    for name, content in [first, *profile, *parts, *added[len(profile) :]]:
        body += name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body, []
