"""Frames of a GIF as they are seen: each drawn over what those before it left."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image as Pillow

from imgconv.io.images.formats.gif.header import after_blocks, palette_size
from imgconv.io.images.header import DamagedError, Header, unpack
from imgconv.io.images.picture import Image

_BACKGROUND, _PREVIOUS = 2, 3


class GifFrame(NamedTuple):
    """A frame as it is stored: a GIF of its own, its colours, where it goes and what it leaves."""

    gif: bytes
    palette: bytes
    left: int
    top: int
    clear: int | None
    disposal: int


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode the wanted frames as RGBA; what is restored to the background is transparent.

    Raises
    ------
    DamagedError
        When one does not decode; salvaging gives those before it.
    """
    canvas = np.zeros((header.height, header.width, 4), np.uint8)
    seen: list[Image] = []
    frames = _frames(data)
    for number in range(max(wanted) + 1):
        try:
            frame = next(frames)
            indices = _indices(frame)
            where = _within(frame, indices, canvas)
        except (DamagedError, StopIteration) as error:
            if salvage and seen:
                return seen
            raise DamagedError(f"frame {number + 1} does not decode") from error
        before = canvas[where].copy()
        table = np.zeros((256, 4), np.uint8)
        colours = np.frombuffer(frame.palette, np.uint8).reshape(-1, 3)
        table[: len(colours), :3] = colours
        table[:, 3] = 255
        shown = indices != (-1 if frame.clear is None else frame.clear)
        canvas[where][shown] = table[indices][shown]
        if number in wanted:
            seen.append(canvas.copy())
        if frame.disposal == _BACKGROUND:
            canvas[where] = 0
        elif frame.disposal == _PREVIOUS:
            canvas[where] = before
    return seen


def _within(frame: GifFrame, indices: Image, canvas: Image) -> tuple[slice, slice]:
    rows, columns = indices.shape
    if frame.top + rows > canvas.shape[0] or frame.left + columns > canvas.shape[1]:
        raise DamagedError("it reaches beyond the picture")
    return slice(frame.top, frame.top + rows), slice(frame.left, frame.left + columns)


def _indices(frame: GifFrame) -> Image:
    """Decode a frame alone; its palette is one of 256 grays, so that Pillow gives indices."""
    try:
        with Pillow.open(io.BytesIO(frame.gif), formats=["GIF"]) as file:
            found = np.array(file)
    except Exception as error:  # Pillow answers damage with whatever its parsers trip over
        raise DamagedError("it does not decode") from error
    if found.ndim != 2:
        raise DamagedError("it does not decode")
    return found


def _frames(data: bytes) -> Iterator[GifFrame]:
    """Take the blocks apart."""
    (flags,) = unpack("B", data, 10, "its header")
    at = 13 + palette_size(flags)
    common = data[13:at]
    clear, disposal = None, 0
    while (mark := unpack("B", data, at, "its blocks")[0]) != 0x3B:
        if mark == 0x21:
            if data[at + 1] == 0xF9:
                control, _, index = unpack("<BHB", data, at + 3, "an extension")
                clear, disposal = index if control & 1 else None, control >> 2 & 7
            at = after_blocks(data, at + 2)
        elif mark == 0x2C:
            left, top, columns, rows, flags = unpack("<HHHHB", data, at + 1, "a frame")
            start = at + 10 + palette_size(flags)
            palette = data[at + 10 : start] or common
            at = after_blocks(data, start + 1)
            screen = struct.pack("<HHBBB", columns, rows, 0xF7, 0, 0) + _GRAYS
            place = struct.pack("<BHHHHB", 0x2C, 0, 0, columns, rows, flags & 0x40)
            alone = b"GIF89a" + screen + place + data[start:at] + b";"
            yield GifFrame(alone, palette, left, top, clear, disposal)
            clear, disposal = None, 0
        else:
            raise DamagedError(f"unknown block type {mark:#04x}")


_GRAYS = bytes(value for value in range(256) for _ in range(3))
