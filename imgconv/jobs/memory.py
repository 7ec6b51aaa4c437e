"""How much memory there is, how much is used, and how much may be."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from imgconv.model.errors import ArgumentError

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_bytes(text: str) -> int:
    """Read an amount of memory: plain bytes, or with K, M, G or T (powers of 1024).

    Raises
    ------
    ArgumentError
        For anything else.

    Examples
    --------
    >>> parse_bytes("512M"), parse_bytes("1.5G"), parse_bytes("4096")
    (536870912, 1610612736, 4096)
    """
    found = re.fullmatch(
        r"([0-9]{1,15}(?:[.][0-9]{1,6})?) ?([KMGT]?)(?:I?B)?", text.strip().upper()
    )
    if found is None:
        raise ArgumentError(f"{text!r} is no amount of memory", hint="write 800M or 4G")
    return int(float(found[1]) * _UNITS[found[2]])


def default_limit() -> int:
    """Return half of the memory that is free now."""
    return available() // 2


def available() -> int:
    """Return the memory that this process can still get, of the machine or its control group."""
    found = [8 << 30]
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(line for line in lines if line.startswith("MemAvailable"))
        found = [int(free.split()[1]) << 10]
    with contextlib.suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text())
        found.append(limit - int((group / "memory.current").read_text()))
    return max(0, min(found))


def used() -> int:
    """Return the memory that this process uses now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 100 << 20  # where the system does not say: Python with all that is imported
