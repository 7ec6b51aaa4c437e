"""The directories of a TIFF: what every page is, and what is said beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from imgconv.io.images.formats.tiff import layouts
from imgconv.io.images.header import (
    CMYK_NOTES,
    MOST_PAGES,
    DamagedError,
    Header,
    PageHeader,
    spread_note,
)
from imgconv.io.images.picture import Metadata
from imgconv.io.images.shared import alpha
from imgconv.io.images.shared.ifd import (
    EXIF_IFD,
    GPS_IFD,
    BrokenError,
    Data,
    Directory,
    Tiff,
    branch_of,
    packed,
)

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
SAMPLES, ORIENTATION, EXTRA_SAMPLES = 277, 274, 338
OFFSETS, COUNTS, TILE_OFFSETS, TILE_COUNTS = 273, 279, 324, 325
XMP, ICC = 700, 34675
X_RESOLUTION, Y_RESOLUTION, UNIT = 282, 283, 296
_DESCRIPTION = 270
_ONLY_A_SHAPE = re.compile(rb'\s*\{"shape": \[[\d, ]*\](, "axes": "\w*")?\}')
NODATA = 42113
"""GDAL's tag: the value that means no data."""
_PLACES = (33550, 33922, 34264, 34735, 34736, 34737)
"""Scale, tie points, transformation and keys of GeoTIFF."""
_GDAL_METADATA = 42112
SPREAD_BITS = {3, 5, 6, 7, *range(9, 16)}
"""Depths whose white is no divisor of that of 8 or 16 bits."""
WORDS = (270, 271, 272, 305, 306, 315, 33432)
"""Tags of words that belong to EXIF too: description, make, model, software, dates, artist."""


def read_header(data: Data) -> Header:
    """Read all directories; `each` has one for every page."""
    try:
        tiff = Tiff.of(data)
        directories, broken = tiff.readable(MOST_PAGES)
        if broken and not directories:
            raise DamagedError(broken)
        pages = tuple(_page(tiff, directory) for directory in directories)
        damage = broken or next(_missing(tiff, directories), None)
    except BrokenError as error:
        raise DamagedError(str(error)) from None
    if not pages:
        raise DamagedError("it holds no image")
    first = pages[0]
    return Header(
        first.width,
        first.height,
        max(page.channels for page in pages),
        max(page.bits for page in pages),
        len(pages),
        sum(page.width * page.height for page in pages),
        orientation=first.orientation,
        metadata=_metadata(tiff, directories[0]),
        notes=(*notes_of(pages), *_left_out(tiff, directories[0])),
        damage=damage,
        each=pages,
    )


def notes_of(pages: Sequence[PageHeader]) -> tuple[str, ...]:
    """Return in words what decoding converts."""
    notes = [*CMYK_NOTES] if any(page.photometric == layouts.INKS for page in pages) else []
    if any(page.photometric in layouts.LABS for page in pages):
        notes.append("Lab converted to sRGB")
    depths = sorted({page.bits for page in pages} & SPREAD_BITS)
    notes += [spread_note((1 << bits) - 1, 255 if bits < 8 else 65535) for bits in depths]
    if any(page.premultiplied for page in pages):
        notes.append(alpha.NOTE)
    return tuple(notes)


class OnePage(NamedTuple):
    """One page of a file: its directory, what it says, and how many pages there are at least."""

    file: Tiff
    directory: Directory
    header: PageHeader
    metadata: Metadata
    several: bool


def one_page(data: Data, number: int = 1) -> OnePage:
    """Read one page, counted from 1, and whether there are others.

    Raises
    ------
    DamagedError
        When it makes no sense.
    """
    try:
        tiff = Tiff.of(data)
        found = list(islice(tiff.directories(MOST_PAGES), max(2, number)))
        if number > len(found):
            raise BrokenError(f"it has {len(found)} pages")
        directory = found[number - 1]
        metadata = _metadata(tiff, found[0])
        if number > 1:
            metadata = metadata._replace(places=None)
        return OnePage(tiff, directory, _page(tiff, directory), metadata, len(found) > 1)
    except BrokenError as error:
        raise DamagedError(str(error)) from None


