"""Radiance HDR (RGBE)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv.io.images.header import DamagedError, Header, NotSupportedError
from imgconv.io.images.picture import Encoding, Image, Picture
from imgconv.io.images.shared import opencv

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_SIZE = re.compile(rb"\n\s*\n([-+][XY]) (\d{1,9}) ([-+][XY]) (\d{1,9})\n")
_ORIENTATIONS = {
    b"-Y+X": 1, b"-Y-X": 2, b"+Y-X": 3, b"+Y+X": 4,
    b"+X-Y": 5, b"-X-Y": 6, b"-X+Y": 7, b"+X+Y": 8,
}  # fmt: skip
"""EXIF's numbers by the order of the pixels: that of the scanlines, then that within them."""


def read_header(data: bytes) -> Header:
    """Read the lines before the pixels."""
    if b"\nFORMAT=32-bit_rle_xyze" in data[:1024]:
        raise NotSupportedError("HDR of XYZ colours")
    found = _SIZE.search(data[:65_536])
    if not found:
        raise DamagedError("its header is not complete")
    order = _ORIENTATIONS.get(found[1] + found[3])
    if order is None:
        raise DamagedError("its lines lie along the same axis as their pixels")
    return Header(int(found[4]), int(found[2]), 3, 32, orientation=order)


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode as stored by OpenCV, which is told that the first line is the highest."""
    del wanted, salvage
    if header.orientation != 1:
        head = _SIZE.sub(rb"\n\n-Y \g<2> +X \g<4>\n", data[:65_536], count=1)
        data = head + data[65_536:]
    return [opencv.decode(data, header)]


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode by OpenCV."""
    del kind, encoding
    (page,) = picture.pages
    notes = ("hdr: negative values became 0",) if (page < 0).any() else ()
    return opencv.encode(".hdr", page), notes
