"""Metadata put into the encoded bytes of a file, each where its format keeps it."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction

from imgconv.io.images.codecs.png_gray_alpha import chunk
from imgconv.io.images.headers import jpeg, png, tiff, webp
from imgconv.io.images.ifd import (
    EXIF_IFD,
    GPS_IFD,
    Branch,
    BrokenError,
    Tiff,
    Value,
    branch_of,
    rewritten,
)
from imgconv.io.images.picture import Metadata

_MOST_SEGMENT = 65_533
_PER_METRE = Fraction(10_000, 254)


def embed(kind: str, data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    """Put metadata into a file; say what would not fit."""
    if kind not in _WRITERS or not any(metadata):
        return data, []
    return _WRITERS[kind](data, metadata)


def _into_jpeg(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    at = 2
    if data[2:4] == b"\xff\xe0":
        at += 2 + struct.unpack_from(">H", data, 4)[0]
    head = bytearray(data[:at])
    if metadata.resolution and at >= 20:
        struct.pack_into(">BHH", head, 13, 1, *(min(round(r), 65535) for r in metadata.resolution))
    segments, lost = [], []
    for name, body in (
        ("EXIF", metadata.exif and jpeg.EXIF + metadata.exif),
        ("XMP", metadata.xmp and jpeg.XMP + metadata.xmp),
    ):
        if body and len(body) > _MOST_SEGMENT:
            lost.append(f"its {name} of {len(body)} bytes is more than JPEG holds, and left out")
        elif body:
            marker = b"\xff\xe1"
            segments.append(marker + struct.pack(">H", len(body) + 2) + body)
    profile = metadata.icc or b""
    size = _MOST_SEGMENT - len(jpeg.ICC) - 2
    count = -(-len(profile) // size)
    if count > 255:
        lost.append("its ICC profile is more than JPEG holds, and left out")
        count = 0
    for part in range(count):
        body = jpeg.ICC + bytes([part + 1, count]) + profile[part * size : (part + 1) * size]
        segments.append(b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body)
    return b"".join([head, *segments, data[at:]]), lost


def _into_png(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    chunks = []
    if metadata.icc:
        chunks.append(chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc, 6)))
    if metadata.resolution:
        across, down = (round(per_inch * _PER_METRE) for per_inch in metadata.resolution)
        chunks.append(chunk(b"pHYs", struct.pack(">IIB", across, down, 1)))
    if metadata.exif:
        chunks.append(chunk(b"eXIf", metadata.exif))
    if metadata.xmp:
        chunks.append(chunk(b"iTXt", png.XMP + b"\0\0\0\0\0" + metadata.xmp))
    return b"".join([data[:33], *chunks, data[33:]]), []


def _into_webp(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    header = webp.read(data)
    parts = [(name, body) for name, body in webp.chunks(data) if name not in _WEBP_FLAGS]
    flags = 16 if header.channels == 4 else 0
    if parts and parts[0][0] == b"VP8X":
        flags = parts.pop(0)[1][0]
    profile = [(b"ICCP", metadata.icc)] if metadata.icc else []
    after = [(b"EXIF", metadata.exif), (b"XMP ", metadata.xmp)]
    added = profile + [(name, body) for name, body in after if body]
    for name, _ in added:
        flags |= _WEBP_FLAGS[name]
    size = struct.pack("<I", header.width - 1)[:3] + struct.pack("<I", header.height - 1)[:3]
    first = (b"VP8X", struct.pack("<I", flags) + size)
    body = b"WEBP"
    for name, content in [first, *profile, *parts, *added[len(profile) :]]:
        body += name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body, []


_WEBP_FLAGS = {b"ICCP": 32, b"EXIF": 8, b"XMP ": 4}


def _into_tiff(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    def add(number: int, branch: Branch) -> None:
        if number == 0:
            _add_to_tiff(branch, metadata)

    return rewritten(data, add), []


def _add_to_tiff(branch: Branch, metadata: Metadata) -> None:
    if metadata.exif:
        with contextlib.suppress(BrokenError):
            _take_exif(branch, metadata.exif)
    if metadata.xmp:
        branch.tags[tiff.XMP] = (1, len(metadata.xmp), metadata.xmp)
    if metadata.icc:
        branch.tags[tiff.ICC] = (7, len(metadata.icc), metadata.icc)
    if metadata.resolution:
        across, down = (_rational(per_inch) for per_inch in metadata.resolution)
        branch.tags.update({tiff.X_RESOLUTION: across, tiff.Y_RESOLUTION: down})
        branch.tags[tiff.UNIT] = (3, 1, struct.pack("<H", 2))


def _take_exif(branch: Branch, exif: bytes) -> None:
    source = Tiff.of(exif)
    found = branch_of(source, source.directory(source.first())[0])
    branch.tags.update({tag: found.tags[tag] for tag in tiff.WORDS if tag in found.tags})
    branch.under.update(
        {tag: found.under[tag] for tag in (EXIF_IFD, GPS_IFD) if tag in found.under}
    )


def _rational(per_inch: Fraction) -> Value:
    exact = per_inch.limit_denominator(100_000)
    return (5, 1, struct.pack("<II", min(exact.numerator, 2**32 - 1), exact.denominator))


def _into_bmp(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    if not metadata.resolution:
        return data, []
    across, down = (round(per_inch * _PER_METRE) for per_inch in metadata.resolution)
    return data[:38] + struct.pack("<ii", across, down) + data[46:], []


_WRITERS: dict[str, Callable[[bytes, Metadata], tuple[bytes, list[str]]]] = {
    "jpeg": _into_jpeg,
    "png": _into_png,
    "webp": _into_webp,
    "tiff": _into_tiff,
    "bmp": _into_bmp,
}
