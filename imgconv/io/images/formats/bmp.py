"""BMP: the device-independent bitmap of Windows and OS/2."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgconv.io.images.header import PER_METRE, DamagedError, Header, NotSupportedError, unpack
from imgconv.io.images.picture import Encoding, Image, Metadata, Picture
from imgconv.io.images.shared import opencv

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_PLAIN, _RLE8, _RLE4, _MASKS, _ALPHA_MASKS = 0, 1, 2, 3, 6
_COMPRESSIONS = {1: "RLE8", 2: "RLE4", 4: "JPEG", 5: "PNG"}
_CORE, _INFO, _OS2 = 12, 40, 64  # sizes of headers
_DEFAULT_MASKS = {16: (0x7C00, 0x3E0, 0x1F, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


class Bitmap(NamedTuple):
    """What the header says of the pixels.

    Attributes
    ----------
    offset : int
        Where they begin.
    width, height, bits, compression : int
    upwards : bool
        Whether the lowest row is the first.
    palette : ndarray of uint8, shape (entries, 3)
        RGB.
    masks : tuple of int
        Which bits are red, green, blue and alpha.
    """

    offset: int
    width: int
    height: int
    bits: int
    compression: int
    upwards: bool
    palette: Image
    masks: tuple[int, ...]

    @property
    def stride(self) -> int:
        """How many bytes a row takes."""
        return (self.width * self.bits + 31) // 32 * 4

    @property
    def gray(self) -> bool:
        """Whether it has a palette of grays alone."""
        return bool(self.bits <= 8 and (self.palette == self.palette[:, :1]).all())


def read_header(data: bytes) -> Header:
    """Read the file's and the bitmap's header."""
    bitmap = _bitmap(data)
    across, down = unpack("<ii", data, 38, "its header") if _size(data) >= _INFO else (0, 0)
    damage = None
    needed = bitmap.offset + bitmap.stride * bitmap.height
    if bitmap.compression in (_RLE8, _RLE4):
        damage = "it ends within its pixels" if bitmap.offset >= len(data) else None
    elif needed > len(data):
        damage = f"it has {len(data)} of {needed} bytes"
    per_inch = Fraction(254, 10_000)
    resolution = (across * per_inch, down * per_inch) if across > 0 and down > 0 else None
    return Header(
        bitmap.width,
        bitmap.height,
        4 if bitmap.masks[3] else 1 if bitmap.gray else 3,
        metadata=Metadata(resolution=resolution),
        damage=damage,
    )


def _size(data: bytes) -> int:
    (size,) = unpack("<I", data, 14, "its header")
    return int(size)


def _bitmap(data: bytes) -> Bitmap:
    (offset,), size = unpack("<I", data, 10, "its header"), _size(data)
    if size == _CORE:
        width, height, _, bits = unpack("<HHHH", data, 18, "its header")
        compression = used = 0
    else:
        width, height, _, bits = unpack("<iiHH", data, 18, "its header")
        compression = unpack("<I", data, 30, "its header")[0] if size >= 20 else 0
        used = unpack("<I", data, 46, "its header")[0] if size >= _INFO else 0
    if bits not in (1, 2, 4, 8, 16, 24, 32):
        raise DamagedError(f"{bits} bits a pixel are not possible")
    _check_layout(size, bits, compression)
    masks, end = _masks(data, size, bits, compression)
    palette = np.zeros((0, 3), np.uint8)
    if bits <= 8:
        palette = _palette(data, end, offset, used or 1 << bits, size)
    return Bitmap(offset, width, abs(height), bits, compression, height > 0, palette, masks)


def _check_layout(size: int, bits: int, compression: int) -> None:
    """Check that the compression is known, and goes with the depth."""
    if size == _OS2 and compression in (3, 4):
        raise NotSupportedError(f"BMP of OS/2 with compression {compression}")
    known = {_PLAIN: (1, 2, 4, 8, 16, 24, 32), _RLE8: (8,), _RLE4: (4,), _MASKS: (16, 32),
             _ALPHA_MASKS: (16, 32)}  # fmt: skip
    if compression not in known:
        words = _COMPRESSIONS.get(compression, f"kind {compression} of")
        raise NotSupportedError(f"BMP with {words} compression")
    if bits not in known[compression]:
        words = _COMPRESSIONS.get(compression, "masks")
        raise NotSupportedError(f"BMP of {bits} bits with {words}")


def _masks(data: bytes, size: int, bits: int, compression: int) -> tuple[tuple[int, ...], int]:
    """Return the masks, and where the header ends."""
    end = 14 + size
    if compression not in (_MASKS, _ALPHA_MASKS):
        return _DEFAULT_MASKS.get(bits, (0, 0, 0, 0)), end
    count = 4 if size >= 56 or compression == _ALPHA_MASKS else 3
    if size < 52:
        end += 4 * count
    masks = unpack(f"<{count}I", data, 54, "its masks")
    for mask in masks:
        low = mask & -mask
        if mask >> bits or (mask and (mask // low + 1) & (mask // low)):
            raise NotSupportedError(f"BMP of {bits} bits with a mask {mask:#x}")
    if not all(masks[:3]):
        raise NotSupportedError("BMP with a colour that has no mask")
    return (*masks, *(0,) * (4 - count)), end


def _palette(data: bytes, start: int, stop: int, count: int, size: int) -> Image:
    step = 3 if size == _CORE else 4
    count = min(count, 256, max(0, stop - start) // step, max(0, len(data) - start) // step)
    if count < 1:
        raise DamagedError("it has no palette")
    entries = np.frombuffer(data, np.uint8, count * step, start).reshape(count, step)
    return entries[:, 2::-1]


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode colours of whole bytes by OpenCV, others here; what is missing is black."""
    del wanted
    bitmap = _bitmap(data)
    if salvage:
        data += bytes(bitmap.stride * bitmap.height + 1024)
    if bitmap.bits == 24 and _size(data) != _CORE:
        return [opencv.decode(data, header)]
    if bitmap.compression in (_RLE8, _RLE4):
        values = _run_lengths(data, bitmap, salvage)
    else:
        values = _rows(data, bitmap)
    if bitmap.upwards:
        values = values[::-1]
    if bitmap.bits == 24:
        return [np.ascontiguousarray(values[..., ::-1])]
    if bitmap.bits <= 8:
        table = np.zeros((256, 3), np.uint8)  # what is not in the palette is black
        table[: len(bitmap.palette)] = bitmap.palette
        return [table[values][..., 0] if bitmap.gray else table[values]]
    masks = bitmap.masks if bitmap.masks[3] else bitmap.masks[:3]
    return [np.stack([_share(values, mask) for mask in masks], axis=2)]


