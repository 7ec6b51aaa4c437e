"""JPEG 2000: ITU-T T.800, the file format and the bare codestream."""

from __future__ import annotations

from imgconv.io.images.headers.base import DamagedError, Header, unpack

_SIZE = b"\xff\x4f\xff\x51"


def read(data: bytes) -> Header:
    """Read the size segment of the codestream."""
    at = data.find(_SIZE)
    if at < 0:
        raise DamagedError("it has no codestream")
    x1, y1, x0, y0 = unpack(">4I", data, at + 8, "its header")
    (components,) = unpack(">H", data, at + 40, "its header")
    bits = (unpack("B", data, at + 42, "its header")[0] & 127) + 1
    if components not in (1, 3, 4):
        raise DamagedError(f"it has {components} channels; 1, 3 and 4 are read")
    if bits not in (8, 16):
        raise DamagedError(f"it has {bits} bits; 8 and 16 are read")
    damage = None if data.rstrip(b"\0").endswith(b"\xff\xd9") else "it ends before its last marker"
    return Header(x1 - x0, y1 - y0, components, bits, damage=damage)
