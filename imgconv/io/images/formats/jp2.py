"""JPEG 2000: ITU-T T.800, the file format and the bare codestream."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from imgconv.io.images.header import (
    DamagedError,
    Header,
    NotSupportedError,
    spread_note,
    unpack,
)
from imgconv.io.images.picture import Image
from imgconv.io.images.shared import opencv
from imgconv.io.images.shared.boxes import boxes, find
from imgconv.io.images.shared.levels import spread

_SIZE = b"\xff\x4f\xff\x51"
_SRGB, _GRAY = 16, 17


def read_header(data: bytes) -> Header:
    """Read the size segment of the codestream, and the boxes before it; `extra` is the palette."""
    at = data.find(_SIZE)
    if at < 0:
        raise DamagedError("it has no codestream")
    x1, y1, x0, y0 = unpack(">4I", data, at + 8, "its header")
    (components,) = unpack(">H", data, at + 40, "its header")
    bits = (unpack("B", data, at + 42, "its header")[0] & 127) + 1
    if components not in (1, 2, 3, 4):
        raise NotSupportedError(f"JPEG 2000 with {components} channels")
    if not 8 <= bits <= 16 or (components == 2 and bits != 8):
        several = " and gray with alpha" if components == 2 else ""
        raise NotSupportedError(f"JPEG 2000 of {bits} bits{several}")
    _check_samples(data, at + 42, components)
    palette = _check_colour(data, at, components, bits) if at > 0 else None
    if components == 2 and at == 0:
        raise NotSupportedError("JPEG 2000 codestream with 2 channels")
    damage = None if data.rstrip(b"\0").endswith(b"\xff\xd9") else "it ends before its last marker"
    notes = () if bits in (8, 16) else (spread_note((1 << bits) - 1, 65535),)
    if at > 0 and _has_profile(data):
        notes = (*notes, "jp2: the ICC profile is not kept")
    if palette is not None:
        components = 3
    return Header(
        x1 - x0, y1 - y0, components, bits, notes=notes, damage=damage, extra=(palette, at)
    )


def _check_samples(data: bytes, at: int, components: int) -> None:
    """Check that all components have the depth and the size of the first, without sign."""
    said = unpack(f"{3 * components}B", data, at, "its header")
    if any(depth & 128 for depth in said[::3]):
        raise NotSupportedError("JPEG 2000 of signed samples")
    if len(set(said[::3])) > 1:
        raise NotSupportedError("JPEG 2000 with channels of several depths")
    if set(said[1::3]) | set(said[2::3]) != {1}:
        raise NotSupportedError("JPEG 2000 with subsampled channels")


def _check_colour(data: bytes, stop: int, components: int, bits: int) -> bytes | None:
    """Check the boxes before the codestream: gray, sRGB or a profile; return the palette.

    Returns
    -------
    bytes or None
        RGB of each index.
    """
    place = find(data, (b"jp2h",), 0, len(data))
    entries: bytes | None = None
    mapped: bytes | None = None
    for kind, body, end in boxes(data, *place) if place else ():
        if kind == b"pclr":
            entries = data[body:end]
        elif kind == b"cmap":
            mapped = data[body:end]
        elif kind == b"cdef":
            _check_meanings(data[body:end], components)
        elif kind == b"colr" and data[body] == 1 and body + 7 <= stop:
            (space,) = unpack(">I", data, body + 3, "its colour space")
            if space not in (_SRGB, _GRAY):
                raise NotSupportedError(f"JPEG 2000 in colour space {space}")
    if entries is None and mapped is None:
        return None
    return _palette(entries, mapped, components, bits)


def _has_profile(data: bytes) -> bool:
    place = find(data, (b"jp2h",), 0, len(data))
    said = boxes(data, *place) if place else ()
    return any(
        kind == b"colr" and data[body : body + 1] in (b"\2", b"\3") for kind, body, _ in said
    )


def _check_meanings(said: bytes, components: int) -> None:
    """Check that channels lie in the usual order, and that a last one is alpha as it is."""
    (count,) = unpack(">H", said, 0, "its channels")
    listed = unpack(f">{3 * count}H", said, 2, "its channels")
    colours = components if components in (1, 3) else components - 1
    for channel, kind, of in zip(listed[::3], listed[1::3], listed[2::3], strict=True):
        usual = (0, channel + 1) if channel < colours else (1, 0)
        if (kind, of) != usual:
            raise NotSupportedError("JPEG 2000 with channels in another order, or premultiplied")


def _palette(entries: bytes | None, mapped: bytes | None, components: int, bits: int) -> bytes:
    count, columns = unpack(">HB", entries or b"", 0, "its palette")
    plain = b"".join(b"\0\0\1" + bytes([column]) for column in range(3))
    if columns != 3 or components != 1 or bits != 8 or mapped != plain:
        raise NotSupportedError("JPEG 2000 with a palette of other than 3 columns and 8 bits")
    depths, *colours = unpack(f"3s{3 * count}B", entries or b"", 3, "its palette")
    if depths != b"\7\7\7":
        raise NotSupportedError("JPEG 2000 with a palette of other than 8 bits")
    return bytes(colours)


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode by OpenCV, gray with alpha by Pillow; look colours up in the palette."""
    del wanted, salvage
    palette, at = header.extra
    if palette is not None:
        indices = opencv.decode(data[at:], header._replace(channels=1))
        table = np.frombuffer(palette, np.uint8).reshape(-1, 3)
        if indices.ndim != 2 or int(indices.max()) >= len(table):
            raise DamagedError("a pixel is not in its palette")
        return [table[indices]]
    if header.channels == 2:
        return [_gray_with_alpha(data)]
    pixels = opencv.decode(data, header)
    if header.bits in (8, 16):
        return [pixels]
    return [spread(np.minimum(pixels, (1 << header.bits) - 1), header.bits)]


def _gray_with_alpha(data: bytes) -> Image:
    from PIL import Image as Pillow

    try:
        with Pillow.open(io.BytesIO(data), formats=["JPEG2000"]) as file:
            mode, found = file.mode, np.array(file)
    except MemoryError:
        raise
    except Exception as error:  # Pillow answers damage with whatever its parsers trip over
        raise DamagedError("it does not decode") from error
    if mode != "LA":
        raise DamagedError(f"it decodes to {mode}")
    return found