def _rows(data: bytes, bitmap: Bitmap) -> Image:
    """Return indices, values that hold all channels, or BGR, as they are stored."""
    height, width = bitmap.height, bitmap.width
    size = bitmap.stride * height
    body = data[bitmap.offset : bitmap.offset + size].ljust(size, b"\0")
    rows = np.frombuffer(body, np.uint8).reshape(height, bitmap.stride)
    if bitmap.bits == 24:
        return rows[:, : 3 * width].reshape(height, width, 3)
    if bitmap.bits >= 16:
        return rows.view(f"<u{bitmap.bits // 8}")[:, :width]
    ones = np.unpackbits(rows, axis=1, count=width * bitmap.bits)
    ones = ones.reshape(height, width, bitmap.bits)
    weights = 1 << np.arange(bitmap.bits - 1, -1, -1, dtype=np.uint8)
    values: Image = (ones * weights).sum(axis=2, dtype=np.uint8)
    return values


def _share(values: Image, mask: int) -> Image:
    """Return the part of a value under a mask, spread to 255 and rounded."""
    low = mask & -mask
    most = mask // low
    part = (values & np.uint32(mask)).astype(np.int64) // low
    result: Image = ((510 * part + most) // (2 * most)).astype(np.uint8)
    return result


def _run_lengths(data: bytes, bitmap: Bitmap, salvage: bool) -> Image:
    """Decode RLE8 or RLE4: what is left out has index 0, and a run ends with its row."""
    rows = np.zeros((bitmap.height, bitmap.width), np.uint8)
    at, x, y = bitmap.offset, 0, 0
    four = bitmap.compression == _RLE4
    while y < bitmap.height:
        if at + 2 > len(data):
            if salvage:
                break
            raise DamagedError("it ends within its pixels")
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            run = [value >> 4, value & 15] * ((count + 1) // 2) if four else [value] * count
            x = _put(rows, y, x, run[:count])
        elif value == 0:
            x, y = 0, y + 1
        elif value == 1:
            break
        elif value == 2:
            right, up = data[at : at + 1], data[at + 1 : at + 2]
            x, y, at = x + sum(right), y + sum(up), at + 2
        else:
            size = (value + 1) // 2 if four else value
            packed = data[at : at + size]
            run = (
                [part for byte in packed for part in (byte >> 4, byte & 15)] if four else [*packed]
            )
            x = _put(rows, y, x, run[:value])
            at += size + size % 2
    return rows


def _put(rows: Image, y: int, x: int, run: list[int]) -> int:
    fitting = run[: max(0, rows.shape[1] - x)]
    rows[y, x : x + len(fitting)] = fitting
    return x + len(run)


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode by OpenCV."""
    del kind, encoding
    (page,) = picture.pages
    return opencv.encode(".bmp", opencv.coloured(page)), ()


def embed(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    """Put the resolution into the header."""
    if not metadata.resolution:
        return data, []
    across, down = (round(per_inch * PER_METRE) for per_inch in metadata.resolution)
    return data[:38] + struct.pack("<ii", across, down) + data[46:], []
