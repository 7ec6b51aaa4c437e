"""Bytes to a picture: known by its content, bounded by its header, whole, upright."""

from __future__ import annotations

import numpy as np

from imgconv.io.images import lfs, limits
from imgconv.io.images.formats import FORMATS, Format, codec_of, read_header, sniff
from imgconv.io.images.header import DamagedError, Header, NotSupportedError
from imgconv.io.images.picture import PLACES_LOST, Image, Picture, Reading
from imgconv.io.images.shared import exif
from imgconv.io.storage import files
from imgconv.io.storage.locations import Place
from imgconv.model.errors import ArgumentError, ImageReadError, LimitError
from imgconv.model.output import Depth

_PLAIN = Reading()
_MOST_OVERHEAD = 64 << 20
_GRAY_TOO = ("avif",)
"""Formats that say colour where all of it is gray, and are then decoded to gray."""


def read_file(path: Place, reading: Reading = _PLAIN) -> bytes:
    """Read an image file's bytes: no more than a picture within the limits can have.

    Raises
    ------
    ImageReadError, LimitError
        As `decode_picture` does, where the first bytes or the size say so.
    """
    return files.read_bytes(path, most_bytes(reading), lambda head: known_format(head, str(path)))


def read_stream(stream: files.Readable, name: str, reading: Reading = _PLAIN) -> bytes:
    """Read an image from a stream, with the same bounds."""
    return files.read_stream(
        stream, name, most_bytes(reading), lambda head: known_format(head, name)
    )


def most_bytes(reading: Reading) -> int:
    """Return how long a file may be: four floats a pixel, and some."""
    return 16 * reading.max_pixels + _MOST_OVERHEAD


def decode_picture(
    data: bytes,
    name: str,
    reading: Reading = _PLAIN,
    depth: Depth | str | None = None,
    header: Header | None = None,
) -> Picture:
    """Decode the bytes of an image file; `name` is for messages (see `images.read_picture`)."""
    kind = known_format(data, name)
    try:
        header = header or read_header(data, kind)
        limits.check(_wanted_part(header, reading), reading, name)
        wanted = _wanted(header, reading.page, name)
        check_layout(header, wanted)
        header, pages = _decoded(kind, data, header, wanted, reading.salvage)
    except NotSupportedError as error:
        raise not_supported(name, error) from None
    except DamagedError as error:
        raise ImageReadError(
            f"{name}: the {kind.name} data is damaged or cut short: {error}",
            None if reading.salvage else "--salvage writes what can be decoded",
        ) from None
    except LimitError:
        raise
    except MemoryError:
        raise LimitError(f"{name}: it does not fit in memory") from None
    _check_pixels(kind, pages, header, wanted, name)
    return _picture(pages, header, wanted, name, depth)


def check_layout(header: Header, wanted: range) -> None:
    """Check that all wanted pages have a layout that is read.

    Raises
    ------
    NotSupportedError
        With the name of the layout.
    """
    for number in wanted if header.each else ():
        unread = header.each[number].unread
        if unread is not None:
            where = f" (page {number + 1})" if header.pages > 1 else ""
            raise NotSupportedError(f"{unread}{where}")


def not_supported(name: str, error: NotSupportedError) -> ImageReadError:
    """Return the error of a file whose layout is not read."""
    return ImageReadError(
        f"{name}: not supported: {error}",
        hint=error.hint
        or "convert it by another program to a PNG, or to a plain TIFF of gray or RGB",
    )


