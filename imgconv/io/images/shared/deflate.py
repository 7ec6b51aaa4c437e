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
_FIRST = 16
"""Bytes that ISA-L compresses by its code for the end of a block, whatever comes after them."""


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
    ISA-L on x86-64 (2.32.1, in isal 1.9.1) hashes the address of its stream where it should
    hash the third to sixth byte (`.write_first_byte` of igzip_icf_body_h1_gr_bt.asm takes the
    wrong register), so that of some thousand addresses one gives other bytes for the same data.
    Only the code for blocks of more than 16 bytes does so, and only at the start of a stream: the
    first 16 bytes are a block of their own, which costs some 15 bytes.
    """
    packer: Any
    if _library is zlib:
        packer = zlib.compressobj(_QUICK, zlib.DEFLATED, _NO_HEADER, _MEMORY, zlib.Z_RLE)
        return bytes(packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))
    packer = _library.compressobj(_QUICK, zlib.DEFLATED, _NO_HEADER)
    content = memoryview(data).cast("B")
    pieces = [piece for piece in (content[:_FIRST], content[_FIRST:]) if piece]
    return b"".join(packer.compress(p) + packer.flush(zlib.Z_SYNC_FLUSH) for p in pieces)


def inflater() -> Any:
    """Return an object that inflates a zlib stream piece by piece (see `zlib.decompressobj`)."""
    return _library.decompressobj()


Error: tuple[type[Exception], ...] = (zlib.error, _library.error)
"""What inflating raises for bytes that are damaged."""
