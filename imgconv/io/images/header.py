"""How large a picture will be, from the first bytes of its file and without decoding it."""

from __future__ import annotations

import struct
from typing import NamedTuple

from imgconv.io.images.formats import sniff


class Header(NamedTuple):
    """What a file says of its picture; `sample` is the bytes of one value."""

    rows: int
    columns: int
    channels: int
    sample: int

    @property
    def values(self) -> int:
        """How many values the picture has."""
        return self.rows * self.columns * self.channels


def read_header(data: bytes) -> Header | None:
    """Read the size of a picture; None where the file is damaged or its format unknown."""
    kind = sniff(data)
    if kind is None:
        return None
    try:
        return _READERS[kind.name](data)
    except (struct.error, ValueError, IndexError, KeyError):
        return None


def _png(data: bytes) -> Header:
    columns, rows, bits, colour = struct.unpack_from(">IIBB", data, 16)
    channels = {0: 1, 2: 3, 3: 4, 4: 4, 6: 4}[colour]
    return Header(rows, columns, channels, 2 if bits == 16 else 1)


def _jpeg(data: bytes) -> Header:
    at = 2
    while True:
        while data[at] == 0xFF:
            at += 1
        marker, length = data[at], struct.unpack_from(">H", data, at + 1)[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            _, rows, columns, channels = struct.unpack_from(">BHHB", data, at + 3)
            return Header(rows, columns, channels, 1)
        at += 1 + length


def _tiff(data: bytes) -> Header:
    order = "<" if data[:2] == b"II" else ">"
    at = struct.unpack_from(order + "I", data, 4)[0]
    fields = {258: 1, 277: 1}
    for entry in range(struct.unpack_from(order + "H", data, at)[0]):
        tag, kind, count = struct.unpack_from(order + "HHI", data, at + 2 + 12 * entry)
        code = {3: "H", 4: "I"}.get(kind)
        if code is None or tag not in (256, 257, 258, 277):
            continue
        place = at + 10 + 12 * entry
        if count * struct.calcsize(code) > 4:
            place = struct.unpack_from(order + "I", data, place)[0]
        fields[tag] = struct.unpack_from(order + code, data, place)[0]
    return Header(fields[257], fields[256], fields[277], max(1, fields[258] // 8))


def _webp(data: bytes) -> Header:
    chunk = data[12:16]
    if chunk == b"VP8X":
        columns, rows = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif chunk == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        columns, rows = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        columns, rows = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    return Header(rows, columns, 4, 1)


def _bmp(data: bytes) -> Header:
    columns, rows = struct.unpack_from("<ii", data, 18)
    return Header(abs(rows), abs(columns), 4, 1)


def _pnm(data: bytes) -> Header:
    lines = (line.partition(b"#")[0] for line in data[2:1024].split(b"\n"))
    numbers = [int(word) for word in b" ".join(lines).split()[:3] if word.isdigit()]
    deep = len(numbers) > 2 and data[1:2] not in b"14" and numbers[2] > 255
    return Header(numbers[1], numbers[0], 3 if data[1:2] in b"36" else 1, 2 if deep else 1)


_READERS = {
    "png": _png,
    "jpeg": _jpeg,
    "tiff": _tiff,
    "webp": _webp,
    "bmp": _bmp,
    "pgm": _pnm,
    "ppm": _pnm,
}
