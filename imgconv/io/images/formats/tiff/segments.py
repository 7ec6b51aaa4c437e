"""The tiles and strips of a TIFF page: which are missing, cut short or damaged.

Deflate has a checksum and is checked by it. PackBits and LZW have none: what they decode to must
be of the length that the layout asks for. Values that are not compressed can only be missing.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import NamedTuple

from imgconv.io.images.formats.tiff.layouts import is_by_samples, layout_of
from imgconv.io.images.formats.tiff.lzw import lzw_flaw
from imgconv.io.images.formats.tiff.ycbcr import line_bytes
from imgconv.io.images.shared.ifd import BrokenError, Data, Directory, Tiff

NONE, LZW, JPEG, PACKBITS, DEFLATE = 1, 5, 7, 32773, (8, 32946)
_THREADS = 2
_RUN = 64  # segments to a task: they may be of a few kilobytes
_BACKWARDS = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
_LAYOUTS = {3: "H", 4: "I", 16: "Q"}


class Segments(NamedTuple):
    """Where the tiles or strips of a page lie, and what they decode to.

    Attributes
    ----------
    word : str
        What they are called.
    offsets, counts : tuple of int
    rows, row_bytes : int
        Of a segment that is whole.
    last_rows : int
        Of the last one from top to bottom.
    down : int
        How many lie from top to bottom, in strips.
    compression : int
    backwards : bool
        Whether the bits of a byte are stored in reverse order.
    measured : bool
        Whether the length of a segment follows from its rows.
    needed : int
        How many segments the layout asks for.
    planes : int
        How many planes of samples there are; 1 where samples lie side by side.
    together : int
        How many rows share `row_bytes`; more than 1 in blocks of YCbCr.
    """

    word: str
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    rows: int
    row_bytes: int
    last_rows: int
    down: int
    compression: int
    backwards: bool
    measured: bool
    needed: int
    planes: int = 1
    together: int = 1

    def size(self, index: int) -> int:
        """Return how many bytes a segment decodes to at least."""
        last = self.word == "strip" and index % self.down == self.down - 1
        return self.row_bytes * -(-(self.last_rows if last else self.rows) // self.together)

    def sizes(self, index: int) -> set[int]:
        """Return how many bytes a segment decodes to; the last one may have all its rows."""
        return {self.size(index), self.row_bytes * -(-self.rows // self.together)}

    def whole(self, end: int) -> bool:
        """Return whether all segments have a place before the end."""
        pairs = list(zip(self.offsets, self.counts, strict=False))[: self.needed]
        there = all(at and count and at + count <= end for at, count in pairs)
        return there and len(pairs) == self.needed

    def flaw(self, data: Data, index: int) -> str | None:
        """Return what is wrong with a segment; None where it is whole as far as can be told."""
        if index >= min(len(self.offsets), len(self.counts)):
            return "missing"
        at, count = self.offsets[index], self.counts[index]
        if at == 0 or count == 0:
            return "missing"
        if at + count > len(data):
            return "cut short"
        size = self.size(index)
        if self.compression == NONE:
            short = self.measured and count < size
            return f"{count} of {size} bytes are there" if short else None
        packed = self.packed(data, index)
        sizes = self.sizes(index) if self.measured else set[int]()
        return packed_flaw(self.compression, packed, sizes)

    def packed(self, data: Data, index: int) -> bytes:
        """Return the bytes of a segment, the highest bit first.

        Raises
        ------
        ValueError
            When it is missing or cut short.
        """
        if index >= min(len(self.offsets), len(self.counts)):
            raise ValueError("missing")
        at, count = self.offsets[index], self.counts[index]
        if at == 0 or count == 0:
            raise ValueError("missing")
        if at + count > len(data):
            raise ValueError("cut short")
        return self.some(data, at, count)

    def some(self, data: Data, at: int, count: int) -> bytes:
        """Return bytes of a segment, the highest bit first."""
        found = bytes(memoryview(data)[at : at + count])
        return found.translate(_BACKWARDS) if self.backwards else found


def packed_flaw(compression: int, packed: bytes, sizes: set[int]) -> str | None:
    """Return what is wrong with a compressed segment that decodes to one of these sizes, or any."""
    if compression in DEFLATE:
        try:
            inflate(packed, sizes)
        except ValueError as error:
            return str(error)
    elif compression == PACKBITS and sizes:
        size = _unpacked_size(packed)
        if size not in sizes:
            return f"{size} bytes instead of {min(sizes)}"
    elif compression == LZW and sizes:
        return lzw_flaw(packed, sizes)
    return None


def inflate(packed: bytes, sizes: set[int]) -> bytes:
    """Inflate a segment whose length is one of these, or any.

    Raises
    ------
    ValueError
        When it is damaged, or of another length.
    """
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(packed, max(sizes) + 1 if sizes else 0)
        if not inflater.eof and len(plain) in sizes:  # the checksum is still to be read
            inflater.decompress(inflater.unconsumed_tail, 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if sizes and len(plain) not in sizes:
        more = "more than " if len(plain) > max(sizes) else ""
        raise ValueError(f"{more}{min(len(plain), max(sizes))} bytes instead of {min(sizes)}")
    if not inflater.eof:
        raise ValueError("it ends before its checksum")
    return plain


def _unpacked_size(packed: bytes) -> int:
    """Return how many bytes a segment in PackBits decodes to."""
    at, size, end = 0, 0, len(packed)
    while at < end:
        head = packed[at]
        if head < 128:
            size += min(head + 1, end - at - 1)
            at += head + 2
        else:
            if head > 128 and at + 1 < end:
                size += 257 - head
            at += 2 if head > 128 else 1
    return size


def segments_of(tiff: Tiff, directory: Directory) -> Segments:
    """Read from a directory where its segments lie.

    Raises
    ------
    BrokenError
        When it does not say so.
    """

    def one(tag: int, default: int) -> int:
        found = tiff.numbers(directory, tag, default)
        return found[0] if found else default

    tiled = 324 in directory
    places, lengths = (324, 325) if tiled else (273, 279)
    if places not in directory:
        raise BrokenError("it does not state where its pixels are")
    offsets = tiff.numbers(directory, places)
    width, height = one(256, 0), one(257, 0)
    columns = one(322, width) if tiled else width
    rows = max(1, one(323, height) if tiled else min(one(278, height) or height, height))
    planes = one(277, 1) if one(284, 1) == 2 else 1
    samples = 1 if planes > 1 else one(277, 1)
    down = -(-height // rows)
    across = -(-width // max(1, columns)) if tiled else 1
    counts = (
        tiff.numbers(directory, lengths)
        if lengths in directory
        else tuple(max(0, len(tiff.data) - at) for at in offsets)
    )
    bits = tiff.numbers(directory, 258, 1)
    row_bytes, together = (columns * samples * bits[0] + 7) // 8, 1
    blocks = layout_of(tiff, directory)
    if blocks.in_blocks and is_by_samples(blocks):
        row_bytes, together = line_bytes(columns, blocks.subsampling), blocks.subsampling[1]
    return Segments(
        "tile" if tiled else "strip",
        offsets,
        counts,
        rows,
        row_bytes,
        height - (down - 1) * rows,
        down,
        one(259, 1),
        one(266, 1) == 2,
        blocks.compression != JPEG and len(set(bits)) == 1,
        down * across * planes,
        planes,
        together,
    )


def flaws(data: Data, segments: Segments) -> dict[int, str]:
    """Find all segments that are missing or damaged, and what is wrong with them."""
    found = [segments.flaw(data, index) for index in range(segments.needed)]
    return {index: flaw for index, flaw in enumerate(found) if flaw}


def told(found: dict[int, str], segments: Segments) -> str:
    """Return in words how many segments are missing or damaged, and the first flaw."""
    index, flaw = next(iter(found.items()))
    verb = "are" if len(found) > 1 else "is"
    many = f"{len(found)} of {segments.needed} {segments.word}s {verb} missing or damaged"
    return f"{many}; {segments.word} {index}: {flaw}"


def blackened(
    tiff: Tiff, directory: Directory, segments: Segments, found: Sequence[int], row: bytes
) -> bytes:
    """Return the bytes of a file whose damaged segments stand for rows of these bytes.

    Raises
    ------
    BrokenError
        When the directory has no room for one of them.
    """
    short = min(len(segments.offsets), len(segments.counts))
    for index in found:
        if index >= short:
            raise BrokenError(f"{segments.word} {index} has no offset")
    packed = ((index, _packed(segments, index, row, tiff.data)) for index in found)
    return _placed(tiff, directory, segments, packed)


def stored(tiff: Tiff, directory: Directory, segments: Segments) -> bytes | None:
    """Return the bytes of a file whose deflated segments are inflated once, and stored.

    Returns
    -------
    bytes or None
        None where a segment is missing or damaged, or there is no room in the directory.
    """
    try:
        runs = [
            range(at, min(at + _RUN, segments.needed)) for at in range(0, segments.needed, _RUN)
        ]
        with ThreadPoolExecutor(_THREADS) as pool:
            parts = pool.map(lambda run: [_stored(tiff.data, segments, at) for at in run], runs)
            return _placed(tiff, directory, segments, enumerate(chain.from_iterable(parts)))
    except (ValueError, BrokenError):
        return None


def _stored(data: Data, segments: Segments, index: int) -> bytes:
    at, count = segments.offsets[index], segments.counts[index]
    sizes = segments.sizes(index)
    return zlib.compress(inflate(bytes(memoryview(data)[at : at + count]), sizes), 0)


def _placed(
    tiff: Tiff, directory: Directory, segments: Segments, packed: Iterable[tuple[int, bytes]]
) -> bytes:
    """Put segments at the end of a file in place of those it has."""
    data = bytearray(tiff.data)
    places, lengths = (324, 325) if segments.word == "tile" else (273, 279)
    for index, part in packed:
        for tag, value in ((places, len(data)), (lengths, len(part))):
            entry = directory.get(tag)
            if entry is None:
                continue
            layout = tiff.order + _LAYOUTS.get(entry.type, "B")
            try:
                struct.pack_into(layout, data, entry.at + index * struct.calcsize(layout), value)
            except struct.error:
                raise BrokenError(
                    f"{segments.word} {index} has an offset that its field cannot hold"
                ) from None
        data += part
    return bytes(data)


def _packed(segments: Segments, index: int, row: bytes, data: Data) -> bytes:
    """Compress the rows of a segment that is black, after what is there of a plain one."""
    size = segments.size(index)
    plain = row * (size // len(row))
    if segments.compression == NONE:
        at, count = segments.offsets[index], segments.counts[index]
        start = bytes(data[at : at + min(count, size)]) if at and count else b""
        return start + plain[len(start) :]
    if segments.compression in DEFLATE:
        packed = zlib.compress(plain, 1)
    elif segments.compression == PACKBITS:
        parts = (plain[at : at + 128] for at in range(0, size, 128))
        packed = b"".join(bytes([len(part) - 1]) + part for part in parts)
    else:
        from imgconv.io.images.formats.tiff.lzw import literal

        packed = literal(plain)
    return packed.translate(_BACKWARDS) if segments.backwards else packed
