"""The bytes of TIFF tiles and strips, decompressed: by zlib, lzma, libtiff and imagecodecs."""

from __future__ import annotations

import struct
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.io.images.formats.tiff.layouts import EXTRA_NAMES, LZMA, ZSTD
from imgconv.io.images.formats.tiff.segments import DEFLATE, LZW, NONE, PACKBITS, inflate
from imgconv.io.images.picture import Image

_WIDEST = 1 << 16


def has_extra() -> bool:
    """Return whether the library of the extra ``formats`` is there."""
    return find_spec("imagecodecs") is not None


def plain(packed: bytes, compression: int, sizes: set[int], row_bytes: int) -> bytes:
    """Decompress a segment of which the length is one of these.

    Raises
    ------
    ValueError
        When it is damaged, or of another length.
    """
    if compression == NONE:
        data = packed[: max(size for size in sizes if size <= len(packed))]
    elif compression in DEFLATE:
        data = inflate(packed, sizes)
    elif compression == PACKBITS:
        data = _runs(packed)
    elif compression == LZW:
        data = _by_libtiff(packed, max(sizes), row_bytes) or _by_libtiff(
            packed, min(sizes), row_bytes
        )
    else:
        data = _by_library(packed, compression, max(sizes))
    if len(data) not in sizes:
        raise ValueError(f"{len(data)} bytes instead of {min(sizes)}")
    return data


def _runs(packed: bytes) -> bytes:
    """Decode PackBits."""
    parts: list[bytes] = []
    at = 0
    while at < len(packed):
        head = packed[at]
        if head < 128:
            parts.append(packed[at + 1 : at + 2 + head])
            at += head + 2
        else:
            if head > 128:
                parts.append(packed[at + 1 : at + 2] * (257 - head))
            at += 2 if head > 128 else 1
    return b"".join(parts)


def _by_libtiff(packed: bytes, size: int, row_bytes: int) -> bytes:
    """Decode LZW: OpenCV's libtiff is given a gray picture of the bytes."""
    width = row_bytes
    while width > _WIDEST and width % 2 == 0:
        width //= 2
    fields = [(256, width), (257, size // width), (258, 8), (259, LZW), (262, 1), (273, 8),
              (277, 1), (278, size // width), (279, len(packed))]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields)
    start = 8 + len(packed) + len(packed) % 2
    file = struct.pack("<4sI", b"II*\0", start) + packed.ljust(start - 8, b"\0")
    file += struct.pack("<H", len(fields)) + entries + bytes(4)
    cv2 = load_cv2()
    try:
        found = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        found = None
    return b"" if found is None else bytes(found.tobytes())


def _by_library(packed: bytes, compression: int, most: int) -> bytes:
    if compression == LZMA:
        import lzma

        try:
            return lzma.LZMADecompressor().decompress(packed, most + 1)
        except lzma.LZMAError as error:
            raise ValueError(str(error).lower()) from None
    assert compression == ZSTD
    codecs: Any = import_module("imagecodecs")
    try:
        return bytes(codecs.zstd_decode(packed, out=most))
    except Exception as error:  # each codec has an error of its own
        raise ValueError(f"it does not decode ({error})") from None


def image(packed: bytes, compression: int, shape: tuple[int, ...], kind: np.dtype[Any]) -> Image:
    """Decode a segment that is a picture of its own.

    Raises
    ------
    ValueError
        When it is damaged, or of another size or depth.
    """
    codecs: Any = import_module("imagecodecs")
    name = EXTRA_NAMES[compression]
    try:
        found: Image = getattr(codecs, f"{name}_decode")(packed)
    except Exception as error:  # each codec has an error of its own
        raise ValueError(f"it does not decode ({error})") from None
    return fitting(found, shape, kind)


def fitting(found: Image, shape: tuple[int, ...], kind: np.dtype[Any]) -> Image:
    """Return the rows of a decoded segment that are wanted.

    Raises
    ------
    ValueError
        When it is of another size or depth.
    """
    if found.ndim == 2:
        found = found[..., None]
    if found.dtype != kind or found.shape[1:] != shape[1:] or found.shape[0] < shape[0]:
        said = f"{found.dtype} of shape {found.shape}"
        raise ValueError(f"it decodes to {said}, not {kind} of {shape}")
    return found[: shape[0]]
