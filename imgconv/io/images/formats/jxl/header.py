"""What a JPEG XL file says of its pixels, and the boxes around its codestream."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from imgconv.io.images.formats.jxl.bits import Bits
from imgconv.io.images.header import (
    MOST_PROFILE,
    DamagedError,
    Header,
    NotSupportedError,
    spread_note,
)
from imgconv.io.images.picture import Metadata
from imgconv.io.images.shared import alpha, extra
from imgconv.io.images.shared.boxes import boxes

CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_HEAD = 4096
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIZES = ((9, 1), (13, 1), (18, 1), (30, 1))
_ALPHA, _BLACK = 0, 4
_GRAY = 1
_D65, _SRGB_PRIMARIES = 1, 1
_LINEAR, _SRGB = 8, 13
"""Transfer functions, of which all but the first two stand in the same six bits."""


class _Depth(NamedTuple):
    bits: int
    floats: bool


class _Colours(NamedTuple):
    """Whether a picture is gray, its transfer function where all else is sRGB's, and its bit."""

    gray: bool
    transfer: int | None = None
    at: int | None = None


class _Meta(NamedTuple):
    depth: _Depth
    orientation: int
    alphas: tuple[bool, ...]
    colours: _Colours


def read_header(data: bytes) -> Header:
    """Read the header of the codestream, and the boxes of metadata."""
    stream, metadata, damage = _unwrapped(data)
    if stream[:2] != b"\xff\x0a":
        raise DamagedError(damage or "it has no codestream")
    bits = Bits(stream[2:])
    width, height = _size(bits)
    meta = _meta(bits)
    depth = meta.depth
    if (depth.floats and depth.bits not in (16, 32)) or (not depth.floats and depth.bits > 16):
        kind = "float bits" if depth.floats else "bits"
        raise NotSupportedError(f"JPEG XL of {depth.bits} {kind}")
    if len(meta.alphas) > 1:
        raise NotSupportedError("JPEG XL with several alpha channels")
    notes = []
    full = 255 if depth.bits <= 8 else 65535
    white = (1 << depth.bits) - 1
    if not depth.floats and white != full:
        notes.append(spread_note(white, full))
    if any(meta.alphas):
        notes.append(alpha.NOTE)
    if meta.colours.transfer not in ((_SRGB, _LINEAR) if depth.floats else (_SRGB,)):
        notes.append("jxl: the colours are not sRGB, and their profile is not kept")
    return Header(
        width,
        height,
        (1 if meta.colours.gray else 3) + len(meta.alphas),
        32 if depth.floats else depth.bits,
        orientation=meta.orientation,
        metadata=metadata,
        notes=tuple(notes),
        damage=damage,
        extra=(depth.floats, any(meta.alphas)),
    )


def _unwrapped(data: bytes) -> tuple[bytes, Metadata, str | None]:
    """Return the first bytes of the codestream, what the boxes say, and what is wrong with them."""
    if not data.startswith(CONTAINER):
        return data[:_HEAD], Metadata(), None
    stream, metadata, damage = b"", Metadata(), None
    try:
        for kind, body, end in boxes(data, 0, len(data)):
            if kind == b"jxlc" and not stream:
                stream = data[body : min(end, body + _HEAD)]
            elif kind == b"jxlp" and len(stream) < _HEAD:
                stream += data[body + 4 : min(end, body + 4 + _HEAD)]
            elif kind == b"brob":
                metadata = _said(metadata, data[body : body + 4], _unpacked(data[body + 4 : end]))
            else:
                metadata = _said(metadata, kind, data[body:end])
    except DamagedError as error:
        damage = str(error)
        at = max(data.find(b"jxlc", 0, _HEAD) + 4, 0)
        stream = stream or data[at : at + _HEAD]
    return stream, metadata, damage


def _said(metadata: Metadata, kind: bytes, body: bytes) -> Metadata:
    if kind == b"xml " and body:
        return metadata._replace(xmp=body)
    if kind == b"Exif" and len(body) > 4:
        start = 4 + int.from_bytes(body[:4], "big")
        return metadata._replace(exif=body[start:] or None)
    return metadata


