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

_SIZE = re.compile(rb"\n\s*\n-Y (\d{1,9}) \+X (\d{1,9})\n")


def read_header(data: bytes) -> Header:
    """Read the lines before the pixels."""
    if b"\nFORMAT=32-bit_rle_xyze" in data[:1024]:
        raise NotSupportedError("HDR of XYZ colours")
    found = _SIZE.search(data[:65_536])
    if not found:
        raise DamagedError("its header is not complete, or the picture is not upright")
    return Header(int(found[2]), int(found[1]), 3, 32)


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode by OpenCV."""
    del wanted, salvage
    return [opencv.decode(data, header)]


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode by OpenCV."""
    del kind, encoding
    (page,) = picture.pages
    notes = ("hdr: negative values became 0",) if (page < 0).any() else ()
    return opencv.encode(".hdr", page), notes
