"""TIFF: pages by OpenCV's libtiff, gray with alpha by tifffile."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from imgconv.engines.opencv import load_cv2
from imgconv.io.images.formats.tiff import segments
from imgconv.io.images.formats.tiff.header import EXTRA_SAMPLES
from imgconv.io.images.formats.tiff.layouts import BLACK, NONE, PHOTOMETRICS, RGB
from imgconv.io.images.header import (
    MOST_PAGES,
    DamagedError,
    Header,
    NotSupportedError,
    PageHeader,
)
from imgconv.io.images.picture import Image
from imgconv.io.images.shared import exif
from imgconv.io.images.shared.ifd import BrokenError, Directory, Tiff
from imgconv.io.images.shared.opencv import as_rgb

_WHITE_IS_ZERO, _CMYK = 0, 5
_PREDICTOR = 317
_REPLACED = (segments.NONE, segments.LZW, segments.PACKBITS, *segments.DEFLATE)
"""Compressions in which a black tile or strip is written in place of a damaged one."""
_CHECKED = (1, 8, 32946)
"""Compressions that tifffile knows by itself, and that have no damage or a checksum."""


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode pages, each with its own size and depth."""
    if salvage and header.damage:
        data += bytes(min(len(data), 64 << 20))  # strips that are not compressed end in black
    if any(page.orientation != 1 or page.channels == 4 for page in header.each):
        data = _as_stored(data)
    pages: list[Image] = []
    file, directories = Tiff.of(data), list(Tiff.of(data).directories(MOST_PAGES))
    for number in wanted:
        try:
            whole = _checked(file, directories[number], header.each[number], salvage)
            pixels = _page(whole, number, header)
            pages.append(_divided(pixels) if header.each[number].premultiplied else pixels)
        except DamagedError as error:
            if not (salvage and pages):
                where = f"page {number + 1}: " if header.pages > 1 else ""
                raise DamagedError(f"{where}{error}") from None
    return pages


def _checked(file: Tiff, directory: Directory, page: PageHeader, salvage: bool) -> bytes:
    """Check every tile or strip, which libtiff leaves to chance; salvaging makes them black."""
    try:
        held = segments.segments_of(file, directory)
        if held.compression in segments.DEFLATE and held.measured and not held.backwards:
            plain = segments.stored(file, directory, held) if held.whole(len(file.data)) else None
            if plain is not None:  # inflating twice would cost as much again
                return plain
        found = segments.flaws(file.data, held)
        if not found:
            return bytes(file.data)
        if not salvage:
            raise DamagedError(segments.told(found, held))
        if held.compression not in _REPLACED:
            return bytes(file.data)
        row = bytes(held.row_bytes)
        if page.photometric in (_WHITE_IS_ZERO, _CMYK):
            predicted = file.numbers(directory, _PREDICTOR, 1)[0] == 2
            first = page.bits // 8 * (4 if page.photometric == _CMYK else 1)
            white = first if predicted else len(row)
            row = b"\xff" * white + row[white:]
        return segments.blackened(file, directory, held, list(found), row)
    except BrokenError as error:
        raise DamagedError(str(error)) from None


def _page(data: bytes, number: int, header: Header) -> Image:
    page = header.each[number]
    if page.width < 1 or page.height < 1:
        raise DamagedError(f"its size is {page.width} x {page.height}")
    if page.channels == 2:
        return _gray_with_alpha(data, number)
    pixels = _by_opencv(data, number, header.pages)
    if pixels is None and page.tiled and page.compression in _CHECKED:
        if page.compression == NONE and (page.photometric not in (BLACK, RGB) or page.bits == 1):
            meaning = f"{PHOTOMETRICS[page.photometric]} of {page.bits} bits"
            raise NotSupportedError(f"TIFF of {meaning} in small tiles without compression")
        return _by_tifffile(data, number)  # OpenCV has trouble with small tiles
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


def _divided(image: Image) -> Image:
    """Divide premultiplied colours by alpha; what cannot be seen has no colour."""
    white = 1.0 if image.dtype == np.float32 else float(np.iinfo(image.dtype).max)
    alpha = image[..., -1:].astype(np.float64)
    with np.errstate(all="ignore"):
        colours = np.nan_to_num(image[..., :-1] * (white / alpha), nan=0.0, posinf=0.0, neginf=0.0)
    if image.dtype != np.float32:
        colours = np.rint(np.minimum(colours, white))
    return np.concatenate([colours.astype(image.dtype), image[..., -1:]], axis=2)


def _as_stored(data: bytes) -> bytes:
    """Keep libtiff from turning pages, and from multiplying colours with alpha."""
    file = Tiff.of(bytearray(data))
    for directory in file.directories(MOST_PAGES):
        exif.put(file, directory, exif.ORIENTATION, 1)
        exif.put(file, directory, EXTRA_SAMPLES, 0)
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


def _by_tifffile(data: bytes, number: int) -> Image:
    import logging

    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            pixels: Image = file.pages[number].asarray()
    except Exception as error:  # it stumbles over damage in every way there is
        raise DamagedError("it does not decode") from error
    if pixels.ndim not in (2, 3) or pixels.shape[2:] > (4,):
        raise DamagedError("its samples are not side by side")
    return np.ascontiguousarray(pixels)


def _gray_with_alpha(data: bytes, number: int) -> Image:
    try:
        pixels = _by_tifffile(data, number)
    except DamagedError:
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
