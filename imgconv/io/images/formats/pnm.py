"""PNM, PAM and PFM: https://netpbm.sourceforge.net/doc/; plain pixels after a few words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgconv.io.images.header import DamagedError, Header, NotSupportedError, spread_note
from imgconv.io.images.picture import Encoding, Image, Picture

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_NUMBER = rb"(?:\s|#[^\n\r]*[\n\r])+(\d{1,10})"
_PLAIN = re.compile(rb"P[1-6]" + _NUMBER * 2)
_WITH_WHITE = re.compile(_NUMBER)
_FLOATS = re.compile(rb"P[Ff]\s+(\d{1,10})\s+(\d{1,10})\s+([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s")
_PAM = re.compile(rb"([A-Z]+)[ \t]+([^\n]*)\n")
_TUPLES = {1: "GRAYSCALE", 2: "GRAYSCALE_ALPHA", 3: "RGB", 4: "RGB_ALPHA"}


def read_header(data: bytes) -> Header:
    """Read the lines before the pixels; `extra` is white, scale and where the pixels begin."""
    if data[:2] == b"P7":
        header = _read_pam(data)
    elif data[:2] in (b"PF", b"Pf"):
        header = _read_floats(data)
    else:
        header = _read_plain(data)
    white, start, _ = header.extra
    if header.bits != 32 and not 1 <= white <= 65535:
        raise DamagedError(f"its white is {white}; 1 to 65535 can be")
    if data[:2] in (b"P1", b"P2", b"P3"):
        return header
    row = (header.width + 7) // 8 if data[:2] == b"P4" else (
        header.width * header.channels * (header.bits // 8)
    )  # fmt: skip
    needed = start + row * header.height
    if needed > len(data):
        return header._replace(damage=f"it has {len(data)} of {needed} bytes")
    return header


def _read_plain(data: bytes) -> Header:
    found = _PLAIN.match(data)
    if not found:
        raise DamagedError("its header is not complete")
    width, height = int(found[1]), int(found[2])
    end, white = found.end(), 1
    if data[1:2] not in b"14":
        shade = _WITH_WHITE.match(data, end)
        if not shade:
            raise DamagedError("its header is not complete")
        end, white = shade.end(), int(shade[1])
    channels = 3 if data[1:2] in b"36" else 1
    return _made(width, height, channels, white, end + 1)


def _read_pam(data: bytes) -> Header:
    head, end, _ = data[:4096].partition(b"ENDHDR\n")
    fields = {key: value.strip() for key, value in _PAM.findall(head)}
    try:
        numbers = [int(fields[key]) for key in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")]
    except (KeyError, ValueError):
        raise DamagedError("its header is not complete") from None
    width, height, channels, white = numbers
    if not end:
        raise DamagedError("its header is not complete")
    if channels not in (1, 2, 3, 4):
        raise NotSupportedError(f"PAM with {channels} channels")
    return _made(width, height, channels, white, len(head) + len(end))


def _read_floats(data: bytes) -> Header:
    found = _FLOATS.match(data)
    if not found or not float(found[3]):
        raise DamagedError("its header is not complete")
    channels = 3 if data[1:2] == b"F" else 1
    order = "<" if float(found[3]) < 0 else ">"
    return Header(
        int(found[1]), int(found[2]), channels, 32, extra=(1, found.end(), order)
    )  # fmt: skip


def _made(width: int, height: int, channels: int, white: int, start: int) -> Header:
    full = 255 if white < 256 else 65535
    notes = () if white in (1, full) else (spread_note(white, full),)
    bits = 8 if white < 256 else 16
    return Header(width, height, channels, bits, notes=notes, extra=(white, start, ">"))


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode; values up to another white than 255 and 65535 are spread over the range."""
    del wanted
    return [_decoded(data, header, salvage)]


def _decoded(data: bytes, header: Header, salvage: bool) -> Image:
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


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode as the binary variant of the format."""
    del encoding
    return _encoded(picture.pages[0], kind.name), ()


def _encoded(image: Image, kind: str) -> bytes:
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
