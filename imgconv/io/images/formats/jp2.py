"""JPEG 2000: ITU-T T.800, the file format and the bare codestream."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.io.images.header import DamagedError, Header, NotSupportedError, unpack
from imgconv.io.images.picture import Image
from imgconv.io.images.shared import opencv
from imgconv.io.images.shared.boxes import boxes, find

_SIZE = b"\xff\x4f\xff\x51"
_SRGB, _GRAY = 16, 17


def read_header(data: bytes) -> Header:
    """Read the size segment of the codestream."""
    at = data.find(_SIZE)
    if at < 0:
        raise DamagedError("it has no codestream")
    x1, y1, x0, y0 = unpack(">4I", data, at + 8, "its header")
    (components,) = unpack(">H", data, at + 40, "its header")
    bits = (unpack("B", data, at + 42, "its header")[0] & 127) + 1
    if components not in (1, 3, 4):
        raise NotSupportedError(f"JPEG 2000 with {components} channels")
    if bits not in (8, 16):
        raise NotSupportedError(f"JPEG 2000 of {bits} bits")
    _check_samples(data, at + 42, components)
    if at > 0:
        _check_colour(data, at)
    damage = None if data.rstrip(b"\0").endswith(b"\xff\xd9") else "it ends before its last marker"
    return Header(x1 - x0, y1 - y0, components, bits, damage=damage)


def _check_samples(data: bytes, at: int, components: int) -> None:
    """Check that all components have the depth and the size of the first, without sign."""
    said = unpack(f"{3 * components}B", data, at, "its header")
    if any(depth & 128 for depth in said[::3]):
        raise NotSupportedError("JPEG 2000 of signed samples")
    if len(set(said[::3])) > 1:
        raise NotSupportedError("JPEG 2000 with channels of several depths")
    if set(said[1::3]) | set(said[2::3]) != {1}:
        raise NotSupportedError("JPEG 2000 with subsampled channels")


def _check_colour(data: bytes, stop: int) -> None:
    """Check the boxes before the codestream: no palette, and gray, sRGB or a profile."""
    place = find(data, (b"jp2h",), 0, len(data))
    for kind, body, _ in boxes(data, *place) if place else ():
        if kind in (b"pclr", b"cmap"):
            raise NotSupportedError("JPEG 2000 with a palette")
        if kind == b"colr" and data[body] == 1 and body + 7 <= stop:
            (space,) = unpack(">I", data, body + 3, "its colour space")
            if space not in (_SRGB, _GRAY):
                raise NotSupportedError(f"JPEG 2000 in colour space {space}")


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode by OpenCV."""
    del wanted, salvage
    return [opencv.decode(data, header)]
