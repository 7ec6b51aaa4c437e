"""The segments of a JPEG before its first scan."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from imgconv.io.images.formats.jpeg.quality import quality_of
from imgconv.io.images.header import (
    CMYK_NOTES,
    DamagedError,
    Header,
    NotSupportedError,
    spread_note,
    unpack,
)
from imgconv.io.images.picture import Encoding, Metadata
from imgconv.io.images.shared import exif

EXIF, XMP, ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_ALONE = {0x01, *range(0xD0, 0xD9)}
_READ = {0xC0, 0xC1, 0xC2}
_LOSSLESS, _DEEP = 0xC3, (0xC1, 0xC2)
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SUBSAMPLINGS = {(1, 1): "444", (2, 1): "422", (2, 2): "420", (1, 2): "440",
                 (4, 1): "411"}  # fmt: skip


def read_header(data: bytes) -> Header:
    """Read every segment before the first scan."""
    exif_data: bytes | None = None
    xmp: bytes | None = None
    resolution: tuple[Fraction, Fraction] | None = None
    frame: bytes | None = None
    profile, tables = dict[int, bytes](), list[bytes]()
    process = 0
    for marker, body in _segments(data):
        if marker == 0xDB:
            tables.append(body)
        elif marker in _FRAMES and frame is None:
            frame, process = body, marker
        elif marker == 0xE0 and body.startswith(b"JFIF\0"):
            resolution = _density(body)
        elif marker == 0xE1 and body.startswith(EXIF) and exif_data is None:
            exif_data = body[len(EXIF) :]
        elif marker == 0xE1 and body.startswith(XMP):
            xmp = body[len(XMP) :]
        elif marker == 0xE2 and body.startswith(ICC) and len(body) > 14:
            profile[body[12]] = body[14:]
    if frame is None:
        raise DamagedError("it has no frame header")
    bits, height, width, components = unpack(">BHHB", frame, 0, "its frame header")
    _check_layout(process, bits, components)
    icc = b"".join(profile[part] for part in sorted(profile)) if profile else None
    notes = CMYK_NOTES if components == 4 else ()
    by_extra = process == _LOSSLESS or bits != 8
    if by_extra:
        full = 255 if bits <= 8 else 65535
        white = (1 << bits) - 1
        notes = () if white == full else (spread_note(white, full),)
    return Header(
        width,
        height,
        1 if components == 1 else 3,
        bits,
        orientation=exif.orientation(exif_data),
        metadata=Metadata(exif_data, icc, xmp, resolution),
        encoded=Encoding(
            quality=_quality(tuple(tables)), subsampling=_subsampling(frame, components)
        ),
        notes=notes,
        damage="it ends before its last marker" if by_extra and not _ends(data) else None,
        extra=(components, data.count(b"\xff\xda") if process == 0xC2 else 1, by_extra),
    )


def _ends(data: bytes) -> bool:
    """Return whether the last marker is there: what decodes these kinds does not say."""
    return data.rstrip(b"\0\n\r").endswith(b"\xff\xd9")


def _check_layout(process: int, bits: int, components: int) -> None:
    """Check that the decoder knows the process, the depth and what the components mean."""
    lossless = process == _LOSSLESS and 2 <= bits <= 16
    if components in (1, 3) and (lossless or (process in _DEEP and bits == 12)):
        return
    if process not in _READ:
        raise NotSupportedError(f"JPEG with {_process(process)}")
    if bits != 8:
        raise NotSupportedError(f"JPEG of {bits} bits")
    if components not in (1, 3, 4):
        raise NotSupportedError(f"JPEG with {components} channels")


def _process(marker: int) -> str:
    if marker in (0xC3, 0xC7, 0xCB, 0xCF):
        return "lossless coding"
    return "arithmetic coding" if marker >= 0xC9 else "hierarchical coding"


def _segments(data: bytes) -> list[tuple[int, bytes]]:
    """Return marker and body of each segment up to the first scan."""
    found: list[tuple[int, bytes]] = []
    at = 2
    try:
        while True:
            marker = data[at + 1]
            if data[at] != 0xFF:
                raise DamagedError("a marker is missing")
            if marker == 0xFF:  # a fill byte
                at += 1
                continue
            if marker == 0xD9:
                raise DamagedError("it ends without a picture")
            if marker in _ALONE:
                at += 2
                continue
            length = data[at + 2] << 8 | data[at + 3]
            if length < 2 or at + 2 + length > len(data):
                break
            if marker == 0xDA:
                return found
            found.append((marker, data[at + 4 : at + 2 + length]))
            at += 2 + length
    except IndexError:
        pass
    raise DamagedError("it ends within its headers")


@lru_cache(maxsize=64)
def _quality(bodies: tuple[bytes, ...]) -> int | None:
    """Return the quality that tables stand for; the pictures of a folder mostly have the same."""
    tables: dict[int, tuple[int, ...]] = {}
    for body in bodies:
        at = 0
        while at < len(body):
            wide, number = body[at] >> 4, body[at] & 15
            layout = ">64H" if wide else ">64B"
            tables[number] = unpack(layout, body, at + 1, "a quantisation table")
            at += 1 + (128 if wide else 64)
    return quality_of(tables)


@lru_cache(maxsize=64)
def _density(body: bytes) -> tuple[Fraction, Fraction] | None:
    unit, across, down = unpack(">BHH", body, 7, "its headers")
    if unit not in (1, 2) or not across or not down:
        return None
    factor = Fraction(254, 100) if unit == 2 else Fraction(1)
    return across * factor, down * factor


def _subsampling(frame: bytes, components: int) -> str | None:
    if components != 3 or len(frame) < 15:
        return None
    factors = [(frame[7 + 3 * i] >> 4, frame[7 + 3 * i] & 15) for i in range(3)]
    if factors[1:] == [(1, 1), (1, 1)] and factors[0] in _SUBSAMPLINGS:
        return _SUBSAMPLINGS[factors[0]]
    return ", ".join(f"{across} x {down}" for across, down in factors)
