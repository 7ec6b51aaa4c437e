"""The TIFF layouts that are decoded rightly; every other one is named and not read."""

from __future__ import annotations

from typing import NamedTuple

from imgconv.io.images.shared.ifd import Directory, Tiff

_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES = 258, 259, 262, 277
_PLANAR, _PREDICTOR, _TILE_OFFSETS, _INK_SET = 284, 317, 324, 332
_EXTRA, _FORMATS, _DEPTH, _SUBSAMPLING = 338, 339, 32997, 530
WHITE, BLACK, RGB, PALETTE, INKS, YCBCR = 0, 1, 2, 3, 5, 6
LABS = (8, 9)
"""CIE Lab, whose a and b are signed, and ICC Lab."""
NONE, LZW, JPEG, LZMA, ZSTD = 1, 5, 7, 34925, 50000
_FAX = (2, 3, 4)
_PLAIN = (NONE, LZW, 8, 32946, 32773)
EXTRA_NAMES = {
    ZSTD: "zstd", 50001: "webp", 33003: "jpeg2k", 33004: "jpeg2k", 33005: "jpeg2k",
    34712: "jpeg2k", 50002: "jpegxl", 52546: "jpegxl",
}  # fmt: skip
"""Compressions that the extra ``formats`` decodes, by their names in imagecodecs."""
SINGLE_IMAGES = tuple(number for number in EXTRA_NAMES if number != ZSTD)
"""Compressions whose tiles and strips are pictures of their own."""
UINT, INT, FLOAT = 1, 2, 3
MOST_BANDS = 64
_STRAIGHT_ALPHA = 2

PHOTOMETRICS = {
    WHITE: "min-is-white", BLACK: "min-is-black", RGB: "RGB", PALETTE: "palette",
    4: "transparency mask", INKS: "CMYK", YCBCR: "YCbCr", 8: "CIE Lab", 9: "ICC Lab",
    10: "ITU Lab", 32803: "colour filter array", 32844: "LogL", 32845: "LogLuv",
    34892: "linear raw",
}  # fmt: skip
_COMPRESSIONS = {
    **dict.fromkeys(_FAX, "CCITT"), LZW: "LZW", 6: "old JPEG", JPEG: "JPEG", 9: "JBIG",
    10: "JBIG", 32766: "NeXT", 32809: "ThunderScan", 33003: "JPEG 2000", 33004: "JPEG 2000",
    33005: "JPEG 2000", 34661: "JBIG", 34676: "SGI log", 34677: "SGI log",
    34712: "JPEG 2000", 34887: "LERC", 34892: "lossy JPEG", 34925: "LZMA",
    34933: "PNG", 34934: "JPEG XR", 22610: "JPEG XR", 50000: "Zstandard", 50001: "WebP",
    50002: "JPEG XL", 52546: "JPEG XL",
}  # fmt: skip
_WORDS = {UINT: "unsigned", INT: "signed", FLOAT: "float", 4: "untyped", 5: "complex signed",
          6: "complex float"}  # fmt: skip


class TiffLayout(NamedTuple):
    """What decides how a page is read, in TIFF's numbers.

    `extra` says what further samples are; `subsampling` how many columns and rows of luma share
    their chroma.
    """

    photometric: int
    samples: int
    bits: int
    format: int
    compression: int
    predictor: int
    extra: tuple[int, ...]
    planar: bool
    subsampling: tuple[int, int] = (1, 1)

    @property
    def in_blocks(self) -> bool:
        """Whether samples lie in blocks of luma with one pair of chroma."""
        return self.photometric == YCBCR and self.compression != JPEG

    @property
    def bands(self) -> bool:
        """Whether the samples are bands, none of which is colour or alpha."""
        if self.photometric == BLACK:
            return self.samples > 2 or (self.samples == 2 and self.extra == (0,))
        return self.photometric == RGB and self.samples > 4


def layout_of(tiff: Tiff, directory: Directory) -> TiffLayout:
    """Read the layout of a page.

    Raises
    ------
    BrokenError
        When the values of a tag are not there.
    """

    def first(tag: int, default: int) -> int:
        return (tiff.numbers(directory, tag, default) or (default,))[0]

    samples, compression = first(_SAMPLES, 1), first(_COMPRESSION, NONE)
    predicted = compression not in (NONE, 32773)  # else the predictor does not count
    return TiffLayout(
        first(_PHOTOMETRIC, 0),
        samples,
        first(_BITS, 1),
        first(_FORMATS, UINT),
        compression,
        first(_PREDICTOR, 1) if predicted else 1,
        tiff.numbers(directory, _EXTRA) if _EXTRA in directory else (),
        samples > 1 and first(_PLANAR, 1) == 2,
        _subsampling(tiff, directory) if first(_PHOTOMETRIC, 0) == YCBCR else (1, 1),
    )


def _subsampling(tiff: Tiff, directory: Directory) -> tuple[int, int]:
    if _SUBSAMPLING not in directory:
        return 2, 2
    found = tiff.numbers(directory, _SUBSAMPLING)
    return (found[0], found[1]) if len(found) == 2 else (0, 0)


