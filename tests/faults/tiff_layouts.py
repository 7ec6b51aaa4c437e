"""TIFF layouts by name: bytes and the pixels that they mean, or bytes and how they are refused."""

from __future__ import annotations

import io
import itertools
import math
from fractions import Fraction

import cv2
import numpy as np
import tifffile
from faults.image_samples import pillow
from faults.layout_maker import (
    BLACK,
    DEFLATE,
    INKS,
    LZMA,
    LZW,
    MASK,
    NONE,
    OLD_DEFLATE,
    PACKBITS,
    PACKERS,
    PALETTE,
    RGB,
    WHITE,
    YCBCR,
    ZSTD,
    H,
    W,
    assembled,
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
            data = tiff(image, photometric, compression=PACKINGS[packing], order=order,
                        extra=extra, **PLACES[place])  # fmt: skip
            READ[f"tiff {name} {dtype} {packing} {order} {place}"] = data, flat(image)
        for predictor in (2, 3) if dtype == "f4" else (2,):
            for packing, order in itertools.product(("lzw", "deflate"), "<>"):
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
        for place, how in PLACES.items():
            if "tile" not in how and mode != "CMYK":
                more = {"tiffinfo": {278: how.get("rows", H)}}
                data = pillow(Image.fromarray(smooth).convert(mode), "TIFF", compression="jpeg",
                              **more)  # fmt: skip
                READ[f"tiff jpeg {mode} {place}"] = (
                    data,
                    opened(data, None if mode == "L" else "RGB"),
                )
    for meaning, count, sampling in (
        ("minisblack", 1, (1, 1)), ("rgb", 3, (1, 1)), ("ycbcr", 3, (1, 1)), ("ycbcr", 3, (2, 1)),
        ("ycbcr", 3, (2, 2)),
    ):  # fmt: skip
        for tile in (None, (16, 32)):
            file = io.BytesIO()
            image = smooth if count == 3 else smooth[..., 0]
            tifffile.imwrite(
                file, image, photometric="minisblack" if count == 1 else "rgb",
                compression="jpeg", tile=tile, metadata=None, rowsperstrip=None if tile else 16,
                compressionargs={"level": 95, "outcolorspace": meaning if count == 3 else None},
                subsampling=sampling if meaning == "ycbcr" else None,
            )  # fmt: skip
            data = file.getvalue()
            READ[f"tiff jpeg {meaning} {sampling} {tile}"] = data, opened(data)


def in_blocks(luma, chroma, across, down):
    """Give blocks of luma with the one pair of chroma of each."""
    rows, columns = luma.shape
    padded = np.pad(luma, [(0, -rows % down), (0, -columns % across)], "edge")
    out = b""
    for y in range(0, padded.shape[0], down):
        for x in range(0, padded.shape[1], across):
            out += padded[y : y + down, x : x + across].tobytes()
            out += chroma[y // down, x // across].tobytes()
    return out


def add_ycbcr():
    """Add YCbCr that is not JPEG: pixels by the formula of TIFF 6.0, section 21, in fractions."""
    full_range = ((0, 1), (255, 1), (128, 1), (255, 1), (128, 1), (255, 1))
    studio_range = ((16, 1), (235, 1), (128, 1), (240, 1), (128, 1), (240, 1))
    default = ((299, 1000), (587, 1000), (114, 1000)), full_range
    studio = ((2126, 10000), (7152, 10000), (722, 10000)), studio_range
    luma = flat(samples("u1"))
    for across, down in ((1, 1), (2, 1), (2, 2), (1, 2), (4, 1), (4, 4)):
        for name, (shares, references) in (("default", default), ("studio", studio)):
            if name == "studio" and (across, down) != (2, 2):
                continue
            count = -(-H // down), -(-W // across)
            chroma = (np.arange(count[0] * count[1] * 2) * 37 % 256).astype("u1")
            chroma = chroma.reshape(*count, 2)
            spread = np.repeat(np.repeat(chroma, down, 0), across, 1)[:H, :W]
            meant = rgb_of(luma, spread, shares, references)
            tags = {530: (3, [across, down])}
            if name == "studio":
                tags |= {529: (5, [n for pair in shares for n in pair])}
                tags |= {532: (5, [n for pair in references for n in pair])}
            for packing, order in ((NONE, "<"), (LZW, ">"), (DEFLATE, "<"), (PACKBITS, "<")):
                if packing in (LZW, PACKBITS) and (across, down) != (2, 2):
                    continue
                for place in ("one strip", "strips", "tiles"):
                    parts = []
                    rows, columns = {"one strip": (H, W), "strips": (8, W)}.get(place, (16, 32))
                    for y, x in itertools.product(range(0, H, rows), range(0, W, columns)):
                        high = H - y if place != "tiles" else rows
                        piece = np.pad(luma, [(0, 64), (0, 64)])[y : y + min(rows, high)]
                        colour = np.pad(chroma, [(0, 64), (0, 64), (0, 0)])[
                            y // down :, x // across :
                        ]
                        parts.append(in_blocks(piece[:, x : x + columns], colour, across, down))
                    data = tiff_of_parts(parts, packing, order, tags, rows, columns, place)
                    key = f"tiff ycbcr {across} x {down} {name} {packing} {place}"
                    READ[key] = data, meant


def tiff_of_parts(parts, packing, order, tags, rows, columns, place):
    packer = PACKERS.get(packing, bytes)
    fields = {
        256: (3, [W]), 257: (3, [H]), 258: (3, [8, 8, 8]), 259: (3, [packing]),
        262: (3, [YCBCR]), 277: (3, [3]), 284: (3, [1]), **tags,
    }  # fmt: skip
    if place == "tiles":
        fields |= {322: (3, [columns]), 323: (3, [rows])}
    else:
        fields |= {278: (3, [rows])}
    return assembled(
        [packer(part) for part in parts], fields, order, 324 if place == "tiles" else 273
    )


def rgb_of(luma, chroma, shares, references):
    """Give RGB of each pixel, exactly and then rounded."""
    red, green, blue = (Fraction(*pair) for pair in shares)
    ranges = [Fraction(*pair) for pair in references]
    steps = [
        full / (ranges[2 * at + 1] - ranges[2 * at]) for at, full in enumerate((255, 127, 127))
    ]
    of_cr, of_cb = 2 - 2 * red, 2 - 2 * blue
    green_row = ((1 - blue - red) / green, -blue * of_cb / green, -red * of_cr / green)
    channels = []
    for row in ((1, 0, of_cr), green_row, (1, of_cb, 0)):
        factors = [factor * step for factor, step in zip(row, steps, strict=True)]
        added = -sum(factor * low for factor, low in zip(factors, ranges[::2], strict=True))
        whole = math.lcm(*(factor.denominator for factor in (*factors, added)))
        exact = np.dstack([luma, chroma]).astype(np.int64) @ [int(f * whole) for f in factors]
        quotient, rest = np.divmod(exact + int(added * whole), whole)
        quotient += (2 * rest > whole) | ((2 * rest == whole) & (quotient % 2 == 1))
        channels.append(np.clip(quotient, 0, 255).astype(np.uint8))
    return np.dstack(channels)


def add_packings():
    """Add compressions that libtiff lacks here, and those that are refused."""
    rgb = samples("u1", 3)
    for number, name in (
        (34887, "LERC"), (6, "old JPEG"), (9, "JBIG"), (9999, "9999"),
    ):  # fmt: skip
        REFUSED[f"tiff compression {number}"] = tiff(rgb, RGB, compression=number), name
    for photometric, count in ((BLACK, 1), (BLACK, 2), (BLACK, 5), (RGB, 3), (RGB, 4)):
        for dtype, predictor in itertools.product(("u1", "u2", "f4"), (1, 2)):
            image = samples(dtype, count)
            for packing, place in itertools.product((LZMA, ZSTD), PLACES):
                data = tiff(
                    image,
                    photometric,
                    compression=packing,
                    predictor=predictor,
                    extra=(2,) if count in (2, 4) else (0,) * (count - 1),
                    **PLACES[place],
                )
                key = f"tiff {photometric} x{count} {dtype} {packing} {predictor} {place}"
                READ[key] = data, flat(image)
    for name, codec in (("webp", 50001), ("jpeg2k", 34712), ("jpegxl", 50002)):
        for place, how in PLACES.items():
            for count in (1, 3):
                if name == "webp" and count == 1:
                    continue
                image = samples("u1", count)
                data = tiff(image, RGB if count == 3 else BLACK, compression=codec, **how)
                READ[f"tiff {name} x{count} {place}"] = data, flat(image)


def add_planes():
    """Add samples in separate planes."""
    for dtype, place, order in itertools.product(("u1", "u2", "i2", "f4"), PLACES, "<>"):
        for photometric, count, extra in (
            (RGB, 3, ()), (RGB, 4, (2,)), (BLACK, 2, (2,)), (BLACK, 7, (0,) * 6),
        ):  # fmt: skip
            image = samples(dtype, count)
            for packing, number in PACKINGS.items():
                data = tiff(image, photometric, planar=2, compression=number, order=order,
                            extra=extra, **PLACES[place])  # fmt: skip
                key = f"tiff planes {photometric} x{count} {dtype} {packing} {order} {place}"
                READ[key] = data, flat(image)


def add_samples():
    """Add bands, and samples of any number of bits."""
    for count, dtype, place in itertools.product((2, 3, 4, 5, 13, 64), ("u1", "u2", "f4"), PLACES):
        image = samples(dtype, count)
        data = tiff(image, BLACK, extra=(0,) * (count - 1), **PLACES[place])
        READ[f"tiff bands x{count} {dtype} {place}"] = data, image
    READ["tiff rgb x5"] = tiff(samples("u1", 5), RGB, extra=(2, 0)), samples("u1", 5)
    for bits in (2, 3, 4, 5, 6, 7, 9, 10, 12, 14, 15):
        dtype, full = ("u1", 255) if bits < 8 else ("u2", 65535)
        white = (1 << bits) - 1
        for name, photometric, count in (("black", BLACK, 1), ("white", WHITE, 1),
                                         ("rgb", RGB, 3), ("black", BLACK, 5)):  # fmt: skip
            image = samples(dtype, count, bits)
            table = (2 * np.arange(white + 1) * full + white) // (2 * white)
            table = table.astype(dtype)
            meant = full - table[image] if photometric == WHITE else table[image]
            for place, order in itertools.product(PLACES, "<>"):
                data = tiff(image, photometric, bits=bits, order=order, extra=(0,) * (count - 3),
                            **PLACES[place])  # fmt: skip
                READ[f"tiff {name} x{count} {bits} bits {order} {place}"] = (
                    data,
                    flat(meant.astype(dtype)),
                )
    for count, order, predictor in itertools.product((1, 3), "<>", (1, 2, 3)):
        image = samples("f2", count)
        data = tiff(image, RGB if count == 3 else BLACK, order=order, predictor=predictor,
                    compression=DEFLATE)  # fmt: skip
        READ[f"tiff half floats x{count} {order} {predictor}"] = (
            data,
            flat(image.astype(np.float32)),
        )
    for dtype in ("u4", "i1", "i4"):
        for photometric, count in ((BLACK, 1), (RGB, 3)):
            REFUSED[f"tiff {dtype} x{count}"] = tiff(samples(dtype, count), photometric), "bits"
    for name, photometric, count in (("min-is-black", BLACK, 1), ("min-is-white", WHITE, 1),
                                     ("RGB", RGB, 3)):  # fmt: skip
        data = tiff(samples("u4", count, 24), photometric, bits=24)
        REFUSED[f"tiff {name} 24"] = data, rf"{name}.* of 24 bits"
    REFUSED["tiff bands x65"] = tiff(samples("u1", 65), BLACK, extra=(0,) * 64), "65 samples"


def add_meanings():
    """Add palettes, inks, white first, and what is refused for what its samples mean."""
    rgb, gray = samples("u1", 3), samples("u1")
    for bits, place in itertools.product((1, 2, 3, 4, 5, 8), PLACES):
        tags, colour = colours(1 << bits, 257)
        image = flat(samples("u1", 1, bits))
        for packing in (NONE, LZW, DEFLATE):
            data = tiff(image, PALETTE, bits=bits, tags=tags, compression=packing, **PLACES[place])
            READ[f"tiff palette of {bits} {packing} {place}"] = data, colour[image]
    few, _ = colours(4, 257)
    for dtype, place, order, planar in itertools.product(("u1", "u2"), PLACES, "<>", (1, 2)):
        inks = samples(dtype, 4)
        white = int(np.iinfo(dtype).max)
        exact = (white - inks[..., :3].astype(object)) * (white - inks[..., 3:].astype(object))
        meant = ((2 * exact + white) // (2 * white)).astype(dtype)
        data = tiff(inks, INKS, order=order, planar=planar, **PLACES[place])
        READ[f"tiff inks {dtype} {order} {planar} {place}"] = data, meant
    for bits, dtype in ((1, "u1"), (8, "u1"), (16, "u2")):
        image = flat(samples(dtype, 1, bits))
        meant = (1 - image) * np.uint8(255) if bits == 1 else np.invert(image)
        READ[f"tiff white {bits} in tiles"] = tiff(image, WHITE, bits=bits, tile=(16, 32)), meant
    tags, _ = colours(256, 257)
    REFUSED.update({
        "tiff palette + alpha": (
            tiff(samples("u1", 2), PALETTE, extra=(2,), tags=tags), "palette with 2"),
        "tiff palette 16": (tiff(samples("u2"), PALETTE, tags=few), "palette of 16"),
        "tiff white + alpha": (tiff(samples("u1", 2), WHITE, extra=(2,)), "min-is-white with 2"),
        "tiff white float": (tiff(samples("f4"), WHITE), "min-is-white of 32 float bits"),
        "tiff mask": (tiff(samples("u1", 1, 1), MASK, bits=1), "transparency mask"),
        "tiff 0 bits": (tiff(samples("u1"), tags={258: (3, [0])}), "of 0 bits"),
        "tiff itu lab": (tiff(rgb, 10), "ITU Lab"),
        "tiff ycbcr in planes": (tiff(rgb, YCBCR, planar=2), "YCbCr.* in separate planes"),
        "tiff ycbcr by threes": (tiff(rgb, YCBCR, tags={530: (3, [3, 1])}), "YCbCr with 3 samples"),
        "tiff ycbcr 16": (tiff(samples("u2", 3), YCBCR), "YCbCr .* of 16 bits"),
        "tiff ycbcr predictor": (
            tiff(rgb, YCBCR, compression=LZW, predictor=2), "YCbCr.* predictor 2"),
        "tiff cmyk + alpha": (tiff(samples("u1", 5), INKS, extra=(2,)), "CMYK with 5"),
        "tiff other inks": (tiff(samples("u1", 4), INKS, tags={332: (3, [2])}), "inks other"),
        "tiff mixed bits": (tiff(rgb, RGB, tags={258: (3, [8, 8, 16])}), "several kinds"),
        "tiff volume": (tiff(gray, tags={32997: (3, [2])}), "volumes"),
    })  # fmt: skip


for each in ("u1", "u2", "i2", "f4"):
    add_deep(each)
add_shades()
add_coded()
add_ycbcr()
add_packings()
add_planes()
add_samples()
add_meanings()
