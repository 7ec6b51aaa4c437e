"""TIFF read: pages by OpenCV's libtiff where it is known to be right, else sample by sample."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.io.images.formats.tiff import segments
from imgconv.io.images.formats.tiff.header import EXTRA_SAMPLES
from imgconv.io.images.formats.tiff.layouts import (
    INKS,
    JPEG,
    WHITE,
    TiffLayout,
    is_by_libtiff,
    is_by_samples,
    layout_of,
)
from imgconv.io.images.formats.tiff.samples import StoredPage, decode_page
from imgconv.io.images.header import (
    MOST_PAGES,
    DamagedError,
    Header,
    PageHeader,
)
from imgconv.io.images.picture import Image
from imgconv.io.images.shared import exif
from imgconv.io.images.shared.alpha import divided
from imgconv.io.images.shared.ifd import BrokenError, Directory, Tiff
from imgconv.io.images.shared.opencv import as_rgb

_PREDICTOR = 317
_REPLACED = (segments.NONE, segments.LZW, segments.PACKBITS, *segments.DEFLATE)
"""Compressions in which a black tile or strip is written in place of a damaged one."""


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode pages, each with its own size and depth."""
    if salvage and header.damage:
        data += bytes(min(len(data), 64 << 20))  # strips that are not compressed end in black
    if any(page.orientation != 1 or page.channels == 4 for page in header.each):
        data = _as_stored(data)
    pages: list[Image] = []
    file = Tiff.of(data)
    directories, _ = file.readable(MOST_PAGES)
    for number in wanted:
        try:
            pixels = _page(file, directories[number], number, header, salvage)
            pages.append(divided(pixels) if header.each[number].premultiplied else pixels)
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
        if page.photometric in (WHITE, INKS):
            predicted = file.numbers(directory, _PREDICTOR, 1)[0] == 2
            first = page.bits // 8 * (4 if page.photometric == INKS else 1)
            white = first if predicted else len(row)
            row = b"\xff" * white + row[white:]
        return segments.blackened(file, directory, held, list(found), row)
    except BrokenError as error:
        raise DamagedError(str(error)) from None


def _page(file: Tiff, directory: Directory, number: int, header: Header, salvage: bool) -> Image:
    page = header.each[number]
    if page.width < 1 or page.height < 1:
        raise DamagedError(f"its size is {page.width} x {page.height}")
    layout = layout_of(file, directory)
    by_samples = is_by_samples(layout)
    if by_samples and (
        layout.photometric == INKS
        or layout.samples == 2
        or layout.compression == JPEG
        or not is_by_libtiff(layout)
    ):
        return _by_samples(file, directory, layout, salvage)
    whole = _checked(file, directory, page, salvage)
    if page.channels == 2:
        return _gray_with_alpha_by_pillow(whole, number)
    pixels = _by_opencv(whole, number, header.pages)
    if pixels is None and page.tiled and by_samples:  # OpenCV refuses small tiles
        return _by_samples(file, directory, layout, salvage)
    if pixels is None:
        raise DamagedError("it does not decode")
    if pixels.shape[:2] != (page.height, page.width):
        raise DamagedError("it decodes to another size than its header states")
    pixels = as_rgb(pixels, header._replace(channels=page.channels, bits=page.bits))
    if page.photometric == INKS and pixels.ndim == 3:
        pixels = np.ascontiguousarray(pixels[..., :3])
    if page.photometric == WHITE and page.bits == 16:
        pixels = np.invert(pixels)
    return pixels


def _by_samples(file: Tiff, directory: Directory, layout: TiffLayout, salvage: bool) -> Image:
    try:
        return decode_page(StoredPage(file, directory, layout), salvage)
    except BrokenError as error:
        raise DamagedError(str(error)) from None


def _as_stored(data: bytes) -> bytes:
    """Keep libtiff from turning pages, and from multiplying colours with alpha."""
    file = Tiff.of(bytearray(data))
    for directory in file.readable(MOST_PAGES)[0]:
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


def _gray_with_alpha_by_pillow(data: bytes, number: int) -> Image:
    """Decode JPEG of two channels."""
    from PIL import Image as Pillow

    try:
        with Pillow.open(io.BytesIO(data), formats=["TIFF"]) as file:
            file.seek(number)
            if file.mode != "LA":
                raise DamagedError("its gray and alpha are not side by side")
            return np.asarray(file)
    except DamagedError:
        raise
    except Exception as error:
        raise DamagedError("it does not decode") from error
