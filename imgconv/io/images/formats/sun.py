"""Sun raster: rasterfile(5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from imgconv.io.images.header import DamagedError, Header, NotSupportedError, unpack
from imgconv.io.images.picture import Image

_OLD, _STANDARD, _RUNS, _RGB = 0, 1, 2, 3
_NO_MAP, _MAP_OF_RGB = 0, 1
_ESCAPE = 0x80


class SunLayout(NamedTuple):
    """What the header says: RGB palette, and where pixels begin."""

    width: int
    height: int
    bits: int
    kind: int
    palette: Image
    start: int

    @property
    def stride(self) -> int:
        """How many bytes a row takes."""
        return (self.width * self.bits + 15) // 16 * 2

    @property
    def channels(self) -> int:
        """1 where all is gray."""
        if self.bits > 8 or (self.palette != self.palette[:, :1]).any():
            return 3
        return 1


def read_header(data: bytes) -> Header:
    """Read the eight numbers at the beginning, and the palette."""
    layout = _layout(data)
    needed = layout.start + layout.stride * layout.height
    damage = None
    if layout.kind == _RUNS:
        damage = "it ends before its pixels" if layout.start >= len(data) else None
    elif needed > len(data):
        damage = f"it has {len(data)} of {needed} bytes"
    return Header(layout.width, layout.height, layout.channels, damage=damage)


def _layout(data: bytes) -> SunLayout:
    width, height, bits, _, kind, mapped, size = unpack(">7I", data, 4, "its header")
    if bits not in (1, 8, 24, 32):
        raise DamagedError(f"{bits} bits a pixel are not possible")
    if kind not in (_OLD, _STANDARD, _RUNS, _RGB):
        raise NotSupportedError(f"Sun raster of type {kind}")
    if mapped not in (_NO_MAP, _MAP_OF_RGB):
        raise NotSupportedError(f"Sun raster with palette type {mapped}")
    if bits > 8 and mapped == _MAP_OF_RGB:
        raise NotSupportedError(f"Sun raster of {bits} bits with a palette")
    palette = np.full((2, 3), 255, np.uint8) if bits == 1 else _grays()
    if bits == 1:
        palette[1] = 0  # ink on paper
    if mapped == _MAP_OF_RGB:
        if size % 3 or not 3 <= size <= 3 << bits:
            raise DamagedError(f"its palette has {size} bytes")
        found = unpack(f"{size}s", data, 32, "its palette")[0]
        palette = np.zeros((1 << bits, 3), np.uint8)  # what is not in the palette is black
        palette[: size // 3] = np.frombuffer(found, np.uint8).reshape(3, -1).T
    return SunLayout(width, height, bits, kind, palette, 32 + size)


def _grays() -> Image:
    return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode; what is missing is 0."""
    del header, wanted
    layout = _layout(data)
    size = layout.stride * layout.height
    plain = data[layout.start : layout.start + size]
    if layout.kind == _RUNS:
        plain = _unpacked(data, layout.start, size)
        if len(plain) < size and not salvage:
            raise DamagedError(f"its runs are {len(plain)} of {size} bytes")
    rows = np.frombuffer(plain.ljust(size, b"\0"), np.uint8).reshape(-1, layout.stride)
    if layout.bits <= 8:
        bits = np.unpackbits(rows, axis=1) if layout.bits == 1 else rows
        seen = layout.palette[bits[:, : layout.width]]
        return [np.ascontiguousarray(seen[..., 0] if layout.channels == 1 else seen)]
    count = layout.bits // 8
    pixels = rows[:, : layout.width * count].reshape(layout.height, layout.width, count)
    colours = pixels[..., count - 3 :]  # the first of four is filled
    return [np.ascontiguousarray(colours if layout.kind == _RGB else colours[..., ::-1])]


def _unpacked(data: bytes, at: int, size: int) -> bytes:
    """Decode runs: after an escape the number of further bytes, and the byte; 0 is the escape."""
    parts: list[bytes] = []
    held = 0
    while at < len(data) and held < size:
        escape = data.find(_ESCAPE, at)
        end = len(data) if escape < 0 else escape
        parts.append(data[at:end])
        at = end
        if escape >= 0:
            more = data[at + 1 : at + 2]
            if more == b"\0":
                parts.append(bytes([_ESCAPE]))
                at += 2
            else:
                parts.append(data[at + 2 : at + 3] * (sum(more) + 1))
                at += 3
        held += sum(map(len, parts[-2:])) if escape >= 0 else len(parts[-1])
    return b"".join(parts)[:size]
