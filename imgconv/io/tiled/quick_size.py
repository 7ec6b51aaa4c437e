"""A glance at a file: whether there is any need to look into it for its size."""

from __future__ import annotations

from pathlib import Path

from imgconv.io.images.header import read_header

_HEAD = 1 << 16
_MOST_PACKED = 3000  # how many bytes of pixels a byte of a file can stand for
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
            head = file.read(_HEAD)
    except OSError:
        return True
    header = read_header(head)
    if header is None:
        return False
    # A header may lie; what a file of this size can hold bounds it.
    pixels = min(header.values * header.sample, size * _MOST_PACKED)
    return pixels * _MOST_COPIES + _FIXED < limit