def _check_pixels(
    kind: Format, pages: list[Image], header: Header, wanted: range, name: str
) -> None:
    """Check that what was decoded has the size, the channels and the depth of the header."""
    for number, page in zip(wanted, pages, strict=False):
        said = header.each[number] if header.each else header
        channels = page.shape[2] if page.ndim == 3 else 1
        drawn = kind.name == "gif" or bool(header.delays)  # alpha is where some frame has it
        gray = channels == 1 and said.channels == 3 and kind.name in _GRAY_TOO
        if (
            page.shape[:2] != (said.height, said.width)
            or not (channels == said.channels or drawn or gray)
            or page.itemsize != -(-said.bits // 8)
        ):
            raise ImageReadError(
                f"{name}: it decodes to {page.shape[1]} x {page.shape[0]} pixels of "
                f"{channels} x {8 * page.itemsize} bits; its header states {said.width} x "
                f"{said.height} of {said.channels} x {said.bits} bits",
                hint="convert it by another program to a PNG, or to a plain TIFF of gray or RGB",
            )


def _decoded(
    kind: Format, data: bytes, header: Header, wanted: range, salvage: bool
) -> tuple[Header, list[Image]]:
    """Decode what is whole; salvage what is not, where that is asked for."""
    try:
        if header.damage:
            raise DamagedError(header.damage)
        return header, codec_of(kind).decode(data, header, wanted, salvage=False)
    except DamagedError as error:
        if not salvage:
            raise
        header = header._replace(damage=str(error))
    return header, codec_of(kind).decode(data, header, wanted, salvage=True)


def known_format(data: bytes, name: str) -> Format:
    """Return the format from the first bytes.

    Raises
    ------
    ImageReadError
        When they are of none.
    """
    kind = sniff(data)
    if kind is None:
        lfs.check_no_pointer(data, name)
        known = ", ".join(known.name for known in FORMATS)
        empty = "it is empty" if not data else "its first bytes are of no known format"
        raise ImageReadError(f"{name}: not an image: {empty}", hint=f"known are {known}")
    return kind


def _wanted_part(header: Header, reading: Reading) -> Header:
    """Return the header of the only page that is decoded, where only one is."""
    if reading.page is None or not 1 <= reading.page <= header.pages:
        return header
    width, height = header.width, header.height
    if header.delays:  # a frame is drawn over those before it
        return header._replace(pages=reading.page, pixels=width * height * reading.page)
    if header.each:
        width, height = header.each[reading.page - 1][:2]
    return header._replace(width=width, height=height, pages=1, pixels=width * height)


def _wanted(header: Header, page: int | None, name: str) -> range:
    if page is None:
        return range(header.pages)
    if not 1 <= page <= header.pages:
        raise ArgumentError(
            f"{name}: there is no page {page}", hint=f"it has {header.pages}, counted from 1"
        )
    return range(page - 1, page)


def _picture(
    pages: list[Image],
    header: Header,
    wanted: range,
    name: str,
    depth: Depth | str | None,
) -> Picture:
    notes = list(header.notes)
    if "palette" in notes:
        notes.remove("palette")
    if header.damage:
        left = f"; its first {len(pages)} pages are taken" if len(pages) > 1 else ""
        notes.append(f"{name} is damaged ({header.damage}){left}")
    orientations = [page.orientation for page in header.each] or [header.orientation] * header.pages
    upright = tuple(
        turned(_of_known_depth(page, name, depth), orientations[number])
        for number, page in zip(wanted, pages, strict=False)
    )
    rows, columns = upright[0].shape[:2]
    metadata = header.metadata._replace(
        exif=exif.of_upright(header.metadata.exif, columns, rows),
        xmp=_upright_xmp(header.metadata.xmp),
    )
    if metadata.places and (wanted.start > 0 or header.orientation != 1):
        metadata = metadata._replace(places=None)
        notes.append(PLACES_LOST)
    if metadata.resolution and header.orientation >= 5:
        metadata = metadata._replace(resolution=metadata.resolution[::-1])
    delays = header.delays if len(upright) > 1 else ()
    return Picture(
        upright,
        metadata,
        delays[: len(upright)],
        header.loop,
        header.encoded,
        tuple(notes),
        any(header.each[number].bands for number in wanted if header.each),
    )


def _upright_xmp(data: bytes | None) -> bytes | None:
    if not data:
        return data
    from imgconv.io.images.shared import xmp

    return xmp.of_upright(data)


def _of_known_depth(pixels: Image, name: str, depth: Depth | str | None) -> Image:
    if pixels.dtype == np.float64 and depth in (Depth.F32, "f32"):
        pixels = pixels.astype(np.float32)
    try:
        Depth.of(pixels.dtype)
    except ArgumentError:
        hint = "--depth f32 reads it as float32" if pixels.dtype == np.float64 else None
        raise ImageReadError(
            f"{name}: its pixels are {pixels.dtype}; uint8, uint16, int16 and float32 are read",
            hint,
        ) from None
    return pixels


def turned(pixels: Image, orientation: int) -> Image:
    """Return an image upright that was stored with an EXIF orientation."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
