"""TIFF directories: what TIFF and EXIF are made of (TIFF 6.0, section 2; BigTIFF)."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

Data = bytes | bytearray | mmap.mmap
"""The bytes of a file: read, or mapped."""

EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
_POINTERS = {EXIF_IFD, GPS_IFD, INTEROP_IFD}
_LAYOUTS = {1: "B", 2: "B", 3: "H", 4: "I", 5: "II", 6: "b", 7: "B", 8: "h", 9: "i", 10: "ii",
            11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}  # fmt: skip
_MOST_ENTRIES = 4096
_MOST_PAGES = 65_536


class BrokenError(Exception):
    """The bytes hold no directory where one should be."""


class IfdEntry(NamedTuple):
    """One tag: its type, how many values, and where they stand."""

    type: int
    number: int
    at: int
    size: int


Directory = dict[int, IfdEntry]


class Tiff(NamedTuple):
    """Bytes that hold directories; `order` is ``<`` or ``>``, `big` that of BigTIFF."""

    data: Data
    order: str
    big: bool

    @classmethod
    def of(cls, data: Data) -> Tiff:
        """Read the first bytes.

        Raises
        ------
        BrokenError
            When they are not TIFF's.
        """
        order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))
        if order is None or len(data) < 8:
            raise BrokenError("it has no directory")
        version = struct.unpack_from(f"{order}H", data, 2)[0]
        if version not in (42, 43):
            raise BrokenError("it has no directory")
        return cls(data, order, version == 43)

    def unpack(self, layout: str, at: int) -> tuple[int, ...]:
        """Read whole numbers.

        Raises
        ------
        BrokenError
            When the bytes end before them.
        """
        try:
            return struct.unpack_from(self.order + layout, self.data, at)
        except (struct.error, OverflowError):
            raise BrokenError("it ends before a directory does") from None

    def first(self) -> int:
        """Return where the first directory stands."""
        return self.unpack("Q", 8)[0] if self.big else self.unpack("I", 4)[0]

    def directories(self, most: int) -> Iterator[Directory]:
        """Return the directories of the chain, at most so many.

        Raises
        ------
        BrokenError
            When one is cut short, or the chain comes back to itself.
        """
        at, seen = self.first(), set[int]()
        while at:
            if at in seen:
                raise BrokenError("its directories form a cycle")
            if len(seen) >= most:
                raise BrokenError(f"it has more than {most} directories")
            seen.add(at)
            directory, at = self.directory(at)
            yield directory

    def readable(self, most: int) -> tuple[list[Directory], str | None]:
        """Return the directories before the first that is broken, and what is wrong with it."""
        found: list[Directory] = []
        try:
            for directory in self.directories(most):
                found.append(directory)
        except BrokenError as error:
            return found, str(error)
        return found, None

    def directory(self, at: int) -> tuple[Directory, int]:
        """Read one directory, and where the next one stands."""
        head, step, inline = ("Q", 20, 8) if self.big else ("H", 12, 4)
        (count,) = self.unpack(head, at)
        if count > _MOST_ENTRIES:
            raise BrokenError(f"a directory has {count} entries")
        start = at + struct.calcsize("=" + head)
        found: Directory = {}
        for place in range(start, start + count * step, step):
            tag, kind, *_ = self.unpack("HH", place)
            (number,) = self.unpack("Q" if self.big else "I", place + 4)
            size = struct.calcsize("=" + _LAYOUTS.get(kind, "B")) * number
            value = place + step - inline
            if size > inline:
                (value,) = self.unpack("Q" if self.big else "I", value)
            found.setdefault(tag, IfdEntry(kind, number, value, size))
        (following,) = self.unpack("Q" if self.big else "I", start + count * step)
        return found, following

    def numbers(self, directory: Directory, tag: int, default: int = 0) -> tuple[int, ...]:
        """Return the whole numbers of a tag."""
        entry = directory.get(tag)
        if entry is None:
            return (default,)
        layout = _LAYOUTS.get(entry.type, "B")
        if entry.at + entry.size > len(self.data) or entry.type in (11, 12):
            raise BrokenError(f"the values of tag {tag} lie outside the file")
        if len(layout) > 1:
            layout, count = layout[0], 2 * entry.number
        else:
            count = entry.number
        return self.unpack(f"{count}{layout}", entry.at)

    def raw(self, directory: Directory, tag: int) -> bytes | None:
        """Return the bytes of a tag's values."""
        entry = directory.get(tag)
        if entry is None or entry.at + entry.size > len(self.data):
            return None
        return bytes(self.data[entry.at : entry.at + entry.size])


Value = tuple[int, int, bytes]
"""Type, count, and the values in little-endian order."""


class Branch(NamedTuple):
    """A directory apart from any file: values by tag, and the directories under it."""

    tags: dict[int, Value]
    under: dict[int, Branch]


def branch_of(tiff: Tiff, directory: Directory, leave: frozenset[int] = frozenset()) -> Branch:
    """Take a directory and those under it out of their file; what is broken is left out."""
    values: dict[int, Value] = {}
    under: dict[int, Branch] = {}
    for tag, entry in directory.items():
        if tag in leave or entry.type not in _LAYOUTS:
            continue
        if tag in _POINTERS:
            try:
                below, _ = tiff.directory(tiff.numbers(directory, tag)[0])
                under[tag] = branch_of(tiff, below, leave | {tag})
            except (BrokenError, IndexError):
                continue
        elif (raw := tiff.raw(directory, tag)) is not None:
            values[tag] = (entry.type, entry.number, _little(raw, entry.type, tiff.order))
    return Branch(values, under)


def _little(raw: bytes, kind: int, order: str) -> bytes:
    size = struct.calcsize("=" + _LAYOUTS[kind][0])
    if order == "<" or size == 1:
        return raw
    return b"".join(raw[i : i + size][::-1] for i in range(0, len(raw), size))


def packed(branch: Branch, base: int, following: int = 0) -> bytes:
    """Write a directory as it stands at an even offset of a little-endian TIFF, values after it."""
    tags = sorted({*branch.tags, *branch.under})
    end = base + 2 + 12 * len(tags) + 4
    table, tail = struct.pack("<H", len(tags)), b""
    for tag in tags:
        if tag not in branch.under and len(branch.tags[tag][2]) <= 4:
            table += struct.pack("<HHI4s", tag, *branch.tags[tag])
            continue
        tail += b"\0" * (len(tail) % 2)
        place = end + len(tail)
        if tag in branch.under:
            tail += packed(branch.under[tag], place)
            table += struct.pack("<HHII", tag, 4, 1, place)
        else:
            kind, count, raw = branch.tags[tag]
            tail += raw
            table += struct.pack("<HHII", tag, kind, count, place)
    return table + struct.pack("<I", following) + tail


def rewritten(data: bytes, change: Callable[[int, Branch], None]) -> bytes:
    """Write all directories of a little-endian TIFF again, at its end, each changed."""
    file = Tiff.of(data)
    branches = [branch_of(file, directory) for directory in file.directories(_MOST_PAGES)]
    body, following = bytearray(data), 0
    for number in reversed(range(len(branches))):
        change(number, branches[number])
        body += b"\0" * (len(body) % 2)
        place = len(body)
        body += packed(branches[number], place, following)
        following = place
    struct.pack_into("<I", body, 4, following)
    return bytes(body)
