"""Layouts of the formats for photographs by name: JPEG, JPEG 2000, AVIF and Radiance HDR."""

from __future__ import annotations

import struct

import cv2
import imagecodecs
import numpy as np
import simplejpeg
from faults.image_samples import TURNS, pillow
from faults.layout_maker import H, W, colours, flat, opened, samples
from PIL import Image

READ: dict[str, tuple[bytes, np.ndarray]] = {}
REFUSED: dict[str, tuple[bytes, str]] = {}


def smooth():
    small = samples("u1", 3)[:5, :4]
    return Image.fromarray(cv2.resize(small, (W, H), interpolation=cv2.INTER_CUBIC))


def add_jpeg():
    photo = smooth()
    inks = pillow(photo.convert("CMYK"), "JPEG", quality=95)
    READ["jpeg cmyk"] = inks, opened(inks, "RGB")
    turned = bytearray(inks)
    turned[inks.index(b"Adobe") + 11] = 2
    READ["jpeg ycck"] = bytes(turned), opened(bytes(turned), "RGB")
    mark = inks.index(b"\xff\xee")
    plain = inks[:mark] + inks[mark + 2 + struct.unpack_from(">H", inks, mark + 2)[0] :]
    note = b"Adobe, the word in a comment"
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(note)) + note
    for name, data in (("unmarked", plain), ("with a word", plain[:2] + comment + plain[2:])):
        READ[f"jpeg cmyk {name}"] = data, opened(data, "RGB")
    colour = pillow(photo, "JPEG", quality=95)
    frame = colour.index(b"\xff\xc0")
    for marker, name in ((0xC7, "lossless"), (0xC9, "arithmetic"), (0xCA, "arithmetic"),
                         (0xC5, "hierarchical")):  # fmt: skip
        REFUSED[f"jpeg {name} {marker:x}"] = (
            colour[: frame + 1] + bytes([marker]) + colour[frame + 2 :], f"JPEG with {name}"
        )  # fmt: skip
    REFUSED["jpeg 12"] = colour[: frame + 4] + b"\x0c" + colour[frame + 5 :], "JPEG of 12 bits"
    REFUSED["jpeg lossless inks"] = (
        inks[: inks.index(b"\xff\xc0") + 1] + b"\xc3" + inks[inks.index(b"\xff\xc0") + 2 :],
        "JPEG with lossless",
    )
    add_deep_jpeg()
    for sampling in ("411", "422", "440"):
        data = simplejpeg.encode_jpeg(np.asarray(photo), 95, "RGB", sampling)
        READ[f"jpeg {sampling}"] = bytes(data), opened(data)


def spread(values, bits):
    full, white = 255 if bits <= 8 else 65535, (1 << bits) - 1
    return ((2 * values.astype(np.int64) * full + white) // (2 * white)).astype(
        "u1" if bits <= 8 else "u2"
    )


def add_deep_jpeg():
    """Add lossless JPEG, by either of two encoders, and lossy one of 12 bits."""
    for bits in (2, 7, 8, 9, 12, 15, 16):
        for count in (1, 3):
            image = samples("u1" if bits <= 8 else "u2", count, bits)
            data = imagecodecs.jpeg8_encode(flat(image), lossless=True, bitspersample=bits)
            READ[f"jpeg lossless {bits} x{count}"] = bytes(data), flat(spread(image, bits))
        if bits > 7:
            image = samples("u1" if bits <= 8 else "u2", 1, bits)
            data = imagecodecs.ljpeg_encode(flat(image), bitspersample=bits)
            READ[f"jpeg lossless {bits} by another"] = bytes(data), flat(spread(image, bits))
    ramp = np.linspace(0, 4095, H * W).reshape(H, W).astype("u2")
    flat_blocks = np.repeat(np.repeat(np.array([[0, 4095], [1001, 2600]], "u2"), 16, 0), 16, 1)
    for name, image in (("ramp", ramp), ("blocks", flat_blocks)):
        data = bytes(imagecodecs.jpeg8_encode(image, level=100, bitspersample=12))
        assert data[data.index(b"\xff\xc1") + 4] == 12
        found = imagecodecs.jpeg8_decode(data)
        assert np.abs(found.astype(int) - image).max() <= 2
        READ[f"jpeg 12 bits {name}"] = data, spread(found, 12)


def add_avif():
    photo = smooth()
    for mode in ("L", "RGB", "RGBA"):
        data = pillow(photo.convert(mode), "AVIF", quality=100, subsampling="4:4:4")
        READ[f"avif {mode}"] = data, opened(data)
    for orientation, turn in TURNS.items():
        exif = Image.Exif()
        exif[274] = orientation
        data = pillow(photo, "AVIF", exif=exif.tobytes(), quality=100, subsampling="4:4:4")
        assert (b"irot" in data or b"imir" in data) == (orientation != 1)
        plain = pillow(photo, "AVIF", quality=100, subsampling="4:4:4")
        READ[f"avif {orientation}"] = data, turn(opened(plain))
    for bits in (10, 12):
        image, white = samples("u2", 3, bits), (1 << bits) - 1
        coded = imagecodecs.avif_encode(image, level=100, bitspersample=bits, pixelformat="444")
        spread = (2 * 65535 * image.astype(np.int64) + white) // (2 * white)
        READ[f"avif {bits} bits"] = bytes(coded), spread.astype(np.uint16)
    REFUSED["avif animated"] = plain[:8] + b"avis" + plain[12:], "animated AVIF"


