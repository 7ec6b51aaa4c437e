"""HEIC: pictures of HEVC in HEIF (ISO/IEC 23008-12), by libheif through pillow-heif."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv.io.images.header import (
    DamagedError,
    EncodingError,
    Header,
    NotSupportedError,
    spread_note,
)
from imgconv.io.images.picture import Encoding, Image, Metadata, Picture
from imgconv.io.images.shared import alpha, extra, items, opencv
from imgconv.io.images.shared.boxes import damage_of
from imgconv.io.images.shared.levels import spread

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_LIBRARY = "pillow_heif"
_CODINGS = (b"hvc1", b"hev1")
_SRGB = {(1, 13), (1, 2), (2, 2), (2, 13), (1, 1), (1, 6)}
"""Primaries and transfers (ITU-T H.273) that are those of sRGB, or not said."""


def read_header(data: bytes) -> Header:
    """Read what the file says of the picture that it shows; `extra` is whether it is premultiplied.

    The library turns and cuts it, so that size is of the picture upright.
    """
    damage = damage_of(data)
    if b"msf1" in items.brands(data)[:1] or data[8:12] == b"hevc":
        raise NotSupportedError("HEIC of a sequence of pictures")
    shown = items.shown(data)
    if shown.coding not in _CODINGS:
        raise NotSupportedError(f"HEIF with coding {shown.coding.decode('latin-1')!r}")
    width, height = shown.cut or (shown.width, shown.height)
    if shown.orientation >= 5:
        width, height = height, width
    metadata = _metadata(data)
    notes = [spread_note((1 << shown.bits) - 1, 65535)] if shown.bits > 8 else []
    if shown.premultiplied:
        notes.append(alpha.NOTE)
    if shown.others:
        notes.append(f"heic: only the first of {shown.others + 1} pictures is read")
    notes += _about_colours(shown.colours)
    return Header(
        width, height, shown.channels, shown.bits,
        metadata=metadata, notes=tuple(notes), damage=damage, extra=(shown.premultiplied,),
    )  # fmt: skip


def _about_colours(said: Sequence[bytes]) -> Iterator[str]:
    """Yield a note where colours are not sRGB, and no profile says so."""
    if any(each[:4] in (b"prof", b"rICC") for each in said):
        return
    for each in said:
        pair = int.from_bytes(each[4:6], "big"), int.from_bytes(each[6:8], "big")
        if each[:4] == b"nclx" and pair not in _SRGB:
            yield (
                f"heic: its colours are of primaries {pair[0]} and transfer {pair[1]} of H.273, "
                "which is not kept"
            )


def _opened(data: bytes) -> Any:
    library = extra.load(_LIBRARY, "HEIC")
    try:
        file = library.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
    except MemoryError:
        raise
    except Exception as error:  # the library has several
        raise DamagedError("it does not decode") from error
    if len(file) == 0:
        raise DamagedError("it shows no picture")
    return file


def _metadata(data: bytes) -> Metadata:
    """Return what is said beside the pixels; nothing where the file is damaged."""
    try:
        said = _opened(data).info
    except DamagedError:
        return Metadata()
    exif, xmp, icc = (said.get(name) or None for name in ("exif", "xmp", "icc_profile"))
    return Metadata(exif and exif.removeprefix(b"Exif\0\0"), icc, xmp)


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode the primary picture; 10 and 12 bits are spread to 16."""
    del wanted, salvage
    file = _opened(data)
    try:
        pixels = np.asarray(file)
    except MemoryError:
        raise
    except Exception as error:  # the library has several
        raise DamagedError("it does not decode") from error
    if pixels.ndim not in (2, 3) or pixels.itemsize != (1 if header.bits == 8 else 2):
        raise DamagedError(f"it decodes to {pixels.dtype} in {pixels.ndim} dimensions")
    if header.bits > 8:
        pixels = spread(np.minimum(pixels, (1 << header.bits) - 1), header.bits)
    if pixels.ndim == 3 and header.channels == 1:
        pixels = pixels[..., 0]
    premultiplied = header.extra[0] and pixels.ndim == 3 and pixels.shape[2] == 4
    return [alpha.divided(pixels) if premultiplied else np.ascontiguousarray(pixels)]


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode without loss unless a quality is given, with the metadata, which cannot come later."""
    del kind
    library = extra.load(_LIBRARY, "HEIC")
    page = np.ascontiguousarray(opencv.coloured(picture.pages[0]))
    mode = {2: "L", 3: "RGB", 4: "RGBA"}[page.ndim if page.ndim == 2 else page.shape[2]]
    how: dict[str, Any] = {"quality": encoding.quality}
    if encoding.quality is None:
        how = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
    said = picture.metadata
    told = {
        "exif": said.exif and b"Exif\0\0" + said.exif,
        "xmp": said.xmp,
        "icc_profile": said.icc,
    }
    how |= {name: value for name, value in told.items() if value}
    file = io.BytesIO()
    try:
        library.encode(mode, page.shape[1::-1], page.tobytes(), file, **how)
    except Exception as error:  # the library has several
        raise EncodingError(str(error)[:200]) from None
    return file.getvalue(), ()


def embed(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    """Return the file as it is: `encode` put the metadata into it."""
    del metadata
    return data, []
