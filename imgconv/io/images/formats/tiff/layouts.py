"""The TIFF layouts that are decoded rightly; every other one is named and not read."""

from __future__ import annotations

from typing import NamedTuple

from imgconv.io.images.shared.ifd import Directory, Tiff

_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES = 258, 259, 262, 277
_PLANAR, _PREDICTOR, _TILE_OFFSETS, _INK_SET = 284, 317, 324, 332
_EXTRA, _FORMATS, _DEPTH = 338, 339, 32997
WHITE, BLACK, RGB, PALETTE, INKS, YCBCR = 0, 1, 2, 3, 5, 6
NONE, LZW, JPEG = 1, 5, 7
_FAX = (2, 3, 4)
_PLAIN = (NONE, LZW, 8, 32946, 32773)
_UINT, _INT, _FLOAT = 1, 2, 3
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
_WORDS = {_UINT: "unsigned", _INT: "signed", _FLOAT: "float", 4: "untyped", 5: "complex signed",
          6: "complex float"}  # fmt: skip


class _Layout(NamedTuple):
    """What decides whether a page is read, in TIFF's numbers."""

    photometric: int
    samples: int
    bits: int
    format: int
    compression: int
    predictor: int
    extra: tuple[int, ...]


def unread(tiff: Tiff, directory: Directory) -> str | None:
    """Name the layout of a page that is not read; None for one that is.

    Raises
    ------
    BrokenError
        When the values of a tag are not there.
    """

    def all_of(tag: int, default: int) -> tuple[int, ...]:
        return tiff.numbers(directory, tag, default) or (default,)

    samples = all_of(_SAMPLES, 1)[0]
    bits, formats = all_of(_BITS, 1), all_of(_FORMATS, _UINT)
    layout = _Layout(
        all_of(_PHOTOMETRIC, 0)[0],
        samples,
        bits[0],
        formats[0],
        all_of(_COMPRESSION, NONE)[0],
        all_of(_PREDICTOR, 1)[0],
        tiff.numbers(directory, _EXTRA) if _EXTRA in directory else (),
    )
    if layout.compression not in (*_FAX, *_PLAIN, JPEG):
        number = f"compression {layout.compression}"
        known = _COMPRESSIONS.get(layout.compression)
        return f"TIFF with {known} compression" if known else f"TIFF with {number}"
    if samples > 1 and all_of(_PLANAR, 1)[0] != 1:
        return "TIFF with its samples in separate planes"
    if len(set(bits)) > 1 or len(set(formats)) > 1:
        return "TIFF with samples of several kinds"
    if all_of(_DEPTH, 1)[0] != 1:
        return "TIFF of volumes"
    if layout.photometric == INKS and all_of(_INK_SET, 1)[0] != 1:
        return "TIFF with inks other than CMYK"
    return None if _samples_known(layout) and _packing_known(layout) else _said(layout)


def _samples_known(layout: _Layout) -> bool:
    kind = layout.format, layout.bits
    deep = kind in ((_UINT, 8), (_UINT, 16), (_INT, 16), (_FLOAT, 32), (_FLOAT, 64))
    match layout.photometric, layout.samples:
        case (0, 1):
            return kind in ((_UINT, 1), (_UINT, 8), (_UINT, 16))
        case (1, 1):
            return deep or kind == (_UINT, 1)
        case (1, 2) | (2, 3 | 4):
            return deep
        case (3, 1):
            return kind in ((_UINT, 4), (_UINT, 8))
        case (5, 4) | (6, 3):
            return kind == (_UINT, 8)
    return False


def _packing_known(layout: _Layout) -> bool:
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
        return layout.format == _FLOAT and layout.samples != 2
    return layout.predictor == 1 or (layout.predictor == 2 and layout.bits in (8, 16, 32, 64))


def _said(layout: _Layout) -> str:
    meaning = PHOTOMETRICS.get(layout.photometric, f"photometric {layout.photometric}")
    several = f" with {layout.samples} samples" if layout.samples > 1 else ""
    kind = "" if layout.format == _UINT else f" {_WORDS.get(layout.format, 'unknown')}"
    packing = _COMPRESSIONS.get(layout.compression)
    packed = f" and {packing} compression" if packing else ""
    predicted = f" and predictor {layout.predictor}" if layout.predictor != 1 else ""
    return f"TIFF of {meaning}{several} of {layout.bits}{kind} bits{packed}{predicted}"