def _page(tiff: Tiff, directory: Directory) -> PageHeader:
    def one(tag: int, default: int = 0) -> int:
        found = tiff.numbers(directory, tag, default)
        return found[0] if found else default

    layout = layouts.layout_of(tiff, directory)
    of_colour = (layouts.PALETTE, layouts.INKS, *layouts.LABS)
    channels = 3 if layout.photometric in of_colour else layout.samples
    bits = 8 if layout.photometric in (layouts.PALETTE, *layouts.LABS) else layout.bits
    if (layout.format, layout.bits) == (layouts.FLOAT, 16):
        bits = 32
    turn = one(ORIENTATION, 1)
    return PageHeader(
        one(WIDTH),
        one(HEIGHT),
        channels,
        bits,
        layout.photometric,
        layout.compression,
        turn if turn in range(1, 9) else 1,
        one(EXTRA_SAMPLES) == 1 and channels in (2, 4),
        TILE_OFFSETS in directory,
        layouts.unread(tiff, directory, layout),
        layout.bands,
    )


def _missing(tiff: Tiff, directories: list[Directory]) -> Iterator[str]:
    """Yield a problem for strips, tiles and values that lie beyond the end of the file."""
    for number, directory in enumerate(directories, 1):
        below = [tiff.directory(tiff.numbers(directory, tag)[0])[0]
                 for tag in (EXIF_IFD, GPS_IFD) if tag in directory]  # fmt: skip
        entries = [entry for part in (directory, *below) for entry in part.values()]
        if max((entry.at + entry.size for entry in entries), default=0) > len(tiff.data):
            yield f"what is said of page {number} ends within a value"
        for offsets, counts in ((OFFSETS, COUNTS), (TILE_OFFSETS, TILE_COUNTS)):
            if offsets not in directory or counts not in directory:
                continue
            starts, sizes = tiff.numbers(directory, offsets), tiff.numbers(directory, counts)
            ends = [at + size for at, size in zip(starts, sizes, strict=False)]
            beyond = sum(end > len(tiff.data) for end in ends)
            if beyond:
                word = "tiles" if offsets == TILE_OFFSETS else "strips"
                there = f"page {number} has {len(tiff.data)} of {max(ends)} bytes"
                verb = "is" if beyond == 1 else "are"
                yield f"{there}; {beyond} of {len(ends)} {word} {verb} missing"


def _layout_text(tiff: Tiff, directory: Directory) -> str | None:
    """Name the program whose description tells how all pages lie, which filtering may change."""
    text = (tiff.raw(directory, _DESCRIPTION) or b"").lstrip()
    if text.startswith(b'{"shape":'):
        return "tifffile"
    return "ImageJ" if text.startswith(b"ImageJ=") else None


def _left_out(tiff: Tiff, directory: Directory) -> tuple[str, ...]:
    """Return in words what is not kept of the metadata."""
    notes = []
    program, text = _layout_text(tiff, directory), tiff.raw(directory, _DESCRIPTION) or b""
    if program and not _ONLY_A_SHAPE.match(text):
        notes.append(f"tiff: the description by {program} tells how pages lie, and is not kept")
    if _GDAL_METADATA in directory:
        notes.append("tiff: GDAL's metadata is not kept")
    return tuple(notes)


def _metadata(tiff: Tiff, directory: Directory) -> Metadata:
    exif = None
    if {EXIF_IFD, GPS_IFD, *WORDS} & directory.keys():
        kept = {tag: directory[tag] for tag in (*WORDS, EXIF_IFD, GPS_IFD) if tag in directory}
        if _layout_text(tiff, directory):
            del kept[_DESCRIPTION]
        exif = _apart(tiff, kept)
    places = {tag: directory[tag] for tag in _PLACES if tag in directory}
    return Metadata(
        exif,
        tiff.raw(directory, ICC),
        tiff.raw(directory, XMP),
        _resolution(tiff, directory),
        tiff.raw(directory, NODATA),
        _apart(tiff, places) if places else None,
    )


def _apart(tiff: Tiff, directory: Directory) -> bytes:
    """Return tags as a TIFF structure of their own."""
    return b"II*\0\x08\0\0\0" + packed(branch_of(tiff, directory), 8)


def _resolution(tiff: Tiff, directory: Directory) -> tuple[Fraction, Fraction] | None:
    try:
        across, down = tiff.numbers(directory, X_RESOLUTION), tiff.numbers(directory, Y_RESOLUTION)
        (unit, *_) = tiff.numbers(directory, UNIT, 2)
    except (BrokenError, ValueError):
        return None
    if unit not in (2, 3) or len(across) != 2 or len(down) != 2 or 0 in (*across, *down):
        return None
    factor = Fraction(254, 100) if unit == 3 else Fraction(1)
    return Fraction(*across) * factor, Fraction(*down) * factor
