"""PNG: read and written by rows; OpenCV decodes what is rarer, Pillow encodes animations."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.io.images.blocks import BlockEncoder, encoded_whole
from imgconv.io.images.formats.png.blocks import PngBlocks
from imgconv.io.images.formats.png.gray_alpha import chunk
from imgconv.io.images.formats.png.gray_alpha import encode as encode_gray_alpha
from imgconv.io.images.formats.png.header import XMP, read_header
from imgconv.io.images.formats.png.rows import UnusualError, decode_plain, is_plain
from imgconv.io.images.header import PER_METRE, DamagedError, Header
from imgconv.io.images.picture import Encoding, Image, Metadata, Picture
from imgconv.io.images.shared import opencv

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode one picture or the frames of an animation."""
    if header.pages > 1:
        from imgconv.io.images.formats.png import animation

        return animation.decode(data, header, wanted, salvage, _decode_still)
    if salvage and header.damage:
        from imgconv.io.images.formats.png.salvage import mended

        data = mended(data)
    return [_decoded(data, header)]


def _decode_still(data: bytes) -> Image:
    header = read_header(data)
    if header.damage:
        raise DamagedError(header.damage)
    return _decoded(data, header)


def _decoded(data: bytes, header: Header) -> Image:
    if is_plain(data, header):
        with contextlib.suppress(UnusualError):
            return decode_plain(data, header)
    pixels = opencv.decode(data, header)
    if pixels.shape[:2] != (header.height, header.width):
        raise DamagedError("it decodes to another size than its header states")
    return _with_clear_gray(pixels, header) if pixels.ndim == 2 and header.channels == 2 else pixels


def _with_clear_gray(gray: Image, header: Header) -> Image:
    """Add the alpha of a PNG one of whose grays is transparent; OpenCV spread the grays."""
    (clear,) = header.extra
    if clear is None:
        raise DamagedError("its alpha channel is missing")
    white = np.iinfo(gray.dtype).max
    spread = clear * (white // ((1 << header.bits) - 1))
    alpha = np.where(gray == spread, 0, white).astype(gray.dtype)
    return np.dstack([gray, alpha])


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode one picture, or several as an animation."""
    del kind
    level = _level(encoding)
    if len(picture.pages) > 1 and picture.pages[0].dtype != np.uint8:
        from imgconv.io.images.formats.png import animation

        stills = [_encoded(page, level) for page in picture.pages]
        return animation.encode(stills, picture.delays, picture.loop), ()
    if len(picture.pages) > 1:
        from imgconv.io.images.shared import frames

        how = {} if level is None else {"compress_level": level}
        return frames.encode("PNG", picture, {"loop": picture.loop, **how}), ()
    return _encoded(picture.pages[0], level), ()


def block_encoder(
    shape: tuple[int, ...], dtype: np.dtype[np.generic], encoded: Encoding, encoding: Encoding
) -> tuple[BlockEncoder | None, tuple[str, ...]]:
    """Return what encodes one picture in blocks; None for a level, which only zlib has."""
    del encoded
    return (None if _level(encoding) is not None else PngBlocks(shape, dtype)), ()


def _level(encoding: Encoding) -> int | None:
    return int(asked) if (asked := encoding.compression or "").isdigit() else None


def _encoded(page: Image, level: int | None) -> bytes:
    if level is None:
        return encoded_whole(PngBlocks(page.shape, page.dtype), page)
    if page.ndim == 3 and page.shape[2] == 2:
        return encode_gray_alpha(page, level)
    return opencv.encode(".png", page, [load_cv2().IMWRITE_PNG_COMPRESSION, level])


def embed(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    """Put chunks of metadata behind the header."""
    chunks = []
    if metadata.icc:
        chunks.append(chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc, 6)))
    if metadata.resolution:
        across, down = (round(per_inch * PER_METRE) for per_inch in metadata.resolution)
        chunks.append(chunk(b"pHYs", struct.pack(">IIB", across, down, 1)))
    if metadata.exif:
        chunks.append(chunk(b"eXIf", metadata.exif))
    if metadata.xmp:
        chunks.append(chunk(b"iTXt", XMP + b"\0\0\0\0\0" + metadata.xmp))
    return b"".join([data[:33], *chunks, data[33:]]), []
