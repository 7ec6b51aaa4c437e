"""How much memory there is, how much is used, and how much may be."""

from __future__ import annotations

import os
import re
from pathlib import Path

from imgconv.model.errors import ArgumentError

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


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
    found = re.fullmatch(r"([0-9]{1,15}(?:[.][0-9]{1,6})?)([KMGT]?)(?:I?B)?", text.strip().upper())
    amount = int(float(found[1]) * _UNITS[found[2]]) if found else 0
    if not amount:
        raise ArgumentError(
            f"{text!r} is not an amount of memory", hint="write it as 512M, 4G or in bytes"
        )
    return amount


def default_limit() -> int:
    """Give half of the memory that is free now."""
    return available() // 2


def available() -> int:
    """Give the memory that can be had without swapping, in this container."""
    amounts = [_meminfo()]
    for limit in _LIMITS:
        try:
            amounts.append(int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return min(amounts)


def used() -> int:
    """Give the memory that this process uses now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 100 << 20  # where the system does not say: Python with all that is imported


def _meminfo() -> int:
    try:
        found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
        if found:
            return int(found[1]) << 10
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (ValueError, OSError, AttributeError):
        return 4 << 30
