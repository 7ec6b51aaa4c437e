"""Bounds on a picture, checked on what its header says, before anything is decoded."""

from __future__ import annotations

from imgconv.io.images.header import Header
from imgconv.io.images.picture import Reading
from imgconv.model.errors import LimitError
from imgconv.system.memory import free_memory

_COPIES = 3  # decoded, filtered, encoded
_NEVER_TOO_MUCH = 64 << 20


def check(header: Header, reading: Reading, name: str) -> None:
    """Check the number of pixels, and that they fit in memory.

    Raises
    ------
    LimitError
        With the limit, the value and the flag.
    """
    pages = f" on {header.pages} pages" if header.pages > 1 else ""
    if header.pixels > reading.max_pixels:
        raise LimitError(
            f"{name}: {header.width} x {header.height}{pages} is {header.pixels} pixels; "
            f"the limit is {reading.max_pixels}",
            hint=f"--max-pixels {header.pixels} allows it",
        )
    if max(header.width, header.height) > 1 << 20:
        raise LimitError(f"{name}: {header.width} x {header.height}; a side is at most 2^20")
    needed = _COPIES * header.pixels * header.channels * -(-header.bits // 8)
    if needed > _NEVER_TOO_MUCH and needed > (free := free_memory()):
        raise LimitError(
            f"{name}: {header.width} x {header.height}{pages} needs {needed >> 20} MiB; "
            f"{free >> 20} MiB are free",
            hint="--page takes one page" if header.pages > 1 else "use a smaller image",
        )
