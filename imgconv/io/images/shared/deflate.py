"""Deflate: by ISA-L where it is installed, which takes a fifth of zlib's time, else by zlib."""

from __future__ import annotations

import zlib
from importlib import import_module
from types import ModuleType
from typing import Any

_library: ModuleType
try:
    _library = import_module("isal.isal_zlib")
except ImportError:  # there are machines that it is not made for
    _library = zlib

_NO_HEADER = -15
_BASE = 65521  # of Adler's checksum
_QUICK = 1
_MEMORY = 9
_BUFFER = 1 << 16
"""Bytes that ISA-L copies to a buffer of its own; it was not seen to differ with more."""


def library() -> str:
    """Return the name and the version of the library that deflates."""
    if _library is zlib:
        return f"zlib {zlib.ZLIB_RUNTIME_VERSION}"
    return f"isal {import_module('isal').__version__}"


def adler32(data: Any) -> int:
    """Return Adler's checksum of bytes."""
    return int(_library.adler32(data))


def crc32(data: Any, before: int = 0) -> int:
    """Return the cyclic checksum of bytes, going on from that of others."""
    return int(_library.crc32(data, before))


def joined_adler32(first: int, second: int, length: int) -> int:
    """Return Adler's checksum of two byte strings from theirs and the length of the second.

    Examples
    --------
    >>> joined_adler32(adler32(b"one "), adler32(b"two"), 3) == adler32(b"one two")
    True
    """
    low, high = first & 0xFFFF, first >> 16
    sum_low, sum_high = second & 0xFFFF, second >> 16
    joined_low = (low + sum_low - 1) % _BASE
    joined_high = (high + sum_high + length * (low - 1)) % _BASE
    return joined_high << 16 | joined_low


def deflated_block(data: Any) -> bytes:
    """Compress bytes to deflate blocks that end on a byte and go by nothing before them.

    No block is the last one of a stream: others may follow.

    Notes
    -----
    Of some hundred thousand small streams of isal 1.9.1 one had other bytes, which inflate to the
    same. Files are known by their hashes, so these are made until two are alike.
    """
    packed = _packed(data)
    if _library is not zlib and memoryview(data).nbytes < _BUFFER:
        while (again := _packed(data)) != packed:
            packed = again
    return packed


def _packed(data: Any) -> bytes:
    packer: Any
    if _library is zlib:
        packer = zlib.compressobj(_QUICK, zlib.DEFLATED, _NO_HEADER, _MEMORY, zlib.Z_RLE)
    else:
        packer = _library.compressobj(_QUICK, zlib.DEFLATED, _NO_HEADER)
    return bytes(packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))


def inflater() -> Any:
    """Return an object that inflates a zlib stream piece by piece (see `zlib.decompressobj`)."""
    return _library.decompressobj()


Error: tuple[type[Exception], ...] = (zlib.error, _library.error)
"""What inflating raises for bytes that are damaged."""
