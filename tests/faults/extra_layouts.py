"""Layouts of HEIC, JPEG XL and OpenEXR by name: bytes and pixels, or how they are refused."""

from __future__ import annotations

import io
import struct
from contextlib import contextmanager

import imagecodecs
import numpy as np
import OpenEXR
import pillow_heif
from faults.image_samples import TURNS
from faults.layout_maker import H, W, flat, samples
from PIL import Image

READ: dict[str, tuple[bytes, np.ndarray]] = {}
REFUSED: dict[str, tuple[bytes, str]] = {}
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def spread(values, bits):
    """Give whole numbers of so many bits as shares of the range, rounded."""
    full, white = (255, (1 << bits) - 1) if bits <= 8 else (65535, (1 << bits) - 1)
    shares = (2 * values.astype(np.int64) * full + white) // (2 * white)
    return shares.astype("u1" if bits <= 8 else "u2")


@contextmanager
def twelve_bits(wanted):
    pillow_heif.options.SAVE_HDR_TO_12_BIT = wanted
    yield
    pillow_heif.options.SAVE_HDR_TO_12_BIT = False


def heic(image, mode=None, **how):
    """Encode without loss; what has 16 bits becomes 10 or 12."""
    deep = ";16" if image.itemsize == 2 else ""
    mode = mode or MODES[image.shape[2]] + deep
    how = {"quality": -1, "chroma": 444, "matrix_coefficients": 0, **how}
    file = io.BytesIO()
    pillow_heif.encode(mode, (image.shape[1], image.shape[0]), image.tobytes(), file, **how)
    return file.getvalue()


def add_heic():
    for count in MODES:
        image = samples("u1", count)
        READ[f"heic x{count}"] = heic(image), flat(image)
        for bits in (10, 12):
            deep = samples("u2", count)
            with twelve_bits(bits == 12):
                data = heic(deep)
            READ[f"heic x{count} {bits} bits"] = data, flat(spread(deep >> 16 - bits, bits))
    for orientation, turn in TURNS.items():
        exif = Image.Exif()
        exif[274] = orientation
        image = samples("u1", 3)
        data = heic(image, exif=exif.tobytes())
        assert (b"irot" in data or b"imir" in data) == (orientation != 1)
        READ[f"heic turned {orientation}"] = data, turn(image)
    file = pillow_heif.HeifFile()
    for number in range(3):
        file.add_frombytes("RGB", (W, H), np.roll(image, number, 0).tobytes())
    several = io.BytesIO()
    file.save(several, quality=-1, chroma=444, matrix_coefficients=0, primary_index=1)
    READ["heic several"] = several.getvalue(), np.roll(image, 1, 0)
    plain = heic(samples("u1", 3))
    other = plain[:8] + b"mif1" + plain[12:]
    READ["heic of another brand"] = other, samples("u1", 3)
    REFUSED["heic sequence"] = plain[:8] + b"msf1" + plain[12:], "sequence"
    REFUSED["heic coding"] = plain.replace(b"hvc1", b"jpeg"), "coding 'jpeg'"


def add_jxl():
    for dtype in ("u1", "u2", "f2", "f4"):
        for count in (1, 2, 3, 4):
            image = samples(dtype, count)
            meant = flat(image.astype("f4") if dtype[0] == "f" else image)
            for boxed in (False, True):
                data = imagecodecs.jpegxl_encode(flat(image), lossless=True, usecontainer=boxed)
                READ[f"jxl {dtype} x{count} {boxed}"] = bytes(data), meant
    for bits in (1, 4, 7, 9, 10, 12, 14):
        for count in (1, 3):
            image = samples("u1" if bits <= 8 else "u2", count, bits)
            data = imagecodecs.jpegxl_encode(flat(image), lossless=True, bitspersample=bits)
            READ[f"jxl {bits} bits x{count}"] = bytes(data), flat(spread(image, bits))
    image = samples("u1", 3)
    plain = bytes(imagecodecs.jpegxl_encode(image, lossless=True))
    for orientation, turn in TURNS.items():
        data = with_extra_fields(plain, f"{orientation - 1:03b}"[::-1] + "000")
        assert np.array_equal(imagecodecs.jpegxl_decode(data), turn(image))
        READ[f"jxl turned {orientation}"] = data, turn(image)
    parts = b"".join(
        [plain_box(b"jxlp", struct.pack(">I", 0) + plain[:7]), plain_box(b"free", b"nothing"),
         plain_box(b"jxlp", struct.pack(">I", 1 | 1 << 31) + plain[7:])]
    )  # fmt: skip
    head = b"\0\0\0\x0cJXL \r\n\x87\n" + plain_box(b"ftyp", b"jxl \0\0\0\0jxl ")
    READ["jxl in parts"] = head + parts, image
    lossy = bytes(imagecodecs.jpegxl_encode(np.sort(image, axis=0), distance=1.0))
    READ["jxl lossy"] = lossy, imagecodecs.jpegxl_decode(lossy)
    moving = imagecodecs.jpegxl_encode(np.stack([image, image]), lossless=True)
    REFUSED["jxl animated"] = bytes(moving), "animated JPEG XL"
    REFUSED["jxl preview"] = with_extra_fields(plain, "000010" + "0" * 9), "preview"


