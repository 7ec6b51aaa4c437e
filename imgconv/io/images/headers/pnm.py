"""PNM, PAM and PFM: https://netpbm.sourceforge.net/doc/."""

from __future__ import annotations

import re

from imgconv.io.images.headers.base import DamagedError, Header, NotSupportedError

_NUMBER = rb"(?:\s|#[^\n\r]*[\n\r])+(\d{1,10})"
_PLAIN = re.compile(rb"P[1-6]" + _NUMBER * 2)
_WITH_WHITE = re.compile(_NUMBER)
_FLOATS = re.compile(rb"P[Ff]\s+(\d{1,10})\s+(\d{1,10})\s+([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s")
_PAM = re.compile(rb"([A-Z]+)[ \t]+([^\n]*)\n")


def read(data: bytes) -> Header:
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
    notes = () if white in (1, full) else (f"white was {white}; the values were spread to {full}",)
    bits = 8 if white < 256 else 16
    return Header(width, height, channels, bits, notes=notes, extra=(white, start, ">"))
