"""How much memory a run may take, and a picture will."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from imgconv.io.header import read_header
from imgconv.model.errors import ArgumentError, LimitError
from imgconv.model.output import Depth
from imgconv.model.recipe import Recipe

DEFAULT_SHARE = 0.5
"""Of the memory that is available when the run starts."""
SUPERVISOR = 60 << 20
WORKER = 220 << 20
"""What a process takes beside pictures: libraries, and freed memory that it keeps for the next."""
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_FIXED = 4 << 20
_BYTES = {Depth.U8: 1, Depth.U16: 2, Depth.I16: 2, Depth.F32: 4}


def parse_bytes(text: str) -> int:
    """Read a number of bytes such as ``4G`` or ``512M``.

    Raises
    ------
    ArgumentError
        When it is none.

    Examples
    --------
    >>> parse_bytes("1.5K"), parse_bytes("2GiB")
    (1536, 2147483648)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if not match:
        raise ArgumentError(f"{text!r} is no amount of memory", hint="write 800M or 4G")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def available() -> int:
    """Give the memory that this process could still get: the machine's, or its control group's."""
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


def budget(limit: int, workers: int) -> tuple[int, int]:
    """Share memory out.

    Returns
    -------
    (int, int)
        How many workers there may be, and the bytes for all their pictures together.

    Raises
    ------
    LimitError
        When it is too little for one.
    """
    least = SUPERVISOR + WORKER + (8 << 20)
    if limit < least:
        raise LimitError(
            f"--max-memory {limit >> 20}M is too little for one worker",
            hint=f"at least {(least >> 20) + 1}M is needed",
        )
    count = max(1, min(workers, (limit - SUPERVISOR) // (WORKER + (32 << 20))))
    return count, limit - SUPERVISOR - count * WORKER


def need_of(data: bytes, recipe: Recipe) -> int:
    """Give a bound of the memory that filtering a file takes, from its header.

    A picture is held as it was decoded, with its channels swapped, before and after each stage,
    and swapped again; a progressive JPEG has its coefficients beside that. Measured, not proved.
    """
    header = read_header(data)
    if header is None:
        return 0
    depth = recipe.settings.depth
    after = header.sample if depth is None else _BYTES[depth]
    per_value = 3 * header.sample + 4 * after + 2
    if recipe.binarize is not None:
        per_value += 32  # local thresholds are computed in float64
    return _FIXED + 2 * len(data) + header.values * per_value