def add_jp2():
    photo = smooth()
    for mode in ("L", "RGB", "RGBA"):
        data = pillow(photo.convert(mode), "JPEG2000", irreversible=False)
        READ[f"jp2 {mode}"] = data, np.asarray(photo.convert(mode))
    both = Image.merge("LA", [photo.convert("L"), photo.getchannel(0)])
    data = pillow(both, "JPEG2000", irreversible=False)
    READ["jp2 gray + alpha"] = data, np.asarray(both)
    bare = pillow(both, "JPEG2000", irreversible=False, no_jp2=True)
    REFUSED["jp2 2 channels"] = bare, "2 channels"
    for bits in (8, 9, 10, 12, 15, 16):
        for count, wrapping in ((1, "jp2"), (3, "jp2"), (1, "j2k"), (3, "j2k")):
            image = samples("u1" if bits == 8 else "u2", count, bits)
            how = {"reversible": True, "bitspersample": bits, "codecformat": wrapping, "level": 0}
            data = bytes(imagecodecs.jpeg2k_encode(flat(image), **how))
            READ[f"jp2 {bits} bits x{count} {wrapping}"] = data, flat(spread(image, bits))
    image = samples("u1", 1, 4)
    how = {"reversible": True, "bitspersample": 4, "level": 0}
    REFUSED["jp2 4 bits"] = bytes(imagecodecs.jpeg2k_encode(flat(image), **how)), "of 4 bits"
    data = pillow(photo.convert("YCbCr"), "JPEG2000", irreversible=False)
    REFUSED["jp2 ycc"] = data, "colour space 18"
    plain = pillow(photo, "JPEG2000", irreversible=False)
    at = plain.index(b"\xff\x4f\xff\x51") + 42
    for name, place, value in (("signed", 0, 0x87), ("several depths", 3, 8),
                               ("subsampled", 4, 2)):  # fmt: skip
        changed = plain[: at + place] + bytes([value]) + plain[at + place + 1 :]
        REFUSED[f"jp2 {name}"] = changed, name
    box = plain.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">I", plain, box)
    indices = Image.fromarray(flat(samples("u1", 1, 5)))
    gray = pillow(indices, "JPEG2000", irreversible=False)
    box = gray.index(b"jp2h") - 4
    (size,) = struct.unpack_from(">I", gray, box)
    _, colour = colours(32, 1)
    for name, columns, kind, mapped in (
        ("palette", 3, 7, b"\0\0\1\0\0\0\1\1\0\0\1\2"), ("palette of 2 columns", 2, 7, b""),
        ("palette of 16 bits", 3, 15, b"\0\0\1\0\0\0\1\1\0\0\1\2"),
        ("palette in another order", 3, 7, b"\0\0\1\2\0\0\1\1\0\0\1\0"),
    ):  # fmt: skip
        body = struct.pack(">HB", 32, columns) + bytes([kind] * columns) + colour.tobytes()
        more = jp2_box(b"pclr", body) + jp2_box(b"cmap", mapped)
        grown = struct.pack(">I", size + len(more)) + gray[box + 4 : box + size] + more
        data = gray[:box] + grown + gray[box + size :]
        if name == "palette":
            READ[f"jp2 {name}"] = data, colour[np.asarray(indices)]
        else:
            REFUSED[f"jp2 {name}"] = data, "palette"
    rgba = pillow(photo.convert("RGBA"), "JPEG2000", irreversible=False)
    at = rgba.index(b"cdef") + 4 + 2 + 3 * 6  # the alpha channel
    REFUSED["jp2 premultiplied"] = rgba[: at + 3] + b"\2" + rgba[at + 4 :], "premultiplied"


def jp2_box(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def add_hdr():
    """Add every order of pixels: floats that four bytes hold, and their eight turns."""
    mantissas = samples("u1", 3).astype(np.int64) // 2 + 128
    image = (mantissas / 64).astype(np.float32)
    for number, order in enumerate(HDR_ORDERS, 1):
        rows, columns = image.shape[:2]
        first, second = (rows, columns) if order[0][1] == "Y" else (columns, rows)
        stored = image if order[0][1] == "Y" else image.swapaxes(0, 1)
        if order[0] in ("+Y", "-X"):
            stored = stored[::-1]
        if order[1] in ("+Y", "-X"):
            stored = stored[:, ::-1]
        data = bytes(cv2.imencode(".hdr", np.ascontiguousarray(stored[..., ::-1]))[1])
        upright = f"-Y {first} +X {second}\n".encode()
        assert upright in data
        said = f"{order[0]} {first} {order[1]} {second}\n".encode()
        READ[f"hdr order {number}"] = data.replace(upright, said), image


HDR_ORDERS = (("-Y", "+X"), ("-Y", "-X"), ("+Y", "-X"), ("+Y", "+X"), ("+X", "-Y"), ("-X", "-Y"),
              ("-X", "+Y"), ("+X", "+Y"))  # fmt: skip


add_jpeg()
add_avif()
add_jp2()
add_hdr()
