"""What the header of every format says, and how damage is told."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Any, NamedTuple

from imgconv.io.images.picture import Encoding, Metadata

MOST_PAGES = 65_536
CMYK_NOTES = ("CMYK converted to RGB",)
MOST_PROFILE = 16 << 20
PER_METRE = Fraction(10_000, 254)
"""Pixels per metre for one per inch."""


class DamagedError(Exception):
    """The bytes are not what the format says; the message tells how, without the file's name."""


class NotSupportedError(Exception):
    """The bytes may be sound, but their layout is not read.

    Parameters
    ----------
    name : str
        Of the layout.
    hint : str, optional
        What makes it read; default to convert it.
    """

    def __init__(self, name: str, hint: str | None = None) -> None:
        super().__init__(name)
        self.hint = hint


class EncodingError(Exception):
    """A codec would not encode."""


class PageHeader(NamedTuple):
    """What a TIFF says of one of its pages.

    `photometric` and `compression` are TIFF's numbers; `unread` names a layout that is not read;
    `bands` is whether no channel is colour or alpha.
    """

    width: int
    height: int
    channels: int
    bits: int
    photometric: int
    compression: int
    orientation: int
    premultiplied: bool
    tiled: bool
    unread: str | None = None
    bands: bool = False


class Header(NamedTuple):
    """What a file says of its pixels, read before any of them is decoded.

    Attributes
    ----------
    width, height : int
        Of the first page, as stored.
    channels : int
        That the file holds: 1 gray, 2 gray and alpha, 3, 4.
    bits : int
        Of one sample.
    pages : int
    pixels : int
        Of all pages.
    orientation : int
        The EXIF orientation, 1 to 8.
    metadata : Metadata
    delays, loop, encoded
        As in a Picture.
    notes : tuple of str
        What decoding converts.
    damage : str, optional
        What is missing or wrong, where the pixels may be there in part.
    each : tuple of PageHeader
        Of every page, where they may differ.
    extra : tuple
        What only this format's codec wants to know.
    """

    width: int
    height: int
    channels: int
    bits: int = 8
    pages: int = 1
    pixels: int = 0
    orientation: int = 1
    metadata: Metadata = Metadata()
    delays: tuple[int, ...] = ()
    loop: int = 0
    encoded: Encoding = Encoding()
    notes: tuple[str, ...] = ()
    damage: str | None = None
    each: tuple[PageHeader, ...] = ()
    extra: tuple[Any, ...] = ()


def spread_note(white: int, full: int) -> str:
    """Return in words that values were spread over a greater range."""
    return f"white was {white}; the values were spread to {full}"


def unpack(layout: str, data: bytes, at: int, what: str) -> tuple[Any, ...]:
    """Read numbers at an offset.

    Raises
    ------
    DamagedError
        When the file ends before them.
    """
    try:
        return struct.unpack_from(layout, data, at)
    except struct.error:
        raise DamagedError(f"it ends within {what}") from None


def inflated(data: bytes) -> bytes | None:
    """Decompress a profile of a bounded size; None where that fails."""
    import zlib

    try:
        inflater = zlib.decompressobj()
        plain = inflater.decompress(data, MOST_PROFILE)
    except zlib.error:
        return None
    return plain if inflater.eof else None
