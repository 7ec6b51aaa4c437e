"""A glance at a file: whether there is any need to look into it for its size."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from imgconv.io.images.formats import read_header, sniff
from imgconv.io.images.header import DamagedError, Header, NotSupportedError

_HEAD = 1 << 16
MOST_PACKED = 3000  # how many bytes of pixels a byte of a file can stand for
_MOST_COPIES = 200  # what the hungriest recipe makes of a byte of pixels
_FIXED = 64 << 20


def is_zarr(path: Path) -> bool:
    """Return whether a path is, or by its name shall be, a Zarr folder."""
    marks = (".zgroup", ".zarray", "zarr.json")
    try:
        return path.suffix == ".zarr" or any((path / mark).is_file() for mark in marks)
    except OSError:
        return False


def is_surely_small(path: Path, limit: int) -> bool:
    """Return whether a file that OpenCV reads, or no regular file, fits in memory in any case."""
    if is_zarr(path):
        return False
    try:
        if not path.is_file():
            return True  # a pipe has no size, and what is read of it is gone
        size = path.stat().st_size
        with path.open("rb") as file:
            header = _header(file)
    except NotSupportedError:
        return True  # it is refused, before it takes any memory
    except OSError:
        return True
    if header is None:
        return False
    # A header may lie; what a file of this size can hold bounds it.
    values = header.pixels * header.channels * -(-header.bits // 8)
    return min(values, size * MOST_PACKED) * _MOST_COPIES + _FIXED < limit


def _header(file: BinaryIO) -> Header | None:
    """Read the header of a file; None where it is of no known format, or not within the head."""
    head = file.read(_HEAD)
    kind = sniff(head)
    if kind is None:
        return None
    try:
        if kind.name != "tiff":
            return read_header(head, kind)
        import mmap

        from imgconv.io.images.formats.tiff.header import read_header as read_tiff

        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return read_tiff(data)
    except DamagedError:
        return None
