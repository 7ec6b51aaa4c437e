"""Layouts of BMP, PNG, Sun raster, PNM and WebP by name: bytes and pixels, or the refusal."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction

import cv2
import numpy as np
from faults.image_samples import pillow
from faults.layout_maker import (
    H,
    W,
    bmp,
    bmp_rows,
    colours,
    flat,
    opened,
    packed_bits,
    samples,
)
from faults.photo_layouts import smooth

from imgconv.io.images.formats.png.gray_alpha import SIGNATURE, chunk

READ: dict[str, tuple[bytes, np.ndarray]] = {}
REFUSED: dict[str, tuple[bytes, str]] = {}


def add_bmp():
    rgb, rgba = samples("u1", 3), samples("u1", 4)
    blue_first = rgba[..., [2, 1, 0, 3]]
    for size in (40, 56, 64, 108, 124):
        READ[f"bmp 24 header {size}"] = bmp(bmp_rows(rgb[..., ::-1]), W, H, 24, size=size), rgb
        data = bmp(bmp_rows(blue_first), W, H, 32, size=size)
        READ[f"bmp 32 header {size}"] = data, rgba[..., :3]
    upside = bytearray(bmp(bmp_rows(rgb[::-1, :, ::-1]), W, H, 24))
    struct.pack_into("<i", upside, 22, -H)
    READ["bmp from the top"] = bytes(upside), rgb
    for bits in (1, 4, 8):
        _, palette = colours(1 << bits, 1)
        indices = samples("u1", 1, bits)
        lines = [np.frombuffer(packed_bits(row[None], bits), np.uint8) for row in indices]
        stored = np.dstack([palette[None, :, ::-1], np.zeros((1, 1 << bits, 1), np.uint8)])
        rows = bmp_rows(np.array(lines))
        READ[f"bmp palette {bits}"] = (
            bmp(rows, W, H, bits, palette=stored.tobytes()), palette[flat(indices)]
        )  # fmt: skip
        short = palette[:, ::-1].tobytes()
        READ[f"bmp os2 {bits}"] = (
            bmp(rows, W, H, bits, palette=short, size=12),
            palette[flat(indices)],
        )
        grays = np.repeat(palette[:, :1], 3, axis=1)
        data = bmp(rows, W, H, bits, palette=grays.tobytes(), size=12)
        READ[f"bmp os2 grays {bits}"] = data, grays[flat(indices)][..., 0]
    READ["bmp os2 24"] = bmp(bmp_rows(rgb[..., ::-1]), W, H, 24, size=12), rgb
    for name, order in (("bgra", [0, 1, 2, 3]), ("rgba", [2, 1, 0, 3])):
        red, blue = (0xFF0000, 0xFF) if name == "bgra" else (0xFF, 0xFF0000)
        masks = struct.pack("<4I", red, 0xFF00, blue, 0xFF000000)
        for size in (56, 108, 124):
            data = bmp(bmp_rows(blue_first), W, H, 32, compression=3, size=size, masks=masks)
            READ[f"bmp masks {name} {size}"] = data, rgba[..., order]
        data = bmp(bmp_rows(blue_first), W, H, 32, compression=3, masks=masks[:12])
        READ[f"bmp masks {name} 40"] = data, rgba[..., order[:3]]
    without = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0)
    READ["bmp masks without alpha"] = (
        bmp(bmp_rows(blue_first), W, H, 32, compression=3, size=108, masks=without),
        rgba[..., :3],
    )
    stored = flat(samples("u2"))
    words = bmp_rows(stored)
    for name, compression, masks in (
        ("555", 0, ()), ("565", 3, (0xF800, 0x7E0, 0x1F)), ("4444", 3, (0xF00, 0xF0, 0xF)),
    ):  # fmt: skip
        packed = struct.pack(f"<{len(masks)}I", *masks)
        data = bmp(words, W, H, 16, compression=compression, masks=packed)
        READ[f"bmp {name}"] = data, shares(stored, masks or (0x7C00, 0x3E0, 0x1F))
    masks = (0xF00, 0xF0, 0xF, 0xF000)
    data = bmp(words, W, H, 16, compression=3, size=108, masks=struct.pack("<4I", *masks))
    READ["bmp 4444 with alpha"] = data, shares(stored, masks)
    deep = flat(samples("u2")).astype("u4") * 65539
    masks = (0x3FF00000, 0xFFC00, 0x3FF)
    data = bmp(bmp_rows(deep), W, H, 32, compression=3, masks=struct.pack("<3I", *masks))
    READ["bmp 10 bits a colour"] = data, shares(deep, masks)
    add_run_lengths()
    _, palette = colours(4, 1)
    entries = np.dstack([palette[None, :, ::-1], np.zeros((1, 4, 1), np.uint8)])
    indices = flat(samples("u1", 1, 2))
    lines = [np.frombuffer(packed_bits(row[None], 2), np.uint8) for row in indices]
    data = bmp(bmp_rows(np.array(lines)), W, H, 2, palette=entries.tobytes())
    READ["bmp 2"] = data, palette[indices]
    REFUSED["bmp jpeg"] = bmp(words, W, H, 24, compression=4), "JPEG compression"
    broken = struct.pack("<3I", 0xF500, 0xF0, 0xF)
    REFUSED["bmp broken mask"] = bmp(words, W, H, 16, compression=3, masks=broken), "mask 0xf500"


def add_run_lengths():
    for number, bits in ((1, 8), (2, 4)):
        _, palette = colours(1 << bits, 1)
        entries = np.dstack([palette[None, :, ::-1], np.zeros((1, 1 << bits, 1), np.uint8)])
        how = {"compression": number, "palette": entries.tobytes()}
        for padded in (False, True):
            indices = flat(samples("u1", 1, bits)) // 3
            rows = b"".join(run_lengths(row, bits, padded) for row in indices[::-1]) + b"\0\1"
            READ[f"bmp rle{bits} {padded}"] = bmp(rows, W, H, bits, **how), palette[indices]
        moved = b"\x05\x11\0\2\3\2\4\x22\0\0\0\1"
        indices = np.zeros((H, W), np.uint8)
        indices[H - 1, :5], indices[H - 3, 8:12] = (1, 2) if bits == 4 else (0x11, 0x22)
        READ[f"bmp rle{bits} with a move"] = bmp(moved, W, H, bits, **how), palette[indices]


def shares(stored, masks):
    """Give the part of each value under each mask, as a share of 255."""
    parts = []
    for mask in masks:
        low = mask & -mask
        part = (stored.astype(np.int64) & mask) // low
        table = [
            int(Fraction(255 * n, mask // low) + Fraction(1, 2)) for n in range(mask // low + 1)
        ]
        parts.append(np.array(table)[part])
    return np.dstack(parts).astype(np.uint8)


def run_lengths(row, bits, padded):
    """Give a row as runs, then absolute values; a padded one has runs beyond its end."""
    body, at = b"", 0
    while at < 20:
        end = at + 1
        while end < 20 and row[end] == row[at]:
            end += 1
        body += bytes([end - at, int(row[at]) * (17 if bits == 4 else 1)])
        at = end
    rest = [int(value) for value in row[20:]]
    packed = bytes(rest)
    if bits == 4:
        even = rest + [0] * (len(rest) % 2)
        packed = bytes(a << 4 | b for a, b in zip(even[::2], even[1::2], strict=True))
    body += bytes([0, len(rest)]) + packed + b"\0" * (len(packed) % 2)
    return body + (b"\7\1" if padded else b"") + b"\0\0"


def png(image, bits, colour, *chunks):
    lines = b"".join(b"\0" + packed_bits(row[None], bits) for row in image)
    head = struct.pack(">IIBBBBB", W, H, bits, colour, 0, 0, 0)
    body = [chunk(b"IHDR", head), *(chunk(*each) for each in chunks)]
    return SIGNATURE + b"".join(body) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def add_png():
    for bits in (1, 2, 4, 8, 16):
        dtype, full = ("u2", 65535) if bits == 16 else ("u1", 255)
        gray = samples(dtype, 1, bits)
        spread = (flat(gray).astype(np.int64) * full // ((1 << bits) - 1)).astype(dtype)
        READ[f"png gray {bits}"] = png(gray, bits, 0), spread
        for above in (0, 1 << bits) if bits < 16 else (0,):  # bits above the depth do not count
            clear = int(gray[3, 5, 0])
            alpha = np.where(flat(gray) == clear, 0, full).astype(dtype)
            data = png(gray, bits, 0, (b"tRNS", struct.pack(">H", clear + above)))
            READ[f"png gray {bits} clear {above}"] = data, np.dstack([spread, alpha])
    for bits, dtype in ((8, "u1"), (16, "u2")):
        for count, colour in ((2, 4), (3, 2), (4, 6)):
            image = samples(dtype, count)
            READ[f"png {count} channels {bits}"] = png(image, bits, colour), image
        image = samples(dtype, 3)
        clear = struct.pack(">3H", *(int(value) for value in image[3, 5]))
        alpha = np.where((image == image[3, 5]).all(axis=2), 0, np.iinfo(dtype).max)
        READ[f"png rgb {bits} clear"] = (
            png(image, bits, 2, (b"tRNS", clear)), np.dstack([image, alpha]).astype(dtype)
        )  # fmt: skip


def sun(rows, bits, kind=1, palette=b"", mapped=None):
    mapped = int(bool(palette)) if mapped is None else mapped
    sizes = W, H, bits, len(rows), kind, mapped, len(palette)
    return struct.pack(">8I", 0x59A66A95, *sizes) + palette + rows


def add_sun():
    rgb, gray = samples("u1", 3), samples("u1")
    _, palette = colours(256, 1)

    def even(image):
        return b"".join(row.tobytes() + b"\0" * (row.nbytes % 2) for row in image)

    for kind in (0, 1):
        READ[f"sun 24 type {kind}"] = sun(even(rgb[..., ::-1]), 24, kind), rgb
        with_pad = np.dstack([gray, rgb[..., ::-1]])
        READ[f"sun 32 type {kind}"] = sun(even(with_pad), 32, kind), rgb
        mapped = sun(even(gray), 8, kind, palette.T.tobytes())
        READ[f"sun palette type {kind}"] = mapped, palette[flat(gray)]
        READ[f"sun 8 type {kind}"] = sun(even(gray), 8, kind), flat(gray)
    ink = flat(samples("u1", 1, 1))
    rows = [np.frombuffer(packed_bits(row[None, :, None], 1), np.uint8) for row in ink]
    bilevel = even(np.array(rows))
    for kind, pack in ((1, bytes), (2, sun_runs)):
        READ[f"sun 1 type {kind}"] = sun(pack(bilevel), 1, kind), (1 - ink) * np.uint8(255)
        mapped = sun(pack(bilevel), 1, kind, palette[:2].T.tobytes())
        READ[f"sun 1 with a palette type {kind}"] = mapped, palette[ink]
    READ["sun runs of gray"] = sun(sun_runs(even(gray // 128 * 128)), 8, 2), flat(gray // 128 * 128)
    READ["sun runs of palette"] = (
        sun(sun_runs(even(gray)), 8, 2, palette.T.tobytes()), palette[flat(gray)]
    )  # fmt: skip
    READ["sun runs of 24"] = sun(sun_runs(even(rgb[..., ::-1])), 24, 2), rgb
    READ["sun runs of 32"] = sun(sun_runs(even(np.dstack([gray, rgb[..., ::-1]]))), 32, 2), rgb
    READ["sun 24 type 3"] = sun(even(rgb), 24, 3), rgb
    READ["sun 32 type 3"] = sun(even(np.dstack([gray, rgb])), 32, 3), rgb
    short = palette[:100]
    low = gray % 100
    READ["sun short palette"] = sun(even(low), 8, 1, short.T.tobytes()), short[flat(low)]
    for kind in (4, 5, 65535):
        REFUSED[f"sun type {kind}"] = sun(even(rgb), 24, kind), f"type {kind}"
    REFUSED["sun raw palette"] = sun(even(gray), 8, 1, bytes(9), 2), "palette type 2"
    REFUSED["sun 24 with a palette"] = sun(even(rgb), 24, 1, bytes(9)), "24 bits with a palette"


def sun_runs(data):
    """Pack bytes: an escape, the number of further bytes, and the byte; an escape itself as 0."""
    out, at = b"", 0
    while at < len(data):
        end = at + 1
        while end < len(data) and end - at < 256 and data[end] == data[at]:
            end += 1
        if end - at > 2 or (data[at] == 128 and end - at > 1):
            out += bytes([128, end - at - 1, data[at]])
        else:
            out += data[at:end].replace(b"\x80", b"\x80\0")
        at = end
    return out


def add_rest():
    photo = smooth()
    for mode in ("RGB", "RGBA"):
        data = pillow(photo.convert(mode), "WEBP", lossless=True, exact=True)
        READ[f"webp lossless {mode}"] = data, opened(data)
    solid = bytearray(pillow(photo, "WEBP", lossless=True))
    solid[24] |= 0x10  # says that there is alpha, which is opaque
    READ["webp opaque alpha"] = (
        bytes(solid),
        np.asarray(photo.convert("RGBA")),
    )
    hdr = bytes(cv2.imencode(".hdr", samples("u1", 3).astype(np.float32))[1])
    REFUSED["hdr xyz"] = hdr.replace(b"rle_rgbe", b"rle_xyze"), "XYZ"
    pam = b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\n" + bytes(5)
    REFUSED["pam 5"] = pam, "PAM with 5 channels"


def add_pnm():
    gray, rgb = samples("u1"), samples("u1", 3)
    bits = flat(samples("u1", 1, 1))
    packed = b"".join(np.packbits(row).tobytes() for row in bits)
    READ["pnm P4"] = b"P4 %d %d\n" % (W, H) + packed, (1 - bits) * np.uint8(255)
    words = b" ".join(b"%d" % value for value in bits.ravel())
    READ["pnm P1"] = b"P1\n%d %d\n" % (W, H) + words, (1 - bits) * np.uint8(255)
    for mark, image in ((5, gray), (6, rgb)):
        READ[f"pnm P{mark}"] = (
            b"P%d\n# it\n%d %d 255\n" % (mark, W, H) + image.tobytes(),
            flat(image),
        )
        for white in (1, 100, 1023, 65535):
            values = (image.astype(np.int64) * 257 + 3) % (white + 1)
            full, kind = (255, "u1") if white < 256 else (65535, "u2")
            table = [round(Fraction(value * full, white)) for value in range(white + 1)]
            shares = np.array(table)[values]
            stored = values.astype(f">{kind}").tobytes()
            head = b"P%d %d %d %d\n" % (mark, W, H, white)
            READ[f"pnm P{mark} of {white}"] = head + stored, flat(shares.astype(kind))
            words = b" ".join(b"%d" % value for value in values.ravel())
            head = b"P%d %d %d %d\n" % (mark - 3, W, H, white)
            READ[f"pnm P{mark - 3} of {white}"] = head + words, flat(shares.astype(kind))
    for count, name in ((1, "GRAYSCALE"), (2, "GRAYSCALE_ALPHA"), (3, "RGB"), (4, "RGB_ALPHA")):
        for dtype in ("u1", "u2"):
            image = samples(dtype, count)
            head = f"P7\nWIDTH {W}\nHEIGHT {H}\nDEPTH {count}\nMAXVAL {np.iinfo(dtype).max}\n"
            head += f"TUPLTYPE {name}\nENDHDR\n"
            stored = image.astype(f">{dtype}").tobytes()
            READ[f"pam {name} {dtype}"] = head.encode() + stored, flat(image)
    for mark, count in (("Pf", 1), ("PF", 3)):
        for scale, order in (("-1.0", "<"), ("1", ">")):
            image = samples("f4", count)
            stored = image[::-1].astype(f"{order}f4").tobytes()
            data = f"{mark}\n{W} {H}\n{scale}\n".encode() + stored
            READ[f"pfm {mark} {order}"] = data, flat(image)


add_bmp()
add_png()
add_sun()
add_pnm()
add_rest()
