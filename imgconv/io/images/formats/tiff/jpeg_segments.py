"""JPEG within TIFF: each tile or strip is a JPEG whose tables may stand elsewhere.

What its components are is said by the TIFF (Technical Note 2 of TIFF 6.0), whatever markers say.
"""

from __future__ import annotations

import simplejpeg

from imgconv.io.images.formats.tiff.layouts import YCBCR
from imgconv.io.images.picture import Image

_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
_SOI, _EOI, _SOS = b"\xff\xd8", b"\xff\xd9", 0xDA
_SAYING = {0xE0, 0xEE}
"""Markers that say what components are: JFIF's and Adobe's."""
_SPACES = {1: "GRAY", 3: "RGB", 4: "CMYK"}


def decode(packed: bytes, tables: bytes, photometric: int, samples: int, *, strict: bool) -> Image:
    """Decode a segment: YCbCr to RGB, all else as it is stored.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, samples)

    Raises
    ------
    ValueError
        With what is wrong with it.
    """
    if packed[:2] != _SOI:
        raise ValueError("it does not begin as a JPEG")
    transform = 1 if photometric == YCBCR else 0
    marker = _ADOBE + bytes([transform]) if samples > 1 else b""
    whole = _SOI + marker + _without_words(tables.removesuffix(_EOI)) + _without_words(packed)
    try:
        found: Image = simplejpeg.decode_jpeg(whole, _SPACES[samples], strict=strict)
    except ValueError as error:
        text = str(error).removeprefix("Corrupt JPEG data: ")
        raise ValueError(text[:1].lower() + text[1:80]) from None
    return found


def _without_words(data: bytes) -> bytes:
    """Return what follows the first marker of a JPEG, without what says what components are."""
    parts, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if kind == 0xFF:  # a fill byte
            at += 1
            continue
        if kind == _SOS:
            break
        end = at + 2 + (data[at + 2] << 8 | data[at + 3])
        if kind not in _SAYING:
            parts.append(data[at:end])
        at = end
    return b"".join([*parts, data[at:]])
