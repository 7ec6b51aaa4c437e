"""JPEG XL by libjxl through imagecodecs, of the extra ``formats``."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgconv.io.images.formats.jxl.header import CONTAINER, in_srgb
from imgconv.io.images.header import DamagedError, EncodingError, Header
from imgconv.io.images.picture import Encoding, Image, Metadata, Picture
from imgconv.io.images.shared import alpha, extra
from imgconv.io.images.shared.boxes import boxes
from imgconv.io.images.shared.levels import spread

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_LIBRARY = "imagecodecs"


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode as stored, not turned."""
    del wanted, salvage
    codecs = extra.load(_LIBRARY, "JPEG XL")
    try:
        pixels: Image = codecs.jpegxl_decode(data, keeporientation=True)
    except MemoryError:
        raise
    except Exception as error:  # each codec has an error of its own
        raise DamagedError("it does not decode") from error
    floats, premultiplied = header.extra
    if pixels.ndim not in (2, 3):
        raise DamagedError(f"it decodes to {pixels.ndim} dimensions")
    if floats:
        pixels = pixels.astype(np.float32)
    elif header.bits not in (8, 16):
        if int(pixels.max(initial=0)) >> header.bits:
            raise DamagedError(f"a value has more than {header.bits} bits")
        pixels = spread(pixels, header.bits)
    return [alpha.divided(pixels) if premultiplied else pixels]


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode without loss unless a quality is given."""
    del kind
    codecs = extra.load(_LIBRARY, "JPEG XL")
    image = np.ascontiguousarray(picture.pages[0])
    if encoding.quality is not None and image.dtype != np.uint8:
        raise EncodingError("with a quality it holds 8 bits; leave --quality out, or --depth u8")
    how = {"lossless": True} if encoding.quality is None else _lossy(encoding.quality)
    try:
        data = bytes(codecs.jpegxl_encode(image, **how))
    except Exception as error:  # each codec has an error of its own
        raise EncodingError(str(error)[:200]) from None
    return _in_srgb(data) if image.dtype == np.uint16 else data, ()


def _in_srgb(data: bytes) -> bytes:
    """Return a file whose codestream says sRGB, as pictures of 16 bits mean it."""
    if not data.startswith(CONTAINER):
        return in_srgb(data)
    for kind, body, end in boxes(data, 0, len(data)):
        if kind in (b"jxlc", b"jxlp"):
            start = body + (4 if kind == b"jxlp" else 0)
            return data[:start] + in_srgb(data[start:end]) + data[end:]
    raise EncodingError("it has no codestream")


def _lossy(quality: int) -> dict[str, float]:
    """Return the distance of a quality as libjxl's own programs reckon it."""
    if quality >= 30:
        return {"distance": 0.1 + (100 - quality) * 0.09}
    return {"distance": 53 / 3000 * quality**2 - 23 / 20 * quality + 25}


def embed(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    """Put boxes of metadata before the codestream."""
    told = []
    if metadata.exif:
        told.append(_box(b"Exif", bytes(4) + metadata.exif))
    if metadata.xmp:
        told.append(_box(b"xml ", metadata.xmp))
    if data.startswith(CONTAINER):
        at = data.index(b"ftyp") - 4
        at += struct.unpack_from(">I", data, at)[0]
        if data[at + 4 : at + 8] == b"jxll":  # the level stands first
            at += struct.unpack_from(">I", data, at)[0]
        return b"".join([data[:at], *told, data[at:]]), []
    kind = _box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return b"".join([CONTAINER, kind, *told, _box(b"jxlc", data)]), []


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body
