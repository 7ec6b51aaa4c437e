"""LZW of TIFF: how long a segment is when it is decoded."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.io.images.shared import extra

_CLEAR, _END, _FIRST = 256, 257, 258
_MOST_CODES = 3839
"""How many codes may follow a clearing code before the table is full, and one more."""


def _starts() -> tuple[NDArray[Any], NDArray[Any]]:
    """Return at which bit after a clearing code each code starts, and how wide it is."""
    table = _FIRST + np.arange(_MOST_CODES) - 1  # entries made when a code is read
    widths = 9 + (table >= 511).astype(np.int64) + (table >= 1023) + (table >= 2047)
    return np.concatenate([[0], np.cumsum(widths)[:-1]]), widths


_AT, _WIDTHS = _starts()
_ENDS = _AT + _WIDTHS
_MASKS = (1 << _WIDTHS) - 1
_ROOM = 32 - _WIDTHS
_PLACES = np.arange(_MOST_CODES)


def lzw_flaw(packed: bytes, sizes: set[int]) -> str | None:
    """Return what is wrong with a segment that decodes to one of these sizes; None for nothing."""
    if packed[:1] == b"\0" and packed[1:2] and packed[1] & 1:
        return None  # the order of bits of old writers, which is not checked
    if _is_whole(packed, sizes):
        return None
    octets = np.frombuffer(packed + bytes(8), np.uint8).astype(np.uint32)
    joined = (octets[:-3] << 24) | (octets[1:-2] << 16) | (octets[2:-1] << 8) | octets[3:]
    words = joined.astype(np.int64)
    bits, at, size, most = 8 * len(packed), 0, 0, max(sizes)
    while at + 9 <= bits and size <= most:
        count = int(np.searchsorted(_ENDS, bits - at, "right"))
        starts = at + _AT[:count]
        codes = (words[starts >> 3] >> (_ROOM[:count] - (starts & 7))) & _MASKS[:count]
        stops = np.flatnonzero((codes == _CLEAR) | (codes == _END))
        stop = int(stops[0]) if len(stops) else count
        lengths = _lengths(codes[:stop])
        if lengths is None:
            return "a code that stands for nothing"
        size += int(lengths.sum())
        if stop == count or codes[stop] == _END:
            break
        at += int(_ENDS[stop])
    if size not in sizes:
        return (
            f"{'more than ' if size > most else ''}{min(size, most)} bytes instead of {min(sizes)}"
        )
    return None


def _is_whole(packed: bytes, sizes: set[int]) -> bool:
    """Return whether the library of the extra ``formats`` decodes a segment to one of these sizes.

    It takes a fifth of the time; what is wrong with a segment is found without it.
    """
    library = _library()
    if library is None:
        return False
    try:
        return len(library.lzw_decode(packed, out=max(sizes) + 1)) in sizes
    except Exception:  # each codec has an error of its own
        return False


@cache
def _library() -> Any:
    return import_module("imagecodecs") if extra.has("imagecodecs") else None


def _lengths(codes: NDArray[Any]) -> NDArray[Any] | None:
    """Return how many bytes each code stands for; None where one is not in the table yet."""
    before = codes - _FIRST  # an entry is one longer than the code that was read when it was made
    if (before >= _PLACES[: len(codes)]).any():
        return None
    lengths = np.ones(len(codes) + 1, np.int64)
    lengths[0] = 0  # where all chains end
    parents = np.zeros(len(codes) + 1, np.int64)
    np.maximum(before + 1, 0, out=parents[1:])
    while parents.any():  # each pass doubles how far it looks
        lengths += lengths[parents]
        parents = parents[parents]
    return lengths


def literal(plain: bytes) -> bytes:
    """Compress bytes as codes of nine bits that stand for themselves."""
    codes: list[int] = []
    for at in range(0, len(plain), 240):
        codes += [_CLEAR, *plain[at : at + 240]]
    codes += [_END]
    bits = (np.array(codes, np.uint16)[:, None] >> np.arange(8, -1, -1, dtype=np.uint16)) & 1
    return np.packbits(bits.astype(np.uint8).ravel()).tobytes()
