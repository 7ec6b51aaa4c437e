"""TIFF: pages by OpenCV's libtiff, gray with alpha by tifffile."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from imgconv.engines.opencv import load_cv2
from imgconv.io import exif
from imgconv.io.codecs.opencv import EncodingError, as_rgb, swapped
from imgconv.io.headers.base import MOST_PAGES, DamagedError, Header
from imgconv.io.ifd import Tiff
from imgconv.io.picture import Encoding, Image

_WHITE_IS_ZERO = 0


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode pages, each with its own size and depth."""
    if salvage and header.damage:
        data += bytes(min(len(data), 64 << 20))  # strips that are not compressed end in black
    if any(page.orientation != 1 for page in header.each):
        data = _called_upright(data)
    pages: list[Image] = []
    for number in wanted:
        try:
            pages.append(_page(data, number, header))
        except DamagedError as error:
            if not (salvage and pages):
                where = f"page {number + 1}: " if header.pages > 1 else ""
                raise DamagedError(f"{where}{error}") from None
    return pages


def _page(data: bytes, number: int, header: Header) -> Image:
    page = header.each[number]
    if page.width < 1 or page.height < 1:
        raise DamagedError(f"its size is {page.width} x {page.height}")
    if page.channels == 2:
        return _gray_with_alpha(data, number)
    pixels = _by_opencv(data, number, header.pages)
    if pixels is None:
        raise DamagedError("it does not decode")
    if pixels.shape[:2] != (page.height, page.width):
        raise DamagedError("its size is not what it says")
    pixels = as_rgb(pixels, header._replace(channels=page.channels, bits=page.bits))
    if page.photometric == 5 and pixels.ndim == 3:
        pixels = np.ascontiguousarray(pixels[..., :3])
    if page.photometric == _WHITE_IS_ZERO and page.bits == 16:
        pixels = np.invert(pixels)
    return pixels


def _called_upright(data: bytes) -> bytes:
    """Set every orientation to 1, since libtiff would turn some pages on its own account."""
    file = Tiff.of(bytearray(data))
    for directory in file.directories(MOST_PAGES):
        exif.put(file, directory, exif.ORIENTATION, 1)
    return bytes(file.data)


def _by_opencv(data: bytes, number: int, pages: int) -> Image | None:
    cv2 = load_cv2()
    buffer = np.frombuffer(data, np.uint8)
    try:
        if pages == 1:
            found: Image | None = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
            return found
        done, images = cv2.imdecodemulti(
            buffer, cv2.IMREAD_UNCHANGED, range=(number, number + 1)
        )  # fmt: skip
    except cv2.error:
        return None
    return images[0] if done and len(images) else None


def _gray_with_alpha(data: bytes, number: int) -> Image:
    import logging

    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            pixels: Image = file.pages[number].asarray()
    except Exception:
        pixels = _gray_with_alpha_by_pillow(data, number)
    if pixels.ndim != 3 or pixels.shape[2] != 2:
        raise DamagedError("its gray and alpha are not side by side")
    return np.ascontiguousarray(pixels)


def _gray_with_alpha_by_pillow(data: bytes, number: int) -> Image:
    """Decode the compressions that tifffile alone does not; Pillow has 8 bits only."""
    from PIL import Image as Pillow

    try:
        with Pillow.open(io.BytesIO(data), formats=["TIFF"]) as file:
            file.seek(number)
            if file.mode != "LA":
                raise DamagedError("gray with alpha in this compression is read with 8 bits only")
            return np.asarray(file)
    except DamagedError:
        raise
    except Exception as error:
        raise DamagedError("it does not decode") from error


def encode(pages: Sequence[Image], encoding: Encoding) -> bytes:
    """Encode pages, by default with LZW."""
    if any(page.ndim == 3 and page.shape[2] == 2 for page in pages):
        return _encode_gray_with_alpha(pages, encoding)
    cv2 = load_cv2()
    parameters = []
    if encoding.compression:
        number = {
            "none": cv2.IMWRITE_TIFF_COMPRESSION_NONE,
            "lzw": cv2.IMWRITE_TIFF_COMPRESSION_LZW,
            "deflate": cv2.IMWRITE_TIFF_COMPRESSION_ADOBE_DEFLATE,
            "packbits": cv2.IMWRITE_TIFF_COMPRESSION_PACKBITS,
        }.get(encoding.compression)
        if number is not None:
            parameters = [cv2.IMWRITE_TIFF_COMPRESSION, number]
    images = [swapped(page) for page in pages]
    try:
        if len(images) == 1:
            done, data = cv2.imencode(".tiff", images[0], parameters)
        else:
            done, data = cv2.imencodemulti(".tiff", images, parameters)
    except cv2.error as error:
        raise EncodingError(str(error.err)) from None
    if not done:
        raise EncodingError("OpenCV does not say why")
    return bytes(data.tobytes())


def _encode_gray_with_alpha(pages: Sequence[Image], encoding: Encoding) -> bytes:
    import tifffile

    plain = encoding.compression == "none"
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for page in pages:
            alpha = {"extrasamples": ["unassalpha"]} if page.shape[2:] in ((2,), (4,)) else {}
            writer.write(
                page,
                photometric="rgb" if page.shape[2:] in ((3,), (4,)) else "minisblack",
                compression=None if plain else "zlib",
                predictor=not plain and page.dtype != np.float32,
                metadata=None,
                software=False,
                **alpha,
            )
    return file.getvalue()
