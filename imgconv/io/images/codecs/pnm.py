"""PNM, PAM and PFM: plain pixels after a few words, so that their white can be heeded."""

from __future__ import annotations

import re

import numpy as np

from imgconv.io.images.headers.base import DamagedError, Header
from imgconv.io.images.picture import Image

_TUPLES = {1: "GRAYSCALE", 2: "GRAYSCALE_ALPHA", 3: "RGB", 4: "RGB_ALPHA"}


def decode(data: bytes, header: Header, salvage: bool) -> Image:
    """Decode; values up to another white than 255 and 65535 are spread over the range."""
    white, start, order = header.extra
    shape = (header.height, header.width, header.channels)
    mark = data[:2]
    if mark in (b"P1", b"P2", b"P3"):
        values = _words(data[start - 1 :], mark == b"P1", int(np.prod(shape)), salvage)
    else:
        stored = {b"PF": "f4", b"Pf": "f4", b"P4": "u1"}.get(mark, f"u{header.bits // 8}")
        row = -(-header.width // 8) if mark == b"P4" else header.width * header.channels
        count = row * header.height
        needed = start + count * np.dtype(stored).itemsize
        plain = data if len(data) >= needed else data.ljust(needed, b"\0")
        values = np.frombuffer(plain, f"{order}{stored}", count, start)
        if mark == b"P4":
            bits = values.reshape(header.height, row)
            values = np.unpackbits(bits, axis=1, count=header.width)
    if mark in (b"P1", b"P4"):
        values = 1 - values
    pixels = _spread(values, white, header.bits, salvage).reshape(shape)
    if mark in (b"PF", b"Pf"):
        pixels = pixels[::-1]  # its first row is the lowest
    return np.ascontiguousarray(pixels[..., 0] if header.channels == 1 else pixels)


def _words(text: bytes, bits: bool, count: int, salvage: bool) -> Image:
    text = re.sub(rb"#[^\n\r]*", b"", text)
    words = re.findall(rb"[^\s]", text[: 4 * count + 4096]) if bits else text.split(None, count)
    try:
        values = np.fromiter(map(int, words[:count]), np.int64)
    except (ValueError, OverflowError):
        raise DamagedError("there is a word among its pixels that is no number") from None
    if len(values) < count:
        if not salvage:
            raise DamagedError(f"it has {len(values)} of {count} values")
        values = np.pad(values, (0, count - len(values)))
    return values


def _spread(values: Image, white: int, bits: int, salvage: bool) -> Image:
    if bits == 32:
        return values.astype(np.float32)
    if values.size and int(values.max()) > white:
        if not salvage:
            raise DamagedError(f"a value is {int(values.max())}, and white is {white}")
        values = np.minimum(values, white)
    full = (1 << bits) - 1
    kind = np.uint8 if bits == 8 else np.uint16
    if white == full:
        return values.astype(kind)
    # A quotient of such small numbers is never so near to a half that float64 mistakes it.
    return np.rint(values.astype(np.float64) * full / white).astype(kind)


def encode(image: Image, kind: str) -> bytes:
    """Encode as the binary variant of the format."""
    rows, columns = image.shape[:2]
    channels = 1 if image.ndim == 2 else image.shape[2]
    if kind == "pfm":
        mark = "Pf" if channels == 1 else "PF"
        head = f"{mark}\n{columns} {rows}\n-1.0\n"
        return head.encode() + np.ascontiguousarray(image[::-1], "<f4").tobytes()
    white = np.iinfo(image.dtype).max
    if kind == "pam":
        head = (
            f"P7\nWIDTH {columns}\nHEIGHT {rows}\nDEPTH {channels}\nMAXVAL {white}\n"
            f"TUPLTYPE {_TUPLES[channels]}\nENDHDR\n"
        )
    else:
        head = f"P{5 if channels == 1 else 6}\n{columns} {rows}\n{white}\n"
    return head.encode() + np.ascontiguousarray(image, f">u{image.itemsize}").tobytes()
