"""JPEG by libjpeg-turbo through simplejpeg, whose errors belong to the call that they came from.

OpenCV decodes damaged data and only prints about it, on a descriptor that all threads share.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import simplejpeg

from imgconv.io.images.blocks import BlockEncoder, encoded_whole
from imgconv.io.images.formats.jpeg.blocks import JpegBlocks
from imgconv.io.images.formats.jpeg.header import EXIF, ICC, XMP
from imgconv.io.images.header import DamagedError, Header
from imgconv.io.images.picture import SUBSAMPLINGS, Encoding, Image, Metadata, Picture
from imgconv.io.images.shared import extra
from imgconv.io.images.shared.levels import spread

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_MOST_SCANS = 500
_QUALITY, _SUBSAMPLING = 95, "444"
_MOST_SEGMENT = 65_533


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode a JPEG; whatever the decoder complains of is damage, unless salvaging."""
    del wanted
    return [_decoded(data, header, salvage)]


def _decoded(data: bytes, header: Header, salvage: bool) -> Image:
    components, scans, by_extra = header.extra
    if scans > _MOST_SCANS:
        raise DamagedError(f"it has {scans} scans, and {_MOST_SCANS} at most are decoded")
    if by_extra:
        return _by_extra(data, header, salvage)
    space = {1: "GRAY", 3: "RGB", 4: "CMYK"}[components]
    try:
        pixels: Image = simplejpeg.decode_jpeg(data, space, strict=not salvage)
    except ValueError as error:
        if "subsampling" not in str(error):
            raise DamagedError(_said(error)) from None
        from imgconv.io.images.shared import opencv  # it takes what is rarer

        return opencv.decode(data, header)
    if components == 4:
        return _from_cmyk(pixels)
    return pixels[..., 0] if components == 1 else pixels


def _by_extra(data: bytes, header: Header, salvage: bool) -> Image:
    """Decode lossless JPEG, and 12 bits, which are spread to 16."""
    if header.damage and not salvage:
        raise DamagedError(header.damage)
    codecs = extra.load("imagecodecs", f"JPEG of {header.bits} bits, or lossless,")
    try:
        pixels: Image = codecs.jpeg8_decode(data)
    except MemoryError:
        raise
    except Exception as error:  # each codec has an error of its own
        raise DamagedError("it does not decode") from error
    if header.bits in (8, 16):
        return pixels
    return spread(np.minimum(pixels, (1 << header.bits) - 1), header.bits)


def _from_cmyk(light: Image) -> Image:
    """Convert as every program does that knows no profile, from what each ink lets through.

    simplejpeg gives that, whether the file stores inks, or their inverses as Adobe does.
    """
    product = light[..., :3].astype(np.uint16) * light[..., 3:]
    result: Image = ((product + 127) // 255).astype(np.uint8)
    return result


def _said(error: ValueError) -> str:
    text = str(error).removeprefix("Corrupt JPEG data: ")
    return text[:1].lower() + text[1:80]


def block_encoder(
    shape: tuple[int, ...], dtype: np.dtype[np.generic], encoded: Encoding, encoding: Encoding
) -> tuple[BlockEncoder, tuple[str, ...]]:
    """Return what encodes gray or RGB, by default as finely as the JPEG that it came from."""
    del dtype
    quality = encoding.quality or encoded.quality or _QUALITY
    if len(shape) == 2 or shape[2] == 1:
        return JpegBlocks(shape, quality, "Gray"), ()
    notes: tuple[str, ...] = ()
    subsampling = encoding.subsampling or encoded.subsampling or _SUBSAMPLING
    if subsampling not in SUBSAMPLINGS:
        notes = (f"jpeg: samples of {subsampling} are written as {_SUBSAMPLING}",)
        subsampling = _SUBSAMPLING
    return JpegBlocks(shape, quality, subsampling), notes


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode gray or RGB, one block after the other."""
    del kind
    page = picture.pages[0]
    encoder, notes = block_encoder(page.shape, page.dtype, picture.encoded, encoding)
    return encoded_whole(encoder, page), notes


def embed(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    """Put segments of metadata behind the JFIF segment."""
    at = 2
    if data[2:4] == b"\xff\xe0":
        at += 2 + struct.unpack_from(">H", data, 4)[0]
    head = bytearray(data[:at])
    if metadata.resolution and at >= 20:
        struct.pack_into(">BHH", head, 13, 1, *(min(round(r), 65535) for r in metadata.resolution))
    segments, lost = [], []
    for name, body in (
        ("EXIF", metadata.exif and EXIF + metadata.exif),
        ("XMP", metadata.xmp and XMP + metadata.xmp),
    ):
        if body and len(body) > _MOST_SEGMENT:
            lost.append(f"its {name} of {len(body)} bytes is more than JPEG holds, and left out")
        elif body:
            marker = b"\xff\xe1"
            segments.append(marker + struct.pack(">H", len(body) + 2) + body)
    profile = metadata.icc or b""
    size = _MOST_SEGMENT - len(ICC) - 2
    count = -(-len(profile) // size)
    if count > 255:
        lost.append("its ICC profile is more than JPEG holds, and left out")
        count = 0
    for part in range(count):
        body = ICC + bytes([part + 1, count]) + profile[part * size : (part + 1) * size]
        segments.append(b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body)
    return b"".join([head, *segments, data[at:]]), lost