def plain_box(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def with_extra_fields(data, fields):
    """Put fields that are left out into the header of 8-bit sRGB, bit by bit."""
    text = "".join(f"{byte:08b}"[::-1] for byte in data[:12])
    at = 16 + size_bits(text[16:])
    assert text[at : at + 2] == "00"  # neither all by default, nor extra fields
    end = at + 2 + len("0" + "00" + "1" + "00" + "0" + "1")  # 8 bits, no alpha, not XYB, sRGB
    header = text[: at + 1] + "1" + fields + text[at + 2 : end] + "1"  # tones by default
    rest = text[end : end + 3]  # no extensions; the transforms by default
    assert rest == "001"
    header += rest
    header += "0" * (-len(header) % 8)
    body = data[-(-(end + 3) // 8) :]
    coded = bytes(int(header[at : at + 8][::-1], 2) for at in range(0, len(header), 8))
    return coded + body


def size_bits(text):
    """Give how many bits the size takes: height, ratio 0 and width, each of 2 + 9 bits."""
    assert (text[0], text[1:3], text[12:15], text[15:17]) == ("0", "00", "000", "00")
    return 1 + 11 + 3 + 11


def exr(channels, **header):
    file = io.BytesIO()
    plain = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    held = {name: np.ascontiguousarray(values) for name, values in channels.items()}
    OpenEXR.File({**plain, **header}, held).write(file)
    return file.getvalue()


def planes(image, names):
    return {name: image[..., at] for at, name in enumerate(names)}


def with_chunk(data, name, body):
    """Replace the value of an attribute by one of the same size."""
    at = data.index(name + b"\0")
    kind = data.index(b"\0", at + len(name) + 1) + 1
    (size,) = struct.unpack_from("<i", data, kind)
    assert size == len(body)
    return data[: kind + 4] + body + data[kind + 4 + size :]


def add_exr():
    exact = ("NO", "RLE", "ZIPS", "ZIP", "PIZ")
    for dtype in ("f2", "f4"):
        for names in ("Y", "RGB"):
            image = samples(dtype, len(names))
            for packing in exact:
                how = {"compression": getattr(OpenEXR, f"{packing}_COMPRESSION")}
                data = exr(planes(image, names), **how)
                READ[f"exr {names} {dtype} {packing}"] = data, flat(image.astype("f4"))
        for names in ("YA", "RGBA"):
            image = samples(dtype, len(names)).astype("f4")
            image[..., -1] = np.abs(image[..., -1]) + 0.25
            stored = image.astype(dtype)
            exactly = stored[..., :-1].astype(np.float64) / stored[..., -1:].astype(np.float64)
            meant = np.dstack([exactly, stored[..., -1]]).astype("f4")
            READ[f"exr {names} {dtype}"] = exr(planes(stored, names)), meant
    rgb = samples("f4", 3)
    for packing in ("PXR24", "B44", "B44A", "DWAA", "DWAB"):
        how = {"compression": getattr(OpenEXR, f"{packing}_COMPRESSION")}
        data = exr(planes(rgb, "RGB"), **how)
        held = OpenEXR.File(io.BytesIO(data), separate_channels=True).channels()
        READ[f"exr lossy {packing}"] = data, np.dstack([held[name].pixels for name in "RGB"])
    READ["exr from the bottom"] = exr(planes(rgb, "RGB"), lineOrder=OpenEXR.DECREASING_Y), rgb
    tiles = OpenEXR.TileDescription()
    tiles.xSize, tiles.ySize = 16, 8
    READ["exr tiles"] = exr(planes(rgb, "RGB"), type=OpenEXR.tiledimage, tiles=tiles), rgb
    plain = exr(planes(rgb, "RGB"))
    for name, (left, top, right, bottom) in {
        "inside": (5, 3, 40, 30), "around": (-4, -7, W + 2, H + 5), "beside": (W, 0, W + 9, 9),
        "across": (20, -5, W + 10, 20),
    }.items():  # fmt: skip
        data = with_chunk(plain, b"displayWindow", struct.pack("<4i", left, top, right, bottom))
        around = np.zeros((H + 60, W + 60, 3), np.float32)
        around[20 : 20 + H, 20 : 20 + W] = rgb
        meant = around[20 + top : 21 + bottom, 20 + left : 21 + right]
        READ[f"exr window {name}"] = data, meant
    gray = samples("f4", 1)
    names = {"Z": "Z", "G, R": "RG", "A, B, G, R, Z": "RGBAZ"}
    for said, letters in names.items():
        data = exr(planes(np.dstack([gray] * len(letters)), letters))
        REFUSED[f"exr channels {said}"] = data, f"OpenEXR with channels {said}"
    whole = samples("u4", 1)
    REFUSED["exr integers"] = exr({"Y": whole[..., 0]}), "OpenEXR of 32-bit integers"
    parts = [OpenEXR.Part({"name": name}, {"Y": gray[..., 0]}) for name in ("one", "two")]
    file = io.BytesIO()
    OpenEXR.File(parts).write(file)
    REFUSED["exr parts"] = file.getvalue(), "several parts"
    deep = plain[:5] + bytes([plain[5] | 8]) + plain[6:]
    REFUSED["exr deep"] = deep, "deep pixels"


add_heic()
add_jxl()
add_exr()
