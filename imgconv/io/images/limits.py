"""Bounds on a picture, checked on what its header says, before anything is decoded."""

from __future__ import annotations

import contextlib
from pathlib import Path

from imgconv.io.images.header import Header
from imgconv.io.images.picture import Reading
from imgconv.model.errors import LimitError

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


def free_memory() -> int:
    """Return how many bytes this process may still take."""
    free = [1 << 62]
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free += [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable")]
    with contextlib.suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        most = int((group / "memory.max").read_text())  # "max" is no number, and no limit
        free.append(most - int((group / "memory.current").read_text()))
    with contextlib.suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        most, _ = resource.getrlimit(resource.RLIMIT_AS)
        if most != resource.RLIM_INFINITY:
            taken = int(Path("/proc/self/statm").read_text().split()[0])
            free.append(most - taken * resource.getpagesize())
    return max(min(free), 0)