def _unpacked(packed: bytes) -> bytes:
    """Return a box that is compressed with Brotli; nothing where it cannot be unpacked."""
    if not extra.has("imagecodecs"):
        return b""
    codecs: Any = import_module("imagecodecs")
    try:
        found = bytes(codecs.brotli_decode(packed, out=MOST_PROFILE))
    except Exception:  # each codec has an error of its own
        return b""
    return found


def _size(bits: Bits) -> tuple[int, int]:
    small = bits.flag()
    height = 8 * (1 + bits.take(5)) if small else bits.one_of(*_SIZES)
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    width = 8 * (1 + bits.take(5)) if small else bits.one_of(*_SIZES)
    return width, height


def _meta(bits: Bits) -> _Meta:
    """Read what all pixels have in common (ISO/IEC 18181-1, table of ImageMetadata)."""
    if bits.flag():
        return _Meta(_Depth(8, floats=False), 1, (), _Colours(gray=False, transfer=_SRGB))
    orientation = 1
    if bits.flag():
        orientation = 1 + bits.take(3)
        if bits.flag():
            _size(bits)  # what the picture is shown as
        if bits.flag():
            raise NotSupportedError("JPEG XL with a preview")
        if bits.flag():
            raise NotSupportedError("animated JPEG XL")
    depth = _depth(bits)
    bits.flag()
    alphas = tuple(_alpha(bits, depth) for _ in range(bits.one_of((0, 0), (0, 1), (4, 2), (12, 1))))
    bits.flag()
    return _Meta(depth, orientation, alphas, _colours(bits))


def _depth(bits: Bits) -> _Depth:
    if not bits.flag():
        return _Depth(bits.one_of((0, 8), (0, 10), (0, 12), (6, 1)), floats=False)
    found = bits.one_of((0, 32), (0, 16), (0, 24), (6, 1))
    bits.take(4)
    return _Depth(found, floats=True)


def _alpha(bits: Bits, depth: _Depth) -> bool:
    """Read a further channel, which has to be alpha, and return whether colours have it in them."""
    if bits.flag():
        if depth != (8, False):
            raise NotSupportedError("JPEG XL with alpha of another depth than its colours")
        return False
    kind = bits.enum()
    if kind != _ALPHA:
        inks = "CMYK" if kind == _BLACK else "channels beside colour and alpha"
        raise NotSupportedError(f"JPEG XL with {inks}")
    if _depth(bits) != depth:
        raise NotSupportedError("JPEG XL with alpha of another depth than its colours")
    if bits.one_of((0, 0), (0, 3), (0, 4), (3, 1)):
        raise NotSupportedError("JPEG XL with subsampled alpha")
    bits.take(8 * bits.one_of((0, 0), (4, 0), (5, 16), (10, 48)))
    return bits.flag()


def _colours(bits: Bits) -> _Colours:
    if bits.flag():
        return _Colours(gray=False, transfer=_SRGB)
    profile = bits.flag()
    gray = bits.enum() == _GRAY
    if profile or bits.enum() != _D65 or not (gray or bits.enum() == _SRGB_PRIMARIES):
        return _Colours(gray)
    if bits.flag():  # a gamma
        return _Colours(gray)
    at = bits.taken
    return _Colours(gray, bits.enum(), at)


def in_srgb(stream: bytes) -> bytes:
    """Return a lossless codestream in linear light as one in sRGB; its values stay.

    libjxl is told by imagecodecs that all that has more than 8 bits is linear.
    """
    bits = Bits(stream[2:_HEAD])
    _size(bits)
    colours = _meta(bits).colours
    if colours.transfer != _LINEAR or colours.at is None:
        return stream
    at = 16 + colours.at + 2  # the first two bits say that four follow
    changed = int.from_bytes(stream[:_HEAD], "little") ^ (_LINEAR - 2 ^ _SRGB - 2) << at
    return changed.to_bytes(len(stream[:_HEAD]), "little") + stream[_HEAD:]
