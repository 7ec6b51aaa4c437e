"""EXIF: the orientation, and what has to change in it when the pixels do."""

from __future__ import annotations

import struct

from imgconv.io.images.shared.ifd import EXIF_IFD, BrokenError, Directory, Tiff

ORIENTATION = 274
_THUMBNAIL, _THUMBNAIL_SIZE = 513, 514
_STRIPS = (273, 279)
_SOI, _EOI, _SCAN = b"\xff\xd8\xff", b"\xff\xd9", 0xDA
_WIDTH, _HEIGHT = 0xA002, 0xA003


def orientation(exif: bytes | None) -> int:
    """Return the orientation, 1 to 8; 1 where there is none or it makes no sense."""
    if not exif:
        return 1
    try:
        tiff = Tiff.of(exif)
        directory, _ = tiff.directory(tiff.first())
        found = tiff.numbers(directory, ORIENTATION, 1)
    except BrokenError:
        return 1
    return found[0] if found and 1 <= found[0] <= 8 else 1


def of_upright(exif: bytes | None, width: int, height: int) -> bytes | None:
    """Return the EXIF of a picture that was turned upright and filtered.

    The orientation is 1, and the size is the picture's. The thumbnail and any other JPEG, such as
    previews in notes of makers, would show what the picture was before, and are blotted out.
    Everything else stays where it is, since those notes point at places.
    """
    if not exif:
        return None
    data = bytearray(exif)
    _blot_pictures(data)
    try:
        tiff = Tiff.of(data)
        first, following = tiff.directory(tiff.first())
        put(tiff, first, ORIENTATION, 1)
        if following:
            _blot(tiff, following)
            _end_chain(tiff, tiff.first())
        if EXIF_IFD in first:
            below, _ = tiff.directory(tiff.numbers(first, EXIF_IFD)[0])
            put(tiff, below, _WIDTH, width)
            put(tiff, below, _HEIGHT, height)
    except (BrokenError, IndexError):
        # What is broken cannot be put right, and would turn the picture again.
        return bytes(data) if orientation(bytes(data)) == 1 else None
    return bytes(data)


def put(tiff: Tiff, directory: Directory, tag: int, value: int) -> None:
    """Change a whole number where it stands, if it is there."""
    entry = directory.get(tag)
    if entry is None or entry.number != 1 or entry.type not in (3, 4):
        return
    layout = "H" if entry.type == 3 else "I"
    if value < 1 << (16 if entry.type == 3 else 32) and isinstance(tiff.data, bytearray):
        struct.pack_into(tiff.order + layout, tiff.data, entry.at, value)


def _blot(tiff: Tiff, at: int) -> None:
    directory, _ = tiff.directory(at)
    for places, sizes in ((_THUMBNAIL, _THUMBNAIL_SIZE), _STRIPS):
        starts, counts = tiff.numbers(directory, places), tiff.numbers(directory, sizes)
        for start, size in zip(starts, counts, strict=False):
            if isinstance(tiff.data, bytearray) and 8 <= start <= len(tiff.data):
                end = min(start + size, len(tiff.data))
                tiff.data[start:end] = bytes(end - start)


def _blot_pictures(data: bytearray) -> None:
    """Put zeros in place of all JPEG streams."""
    at = data.find(_SOI)
    while at >= 0:
        end = _end_of_picture(data, at)
        data[at:end] = bytes(end - at)
        at = data.find(_SOI, end)


def _end_of_picture(data: bytearray, at: int) -> int:
    """Return where a JPEG stream ends: a thumbnail in its headers has an end of its own."""
    at += 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        scan = data[at + 1] == _SCAN
        at += 2 + length
        if scan:
            break
    end = data.find(_EOI, min(at, len(data)))
    return len(data) if end < 0 else end + 2


def _end_chain(tiff: Tiff, at: int) -> None:
    (count,) = tiff.unpack("H", at)
    if isinstance(tiff.data, bytearray):
        struct.pack_into("I", tiff.data, at + 2 + 12 * count, 0)