def unread(tiff: Tiff, directory: Directory, layout: TiffLayout) -> str | None:
    """Name the layout of a page that is not read; None for one that is.

    Raises
    ------
    BrokenError
        When the values of a tag are not there.
    """

    def all_of(tag: int, default: int) -> tuple[int, ...]:
        return tiff.numbers(directory, tag, default) or (default,)

    if layout.compression not in (*_FAX, *_PLAIN, JPEG, LZMA, *EXTRA_NAMES):
        number = f"compression {layout.compression}"
        known = _COMPRESSIONS.get(layout.compression)
        return f"TIFF with {known} compression" if known else f"TIFF with {number}"
    if len(set(all_of(_BITS, 1))) > 1 or len(set(all_of(_FORMATS, UINT))) > 1:
        return "TIFF with samples of several kinds"
    if all_of(_DEPTH, 1)[0] != 1:
        return "TIFF of volumes"
    if layout.photometric == INKS and all_of(_INK_SET, 1)[0] != 1:
        return "TIFF with inks other than CMYK"
    return None if is_by_libtiff(layout) or is_by_samples(layout) else _said(layout)


def is_by_libtiff(layout: TiffLayout) -> bool:
    """Return whether OpenCV's libtiff is known to decode a layout rightly."""
    if layout.compression not in (*_FAX, *_PLAIN, JPEG):
        return False
    plain = not layout.planar and not layout.bands
    return plain and _samples_known(layout) and _packing_known(layout)


def is_by_samples(layout: TiffLayout) -> bool:
    """Return whether the samples of a layout can be unpacked one by one, and are understood."""
    kind = layout.format, layout.bits
    if layout.compression == JPEG:
        meant = layout.photometric, layout.samples
        return kind == (UINT, 8) and meant in ((BLACK, 1), (RGB, 3), (YCBCR, 3), (INKS, 4))
    if layout.compression in SINGLE_IMAGES:
        return kind in ((UINT, 8), (UINT, 16)) and (
            (layout.photometric == BLACK and layout.samples <= MOST_BANDS)
            or (layout.photometric == RGB and layout.samples >= 3)
        )
    return _is_unpacked(layout) and _is_understood(layout)


def _is_unpacked(layout: TiffLayout) -> bool:
    if layout.compression not in (*_PLAIN, LZMA, ZSTD):
        return False
    if layout.predictor == 2:
        return layout.bits in (8, 16, 32, 64)
    return layout.predictor == 1 or (layout.predictor == 3 and layout.format == FLOAT)


def _is_understood(layout: TiffLayout) -> bool:
    kind = layout.format, layout.bits
    whole = layout.format == UINT and layout.bits <= 16
    any_depth = whole or kind in ((INT, 16), (FLOAT, 16), (FLOAT, 32), (FLOAT, 64))
    match layout.photometric:
        case 0:
            return layout.samples == 1 and whole
        case 1 | 2:
            return (1, 3)[layout.photometric - 1] <= layout.samples <= MOST_BANDS and any_depth
        case 3:
            return layout.samples == 1 and whole and layout.bits <= 8
        case 5:
            return layout.samples == 4 and kind in ((UINT, 8), (UINT, 16))
        case 6:
            whole_blocks = set(layout.subsampling) <= {1, 2, 4}
            plain = not layout.planar and layout.predictor == 1
            return layout.samples == 3 and kind == (UINT, 8) and whole_blocks and plain
        case 8 | 9:
            return layout.samples == 3 and kind in ((UINT, 8), (UINT, 16))
    return False


def name_of(layout: TiffLayout) -> str:
    """Return what a compression is called, in words."""
    return f"TIFF with {_COMPRESSIONS[layout.compression]} compression"


def _samples_known(layout: TiffLayout) -> bool:
    kind = layout.format, layout.bits
    deep = kind in ((UINT, 8), (UINT, 16), (INT, 16), (FLOAT, 32), (FLOAT, 64))
    match layout.photometric, layout.samples:
        case (0, 1):
            return kind in ((UINT, 1), (UINT, 8), (UINT, 16))
        case (1, 1):
            return deep or kind == (UINT, 1)
        case (1, 2) | (2, 3 | 4):
            return deep
        case (3, 1):
            return kind in ((UINT, 4), (UINT, 8))
        case (5, 4) | (6, 3):
            return kind == (UINT, 8)
    return False


def _packing_known(layout: TiffLayout) -> bool:
    """Return whether the decoder of these samples knows their compression and prediction."""
    if layout.compression in _FAX:
        return layout.bits == 1
    if layout.photometric == YCBCR and layout.compression != JPEG:
        return False
    if layout.compression == JPEG and (
        layout.bits != 8 or layout.photometric in (WHITE, PALETTE)
    ):  # fmt: skip
        return False
    if layout.samples == 2 and layout.compression in (LZW, JPEG):
        return layout.bits == 8 and layout.extra == (_STRAIGHT_ALPHA,)
    if layout.compression not in _PLAIN or layout.compression in (NONE, 32773):
        return True  # the predictor does not count
    if layout.predictor == 3:
        return layout.format == FLOAT and layout.samples != 2
    return layout.predictor == 1 or (layout.predictor == 2 and layout.bits in (8, 16, 32, 64))


def _said(layout: TiffLayout) -> str:
    meaning = PHOTOMETRICS.get(layout.photometric, f"photometric {layout.photometric}")
    several = f" with {layout.samples} samples" if layout.samples > 1 else ""
    planes = " in separate planes" if layout.planar else ""
    kind = "" if layout.format == UINT else f" {_WORDS.get(layout.format, 'unknown')}"
    packing = _COMPRESSIONS.get(layout.compression)
    packed = f" and {packing} compression" if packing else ""
    predicted = f" and predictor {layout.predictor}" if layout.predictor != 1 else ""
    return f"TIFF of {meaning}{several}{planes} of {layout.bits}{kind} bits{packed}{predicted}"
