"""TIFF and BMP files of every layout, made byte by byte, so that no codec under test is asked."""

from __future__ import annotations

import io
import lzma
import struct
import zlib
from functools import cache, partial

import imagecodecs
import numpy as np
from PIL import Image

WHITE, BLACK, RGB, PALETTE, MASK, INKS, YCBCR, LAB = 0, 1, 2, 3, 4, 5, 6, 8
H, W = 37, 53
NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS, LZMA, ZSTD = 1, 5, 8, 32946, 32773, 34925, 50000


def packed_bits(values, bits):
    """Give rows of samples of any number of bits as bytes, the highest bit first."""
    rows = values.reshape(values.shape[0], -1).astype(np.uint64)
    shifts = np.arange(bits - 1, -1, -1, dtype=np.uint64)
    ones = (rows[..., None] >> shifts & np.uint64(1)).astype(np.uint8)
    return np.packbits(ones.reshape(rows.shape[0], -1), axis=1).tobytes()


def packbits(data):
    """Give the bytes as literal runs."""
    runs = [data[at : at + 128] for at in range(0, len(data), 128)]
    return b"".join(bytes([len(run) - 1]) + run for run in runs)


@cache
def lzw(data):
    """Compress as TIFF does, the highest bit first and each width one code early."""
    bits, table, code, following = [TEXTS[9][256]], {}, -1, 258
    texts = TEXTS[9]  # of codes, as wide as they are now
    for value in data:
        longer = code << 8 | value  # the string of a code, and one value more
        if code < 0:
            code = value
        elif longer in table:
            code = table[longer]
        else:
            bits.append(texts[code])
            table[longer] = following
            following += 1
            if following == 4094:
                bits.append(texts[256])
                table, following = {}, 258
            texts = TEXTS[following.bit_length()]
            code = value
    if code >= 0:
        bits.append(texts[code])
        texts = TEXTS[(following + 1).bit_length()]
    bits.append(texts[257])
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


TEXTS = {width: [f"{code:0{width}b}" for code in range(1 << width)] for width in range(9, 13)}
"""Codes of each width in binary digits."""


PACKERS = {LZW: lzw, DEFLATE: zlib.compress, OLD_DEFLATE: zlib.compress, PACKBITS: packbits,
           LZMA: partial(lzma.compress, preset=0), ZSTD: imagecodecs.zstd_encode}  # fmt: skip
PICTURES = {
    50001: lambda block: imagecodecs.webp_encode(block, lossless=True),
    34712: lambda block: imagecodecs.jpeg2k_encode(block, reversible=True, codecformat="j2k"),
    50002: lambda block: imagecodecs.jpegxl_encode(block, lossless=True),
}
"""Compressions of which each tile or strip is a picture."""


def predicted(block, predictor, order):
    """Give a block's bytes as differences along its rows."""
    if predictor == 2:
        whole = block.view(f"u{block.itemsize}")
        whole = np.concatenate([whole[:, :1], whole[:, 1:] - whole[:, :-1]], axis=1)
        return whole.astype(whole.dtype.newbyteorder(order)).tobytes()
    rows = block.reshape(block.shape[0], -1).astype(block.dtype.newbyteorder(">"))
    planes = rows.view(np.uint8).reshape(*rows.shape, block.itemsize).swapaxes(1, 2)
    planes = np.ascontiguousarray(planes).reshape(block.shape[0], -1)
    step = block.shape[2]
    planes[:, step:] = planes[:, step:] - planes[:, :-step].copy()
    return planes.tobytes()


def block_bytes(block, bits, predictor, order):
    if bits not in (8, 16, 32, 64):
        return packed_bits(block, bits)
    if predictor != 1:
        return predicted(np.ascontiguousarray(block), predictor, order)
    return block.astype(block.dtype.newbyteorder(order)).tobytes()


def tiff(
    image, photometric=BLACK, *, bits=None, compression=NONE, predictor=1, order="<", planar=1,
    rows=None, tile=None, extra=(), tags=None, pages=1,
):  # fmt: skip
    """Write a TIFF of an array of any type and number of samples."""
    image = image if image.ndim == 3 else image[..., None]
    bits = bits or 8 * image.itemsize
    height, width, samples = image.shape
    planes = [image] if planar == 1 else [image[..., n : n + 1] for n in range(samples)]
    blocks = [part for plane in planes for part in _blocks(plane, rows or height, tile)]
    packer = PACKERS.get(compression, lambda data: data)
    if compression in PICTURES:
        coded = (np.ascontiguousarray(flat(block)) for block in blocks)
        parts = [bytes(PICTURES[compression](block)) for block in coded]
    else:
        parts = [packer(block_bytes(block, bits, predictor, order)) for block in blocks]
    kind = {"u": 1, "i": 2, "f": 3}[image.dtype.kind]
    fields = {
        256: (3, [width]), 257: (3, [height]), 258: (3, [bits] * samples),
        259: (3, [compression]), 262: (3, [photometric]), 277: (3, [samples]), 284: (3, [planar]),
        317: (3, [predictor]), 339: (3, [kind] * samples),
    }  # fmt: skip
    if tile:
        fields |= {322: (3, [tile[1]]), 323: (3, [tile[0]])}
    else:
        fields |= {278: (3, [rows or height])}
    if extra:
        fields[338] = (3, list(extra))
    fields |= tags or {}
    return assembled(parts, fields, order, 324 if tile else 273, pages)


