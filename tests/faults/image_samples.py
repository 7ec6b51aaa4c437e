"""Small files of every format and variant that is read, for the tests of damage."""

from __future__ import annotations

import io
from fractions import Fraction
from functools import cache
from importlib.util import find_spec

import cv2
import numpy as np
import tifffile
from PIL import Image, ImageCms

from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import FORMATS
from imgconv.io.images.picture import Metadata, Picture
from imgconv.model.output import Depth

ROWS, COLUMNS = 24, 20


@cache
def rgb():
    """Give a photograph's piece, of many colours."""
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[60:156:4, 180:260:4])


@cache
def alpha():
    return (np.arange(ROWS * COLUMNS) % 256).astype(np.uint8).reshape(ROWS, COLUMNS)


def pillow(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(image, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, image, **options)
    return file.getvalue()


@cache
def profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@cache
def metadata(orientation=1):
    """Give a profile, EXIF with directories under it, XMP and a resolution."""
    exif = Image.Exif()
    exif[274], exif[271], exif[306] = orientation, "Maker", "2020:01:01 00:00:00"
    exif.get_ifd(0x8769).update({0x829A: (1, 125), 0xA002: COLUMNS, 0xA003: ROWS})
    exif.get_ifd(0x8825)[1] = "N"
    resolution = Fraction(300), Fraction(150)
    given = exif.tobytes().removeprefix(b"Exif\0\0")
    return Metadata(given, profile(), b"<x:xmpmeta/>", resolution)


def pixels(shape, depth):
    """Give pixels of every size there is, in no order."""
    count = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape) * 7919
    if depth is Depth.F32:
        return (count % 1001 / 512).astype(np.float32)
    return (count % (depth.high - depth.low + 1) + depth.low).astype(depth.dtype)


@cache
def samples():
    """Give name and bytes; the part of the name before the first space is the format's.

    Where an extra is not installed, as beside a wheel that is tried out, its formats are left out.
    """
    made = {}
    gray = rgb()[..., 1]
    rgba = np.dstack([rgb(), alpha()])
    both = Image.merge("LA", [Image.fromarray(gray), Image.fromarray(alpha())])
    for kind in FORMATS:
        if not kind.writes or (kind.library and find_spec(kind.library) is None):
            continue
        colour = rgb() if 3 in kind.channels else gray
        if kind.depths == (Depth.F32,):
            colour = (colour / 256).astype(np.float32)
        made[kind.name] = encode_picture(Picture((colour,)), kind, "x")[0]
        if kind.keeps:
            made[f"{kind.name} told"] = encode_picture(Picture((colour,), metadata()), kind, "x")[0]
        if 4 in kind.channels:
            wide = rgba if Depth.U8 in kind.depths else (rgba / 255).astype(np.float32)
            made[f"{kind.name} rgba"] = encode_picture(Picture((wide,)), kind, "x")[0]
        if kind.pages:
            delays = (100, 200, 300) if kind.pages == "frames" else ()
            frames = Picture((colour, colour[::-1], colour[:, ::-1]), delays=delays)
            made[f"{kind.name} three"] = encode_picture(frames, kind, "x")[0]
    image = Image.fromarray(rgb())
    deep = rgb().astype(np.uint16) * 257
    return made | {
        "png 16": bytes(cv2.imencode(".png", deep)[1]),
        "png palette": pillow(image.quantize(16), "PNG"),
        "png gray-alpha": pillow(both, "PNG"),
        "png interlaced": interlaced(),
        "jpeg progressive": pillow(image, "JPEG", progressive=True),
        "jpeg cmyk": pillow(image.convert("CMYK"), "JPEG"),
        "jpeg gray": pillow(Image.fromarray(gray), "JPEG"),
        "jpeg restarts": pillow(image, "JPEG", restart_marker_rows=1),
        "tiff plain": pillow(image, "TIFF"),
        "tiff jpeg": pillow(image, "TIFF", compression="jpeg"),
        "tiff deflate": pillow(image, "TIFF", compression="tiff_adobe_deflate"),
        "tiff cmyk": pillow(image.convert("CMYK"), "TIFF"),
        "tiff gray-alpha": pillow(both, "TIFF", compression="tiff_lzw"),
        "tiff float": tiff((gray / 256).astype(np.float32)),
        "tiff big": tiff(rgb(), photometric="rgb", bigtiff=True),
        "tiff tiles": tiff(rgb(), photometric="rgb", tile=(16, 16)),
        "tiff big-endian": tiff(deep, photometric="rgb", byteorder=">"),
        "webp lossy": pillow(image, "WEBP"),
        "bmp palette": pillow(image.quantize(16), "BMP"),
        "gif one": pillow(image.quantize(32), "GIF"),
        "avif lossy": pillow(image, "AVIF"),
        "jp2": bytes(cv2.imencode(".jp2", cv2.resize(rgb(), (64, 64)))[1]),
        "sun": bytes(cv2.imencode(".sr", rgb())[1]),
        "pgm plain": plain(gray),
        "pgm bits": pillow(Image.fromarray(gray > 100), "PPM"),
    }


def plain(gray):
    head = f"P2\n# a comment\n{gray.shape[1]} {gray.shape[0]}\n255\n".encode()
    return head + b" ".join(b"%d" % value for value in gray.ravel()) + b"\n"


def interlaced():
    """Give three by two gray pixels in seven passes; no library here writes them."""
    import struct
    import zlib

    def chunk(name, body):
        size, check = struct.pack(">I", len(body)), struct.pack(">I", zlib.crc32(name + body))
        return size + name + body + check

    head = struct.pack(">IIBBBBB", 3, 2, 8, 0, 0, 0, 1)
    lines = bytes([0, 10, 0, 30, 0, 20, 0, 40, 50, 60])  # passes 1, 4, 6 and 7
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(lines)),
         chunk(b"IEND", b"")]
    )  # fmt: skip


TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}

PNM_SHAPES = (5, 7, 3), (9, 4, 3), (5, 7, 3), (1, 1, 3)
PNM_PICTURES = [np.arange(np.prod(s), dtype=np.uint8).reshape(s)[:, ::-1] * 3 for s in PNM_SHAPES]


def ppm(image):
    return b"P6\n%d %d\n255\n" % (image.shape[1], image.shape[0]) + image.tobytes()
