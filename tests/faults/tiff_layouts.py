"""TIFF layouts by name: bytes and the pixels that they mean, or bytes and how they are refused."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from faults.image_samples import pillow
from faults.layout_maker import (
    BLACK,
    DEFLATE,
    INKS,
    LAB,
    LZW,
    MASK,
    NONE,
    OLD_DEFLATE,
    PACKBITS,
    PALETTE,
    RGB,
    WHITE,
    YCBCR,
    H,
    W,
    colours,
    flat,
    opened,
    samples,
    tiff,
)
from PIL import Image

READ: dict[str, tuple[bytes, np.ndarray]] = {}
REFUSED: dict[str, tuple[bytes, str]] = {}

PACKINGS = {"none": NONE, "lzw": LZW, "deflate": DEFLATE, "old deflate": OLD_DEFLATE,
            "packbits": PACKBITS}  # fmt: skip
PLACES = {"one strip": {}, "strips": {"rows": 8}, "tiles": {"tile": (16, 32)}}


def add_deep(dtype):
    """Add gray and RGB, with and without alpha, in every packing, byte order and place."""
    for name, photometric, count, extra in (
        ("black", BLACK, 1, ()), ("black + alpha", BLACK, 2, (2,)), ("rgb", RGB, 3, ()),
        ("rgb + alpha", RGB, 4, (2,)), ("rgb + unsaid", RGB, 4, ()),
    ):  # fmt: skip
        image = samples(dtype, count)
        for packing, order, place in itertools.product(PACKINGS, "<>", PLACES):
            if count == 2 and packing == "lzw" and dtype != "u1":
                continue
            data = tiff(image, photometric, compression=PACKINGS[packing], order=order,
                        extra=extra, **PLACES[place])  # fmt: skip
            READ[f"tiff {name} {dtype} {packing} {order} {place}"] = data, flat(image)
        for predictor in (2, 3) if dtype == "f4" and count != 2 else (2,):
            for packing, order in itertools.product(("lzw", "deflate"), "<>"):
                if count == 2 and packing == "lzw" and dtype != "u1":
                    continue
                data = tiff(image, photometric, compression=PACKINGS[packing], order=order,
                            predictor=predictor, extra=extra)  # fmt: skip
                key = f"tiff {name} {dtype} {packing} {order} predictor {predictor}"
                READ[key] = data, flat(image)


def add_shades():
    """Add bits, min-is-white and palettes."""
    for bits, dtype in ((1, "u1"), (8, "u1"), (16, "u2")):
        image = flat(samples(dtype, 1, bits))
        meant = (1 - image) * np.uint8(255) if bits == 1 else np.invert(image)
        READ[f"tiff white {bits}"] = tiff(image, WHITE, bits=bits), meant
    bilevel = flat(samples("u1", 1, 1))
    READ["tiff black 1"] = tiff(bilevel, bits=1), bilevel * np.uint8(255)
    for bits, step in itertools.product((4, 8), (256, 257)):
        tags, rgb = colours(1 << bits, step)
        image = flat(samples("u1", 1, bits))
        data = tiff(image, PALETTE, bits=bits, tags=tags, compression=LZW)
        READ[f"tiff palette {bits} times {step}"] = data, rgb[image]


def add_coded():
    """Add what Pillow writes with libtiff: CCITT and JPEG."""
    light = flat(samples("u1", 1, 3)) > 2
    for fax, photometric in itertools.product(("tiff_ccitt", "group3", "group4"), (WHITE, BLACK)):
        data = pillow(Image.fromarray(light), "TIFF", compression=fax, tiffinfo={262: photometric})
        READ[f"tiff {fax} {photometric}"] = data, light * np.uint8(255)
    smooth = cv2.resize(samples("u1", 3)[:4, :5], (W, H), interpolation=cv2.INTER_CUBIC)
    for mode in ("L", "RGB", "YCbCr", "CMYK"):
        data = pillow(Image.fromarray(smooth).convert(mode), "TIFF", compression="jpeg")
        READ[f"tiff jpeg {mode}"] = data, opened(data, None if mode == "L" else "RGB")


def add_packings():
    """Add what is refused for how the samples are packed."""
    rgb, deep = samples("u1", 3), samples("u2", 3)
    for number, name in (
        (34712, "JPEG 2000"), (50002, "JPEG XL"), (52546, "JPEG XL"), (50000, "Zstandard"),
        (34925, "LZMA"), (50001, "WebP"), (34887, "LERC"), (6, "old JPEG"), (9999, "9999"),
    ):  # fmt: skip
        REFUSED[f"tiff compression {number}"] = tiff(rgb, RGB, compression=number), name
    for image in (rgb, deep, samples("f4", 3)):
        for place, how in PLACES.items():
            data = tiff(image, RGB, planar=2, **how)
            REFUSED[f"tiff planar {image.dtype} {place}"] = data, "separate planes"


def add_samples():
    """Add what is refused for its samples."""
    for count in (3, 4):
        for dtype in ("u1", "u2", "f4"):
            data = tiff(samples(dtype, count), BLACK, extra=(0,) * (count - 1))
            REFUSED[f"tiff black x{count} {dtype}"] = data, f"min-is-black with {count} samples"
    for bits in (2, 4, 6, 10, 12, 14, 24):
        dtype = "u1" if bits < 8 else "u2" if bits < 16 else "u4"
        for name, photometric, count in (("min-is-black", BLACK, 1), ("min-is-white", WHITE, 1),
                                         ("RGB", RGB, 3)):  # fmt: skip
            data = tiff(samples(dtype, count, bits), photometric, bits=bits)
            REFUSED[f"tiff {name} {bits}"] = data, rf"{name}.* of {bits} bits"
    for dtype in ("u4", "i1", "i4", "f2"):
        for photometric, count in ((BLACK, 1), (RGB, 3)):
            REFUSED[f"tiff {dtype} x{count}"] = tiff(samples(dtype, count), photometric), "bits"


def add_meanings():
    """Add what is refused for what its samples mean."""
    rgb, gray = samples("u1", 3), samples("u1")
    tags, _ = colours(256, 257)
    for bits in (1, 2):
        few, _ = colours(1 << bits, 257)
        data = tiff(samples("u1", 1, bits), PALETTE, bits=bits, tags=few)
        REFUSED[f"tiff palette {bits}"] = data, "palette"
    REFUSED.update({
        "tiff rgb x5": (tiff(samples("u1", 5), RGB, extra=(2, 0)), "RGB with 5 samples"),
        "tiff palette + alpha": (
            tiff(samples("u1", 2), PALETTE, extra=(2,), tags=tags), "palette with 2"),
        "tiff palette in small tiles": (
            tiff(gray, PALETTE, tags=tags, tile=(16, 32)), "small tiles"),
        "tiff white in small tiles": (tiff(gray, WHITE, tile=(16, 32)), "small tiles"),
        "tiff white + alpha": (tiff(samples("u1", 2), WHITE, extra=(2,)), "min-is-white with 2"),
        "tiff white float": (tiff(samples("f4"), WHITE), "min-is-white of 32 float bits"),
        "tiff mask": (tiff(samples("u1", 1, 1), MASK, bits=1), "transparency mask"),
        "tiff lab": (tiff(rgb, LAB), "CIE Lab"),
        "tiff ycbcr lzw": (tiff(rgb, YCBCR, compression=LZW), "YCbCr.* and LZW"),
        "tiff cmyk 16": (tiff(samples("u2", 4), INKS), "CMYK with 4 samples of 16 bits"),
        "tiff cmyk + alpha": (tiff(samples("u1", 5), INKS, extra=(2,)), "CMYK with 5"),
        "tiff other inks": (tiff(samples("u1", 4), INKS, tags={332: (3, [2])}), "inks other"),
        "tiff gray + alpha 16 lzw": (
            tiff(samples("u2", 2), extra=(2,), compression=LZW), "16 bits and LZW"),
        "tiff mixed bits": (tiff(rgb, RGB, tags={258: (3, [8, 8, 16])}), "several kinds"),
        "tiff volume": (tiff(gray, tags={32997: (3, [2])}), "volumes"),
    })  # fmt: skip


for each in ("u1", "u2", "i2", "f4"):
    add_deep(each)
add_shades()
add_coded()
add_packings()
add_samples()
add_meanings()