def _blocks(plane, rows, tile):
    if tile is None:
        return [plane[at : at + rows] for at in range(0, plane.shape[0], rows)]
    down, across = -plane.shape[0] % tile[0], -plane.shape[1] % tile[1]
    full = np.pad(plane, [(0, down), (0, across), (0, 0)])
    return [
        full[top : top + tile[0], left : left + tile[1]]
        for top in range(0, full.shape[0], tile[0])
        for left in range(0, full.shape[1], tile[1])
    ]


def assembled(parts, fields, order, offsets, pages=1):
    """Write strips or tiles, and directories that point to them."""
    body, places = bytearray(b"\0" * 8), []
    for part in parts:
        places.append(len(body))
        body += part + b"\0" * (len(part) % 2)
    counts = {273: 279, 324: 325}[offsets]
    fields = fields | {offsets: (4, places), counts: (4, [len(part) for part in parts])}
    pointer = 4
    for _ in range(pages):
        values = {}
        for tag, (kind, numbers) in sorted(fields.items()):
            code = {1: "B", 3: "H", 4: "I", 5: "I", 7: "B"}[kind]
            raw = struct.pack(f"{order}{len(numbers)}{code}", *numbers)
            if len(raw) > 4:
                at = len(body)
                body += raw + b"\0" * (len(raw) % 2)
                raw = struct.pack(f"{order}I", at)
            count = len(numbers) // 2 if kind == 5 else len(numbers)
            values[tag] = struct.pack(f"{order}HHI", tag, kind, count) + raw.ljust(4, b"\0")
        struct.pack_into(f"{order}I", body, pointer, len(body))
        body += struct.pack(f"{order}H", len(values)) + b"".join(values.values())
        pointer = len(body)
        body += b"\0" * 4
    body[:4] = b"II*\0" if order == "<" else b"MM\0*"
    return bytes(body)


def bmp(rows, width, height, bits, *, compression=0, palette=b"", masks=b"", size=40):
    """Write a BMP of rows that are packed already; a size of 12 is the header of OS/2."""
    if size == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        head = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, len(rows),
                           0, 0, 0, 0)  # fmt: skip
        inside = max(0, size - 40)
        head += masks.ljust(inside, b"\0") if inside else masks
    offset = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + head + palette + rows


def bmp_rows(pixels):
    """Give rows from the bottom up, each filled to four bytes."""
    lines = [row.tobytes() for row in pixels[::-1]]
    return b"".join(line + b"\0" * (-len(line) % 4) for line in lines)


def samples(dtype, count=1, bits=None):
    """Give samples of every size there is, in no order."""
    kind = np.dtype(dtype)
    number = np.arange(H * W * count, dtype=np.int64).reshape(H, W, count) * 7919
    if kind.kind == "f":
        return (number % 1001 / 512 - 0.5).astype(kind)
    bits = bits or 8 * kind.itemsize
    return (number % (1 << bits) - ((1 << bits - 1) if kind.kind == "i" else 0)).astype(kind)


def flat(image):
    return image[..., 0] if image.shape[2] == 1 else image


def colours(count, step):
    """Give a palette as TIFF stores it, and as 8-bit RGB."""
    rgb = np.random.default_rng(5).integers(0, 256, (count, 3))
    return {320: (3, [int(value) for value in rgb.T.ravel() * step])}, rgb.astype(np.uint8)


def opened(data, mode=None):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert(mode) if mode else image)


def joined(first, second):
    """Give one little-endian TIFF of the single pages of two."""
    data = bytearray(first + second)
    (at,) = struct.unpack_from("<I", second, 4)
    base = len(first)
    (count,) = struct.unpack_from("<H", second, at)
    for place in range(base + at + 2, base + at + 2 + 12 * count, 12):
        tag, kind, number, value = struct.unpack_from("<HHII", data, place)
        if tag == 273 or number * {1: 1, 3: 2, 4: 4}[kind] > 4:
            struct.pack_into("<I", data, place + 8, value + base)
    (at_first,) = struct.unpack_from("<I", first, 4)
    (count,) = struct.unpack_from("<H", first, at_first)
    struct.pack_into("<I", data, at_first + 2 + 12 * count, base + at)
    return bytes(data)
