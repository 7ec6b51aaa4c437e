"""PNM, PAM and PFM: https://netpbm.sourceforge.net/doc/; plain pixels after a few words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgconv.io.images.header import (
    MOST_PAGES,
    DamagedError,
    Header,
    NotSupportedError,
    PageHeader,
    spread_note,
)
from imgconv.io.images.picture import Encoding, Image, Picture

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_NUMBER = rb"(?:\s|#[^\n\r]*[\n\r])+(\d{1,10})"
_PLAIN = re.compile(rb"P[1-6]" + _NUMBER * 2)
_WITH_WHITE = re.compile(_NUMBER)
_FLOATS = re.compile(rb"P[Ff]\s+(\d{1,10})\s+(\d{1,10})\s+([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s")
_PAM = re.compile(rb"([A-Z]+)[ \t]+([^\n]*)\n")
_TUPLES = {1: "GRAYSCALE", 2: "GRAYSCALE_ALPHA", 3: "RGB", 4: "RGB_ALPHA"}

BINARY = (b"P4", b"P5", b"P6", b"P7", b"PF", b"Pf")
_LONGEST_HEAD = 1 << 16


class Stored(NamedTuple):
    """One of the pictures of a file: where it begins, and its own header."""

    at: int
    header: Header


def read_header(data: bytes) -> Header:
    """Read the lines before the pixels of all pictures; `extra` is a `Stored` for each."""
    pictures: list[Stored] = []
    at: int | None = 0
    damage = None
    while at is not None and len(pictures) < MOST_PAGES:
        try:
            header, following = _one(data, at)
        except DamagedError as error:
            if not pictures:
                raise
            damage = f"picture {len(pictures) + 1}: {error}"
            break
        pictures.append(Stored(at, header))
        damage, at = header.damage, following
    first = pictures[0].header
    if len(pictures) == 1:
        return first._replace(damage=damage, extra=tuple(pictures))
    headers = [picture.header for picture in pictures]
    return first._replace(
        channels=max(header.channels for header in headers),
        bits=max(header.bits for header in headers),
        pages=len(headers),
        pixels=sum(header.width * header.height for header in headers),
        notes=tuple(dict.fromkeys(note for header in headers for note in header.notes)),
        damage=damage,
        each=tuple(
            PageHeader(h.width, h.height, h.channels, h.bits, 0, 0, 1, False, False)
            for h in headers
        ),
        extra=tuple(pictures),
    )


def _one(data: bytes, at: int) -> tuple[Header, int | None]:
    """Read one header; return where the next picture begins, too, as in what ffmpeg pipes."""
    head = data[at : at + _LONGEST_HEAD] if at else data
    header = _headed(head)
    white, start, order = header.extra
    header = header._replace(extra=(white, at + start, order))
    size = _pixel_bytes(header, head[:2])
    if size is None:
        return header, None
    needed = at + start + size
    if needed > len(data):
        return header._replace(damage=f"it has {len(data)} of {needed} bytes"), None
    return header, needed if data[needed : needed + 2] in BINARY else None


def _headed(head: bytes) -> Header:
    """Read the header of one picture; `extra` is white, where pixels begin, and their order."""
    if head[:2] == b"P7":
        header = _read_pam(head)
    elif head[:2] in (b"PF", b"Pf"):
        header = _read_floats(head)
    else:
        header = _read_plain(head)
    white, _, _ = header.extra
    if header.bits != 32 and not 1 <= white <= 65535:
        raise DamagedError(f"its white is {white}; 1 to 65535 can be")
    if header.width < 1 or header.height < 1:
        raise DamagedError(f"its size is {header.width} x {header.height}")
    return header


def _pixel_bytes(header: Header, mark: bytes) -> int | None:
    """Return how many bytes the pixels take; None where they are words."""
    if mark in (b"P1", b"P2", b"P3"):
        return None
    row = (header.width + 7) // 8 if mark == b"P4" else (
        header.width * header.channels * (header.bits // 8)
    )  # fmt: skip
    return row * header.height


def measured(head: bytes) -> tuple[Header, int | None] | None:
    """Read the first header of a stream, of which these are the first bytes.

    Returns
    -------
    (Header, int or None) or None
        And how many bytes the picture takes, which is not known where values are words. None where
        the header goes on.

    Raises
    ------
    DamagedError, NotSupportedError
        When it makes no sense.
    """
    try:
        header = _headed(head)
    except DamagedError:
        if len(head) < _LONGEST_HEAD:
            return None
        raise
    start = header.extra[1]
    if start > len(head):  # the last number may go on
        return None
    size = _pixel_bytes(header, head[:2])
    plain = header._replace(pixels=header.width * header.height)
    return plain, None if size is None else start + size


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
    pictures = [header.extra[number] for number in wanted]
    return [_decoded(data, picture.header, picture.at, salvage) for picture in pictures]


def _decoded(data: bytes, header: Header, at: int, salvage: bool) -> Image:
    white, start, order = header.extra
    shape = (header.height, header.width, header.channels)
    mark = data[at : at + 2]
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
        raise DamagedError("a pixel value is not a number") from None
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
    """Encode as the binary variant of the format, several pictures one behind the other."""
    del encoding
    notes = ("the delays between the frames are not kept",) if picture.delays else ()
    return b"".join(_encoded(page, kind.name) for page in picture.pages), notes


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
