"""Radiance HDR (RGBE)."""

from __future__ import annotations

import re

from imgconv.io.images.headers.base import DamagedError, Header, NotSupportedError

_SIZE = re.compile(rb"\n\s*\n-Y (\d{1,9}) \+X (\d{1,9})\n")


def read(data: bytes) -> Header:
    """Read the lines before the pixels."""
    if b"\nFORMAT=32-bit_rle_xyze" in data[:1024]:
        raise NotSupportedError("HDR of XYZ colours")
    found = _SIZE.search(data[:65_536])
    if not found:
        raise DamagedError("its header is not complete, or the picture is not upright")
    return Header(int(found[2]), int(found[1]), 3, 32)
