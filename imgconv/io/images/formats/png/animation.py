"""Frames of an APNG, composed as the specification says (PNG third edition, section 11.3.4)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from imgconv.io.images.formats.png.gray_alpha import SIGNATURE, chunk
from imgconv.io.images.header import DamagedError, Header
from imgconv.io.images.picture import Image

_BACKGROUND, _PREVIOUS, _OVER = 1, 2, 1
_CONTROL = struct.Struct(">IIIIIHHBB")


class PngFrame(NamedTuple):
    """A frame as it is stored: a PNG of its own, where it goes, and how."""

    png: bytes
    left: int
    top: int
    dispose: int
    blend: int


def decode(
    data: bytes,
    header: Header,
    wanted: Sequence[int],
    salvage: bool,
    still: Callable[[bytes], Image],
) -> list[Image]:
    """Decode the wanted frames as they are seen, all with the same channels.

    Alpha is there where some frame has any. `still` decodes a PNG of one picture.

    Raises
    ------
    DamagedError
        When a frame is missing or does not decode; salvaging gives those before it.
    """
    seen: list[Image] = []
    try:
        for number, canvas in enumerate(_canvases(data, header, still)):
            if number in wanted:
                seen.append(canvas)
            if number >= max(wanted):
                break
        else:
            raise DamagedError(f"it has fewer frames than {max(wanted) + 1}")
    except DamagedError:
        if not (salvage and seen):
            raise
    white = np.iinfo(seen[0].dtype).max
    if any((frame[..., -1] < white).any() for frame in seen):
        return seen
    return [np.ascontiguousarray(_without_alpha(frame)) for frame in seen]


def _without_alpha(frame: Image) -> Image:
    return frame[..., 0] if frame.shape[2] == 2 else frame[..., :-1]


def _canvases(data: bytes, header: Header, still: Callable[[bytes], Image]) -> Iterator[Image]:
    """Return what is seen while each frame is shown."""
    channels = 2 if header.channels < 3 else 4
    kind = np.uint16 if header.bits == 16 else np.uint8
    canvas = np.zeros((header.height, header.width, channels), kind)
    for number, frame in enumerate(_frames(data)):
        pixels = _with_alpha(still(frame.png), channels)
        rows, columns = pixels.shape[:2]
        where = slice(frame.top, frame.top + rows), slice(frame.left, frame.left + columns)
        if canvas[where].shape != pixels.shape:
            raise DamagedError(f"frame {number + 1} reaches beyond the picture")
        before = canvas[where].copy()
        canvas[where] = _over(pixels, before) if frame.blend == _OVER else pixels
        yield canvas.copy()
        if frame.dispose == _PREVIOUS and number:
            canvas[where] = before
        elif frame.dispose in (_BACKGROUND, _PREVIOUS):
            canvas[where] = 0


def _with_alpha(pixels: Image, channels: int) -> Image:
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.shape[2] == channels:
        return pixels
    return np.dstack([pixels, np.full_like(pixels[..., :1], np.iinfo(pixels.dtype).max)])


def _over(front: Image, back: Image) -> Image:
    """Put a frame over another: each colour weighs as much as it is seen, rounded once."""
    white = int(np.iinfo(front.dtype).max)
    above, below = front[..., -1:].astype(np.int64), back[..., -1:].astype(np.int64)
    u, v = above * white, (white - above) * below
    total = np.maximum(u + v, 1)
    colours = (2 * (front[..., :-1] * u + back[..., :-1] * v) + total) // (2 * total)
    alpha = (2 * (u + v) + white) // (2 * white)
    return np.concatenate([colours, alpha], axis=2).astype(front.dtype)


def _frames(data: bytes) -> Iterator[PngFrame]:
    """Take the frames apart."""
    head, shared, control, body = data[16:29], b"", b"", b""
    for name, part in _chunks(data):
        if name in (b"fcTL", b"IEND"):
            if control and body:
                yield _frame(control, body, head, shared)
            control, body = part, b""
        elif name in (b"PLTE", b"tRNS"):
            shared += chunk(name, part)
        elif name == b"IDAT" and control:  # else it is seen only where nothing moves
            body += part
        elif name == b"fdAT":
            body += part[4:]


def _frame(control: bytes, body: bytes, head: bytes, shared: bytes) -> PngFrame:
    if len(control) != _CONTROL.size:
        raise DamagedError("a frame control chunk is cut short")
    _, width, height, left, top, _, _, dispose, blend = _CONTROL.unpack(control)
    start = SIGNATURE + chunk(b"IHDR", struct.pack(">II", width, height) + head[8:])
    png = start + shared + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return PngFrame(png, left, top, dispose, blend)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return name and body of each chunk that is whole; their sums were checked before."""
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            return
        yield name, data[at + 8 : at + 8 + length]
        at += 12 + length


def encode(stills: Sequence[bytes], delays: Sequence[int], loop: int) -> bytes:
    """Join PNGs of one size and layout to an animation; delays are in milliseconds."""
    made = [stills[0][:33], chunk(b"acTL", struct.pack(">II", len(stills), loop))]
    count = 0
    for number, (png, delay) in enumerate(zip(stills, delays, strict=True)):
        width, height = struct.unpack_from(">II", png, 16)
        control = _CONTROL.pack(count, width, height, 0, 0, min(delay, 65535), 1000, 0, 0)
        made.append(chunk(b"fcTL", control))
        count += 1
        for name, body in _chunks(png):
            if name == b"IDAT" and number == 0:
                made.append(chunk(b"IDAT", body))
            elif name == b"IDAT":
                made.append(chunk(b"fdAT", struct.pack(">I", count) + body))
                count += 1
    return b"".join([*made, chunk(b"IEND", b"")])
