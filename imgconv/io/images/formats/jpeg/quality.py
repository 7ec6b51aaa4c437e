"""The quality that a JPEG was encoded with, from its quantisation tables."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from functools import cache

# ITU-T T.81, tables K.1 and K.2, in zigzag order.
_LUMA = (
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37,
    29, 40, 58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81,
    87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
)  # fmt: skip
_CHROMA = (
    17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, *[99] * 48,
)  # fmt: skip


def quality_of(tables: Mapping[int, tuple[int, ...]]) -> int | None:
    """Return the least quality whose tables are at least as fine as these, on the whole.

    That is the very quality for a file of libjpeg's scale, which most programs use.
    """
    qualities = [
        1 + bisect_left(_fineness(_CHROMA if number == 1 else _LUMA), -sum(table))
        for number, table in tables.items()
        if number < 2
    ]
    return min(max(qualities), 100) if qualities else None


@cache
def _fineness(table: tuple[int, ...]) -> tuple[int, ...]:
    """Return minus the sum of a scaled table for each quality; it never falls."""
    return tuple(-sum(_scaled(table, quality)) for quality in range(1, 101))


def _scaled(table: tuple[int, ...], quality: int) -> list[int]:
    """Scale a table as libjpeg does (jcparam.c: jpeg_quality_scaling)."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return [min(max((value * percent + 50) // 100, 1), 255) for value in table]
