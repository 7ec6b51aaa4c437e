"""Images from files, and back."""

from __future__ import annotations

import os
from pathlib import Path

from imgconv.io.images.decode import decode_picture, read_file
from imgconv.io.images.encode import check_holds, encode_picture
from imgconv.io.images.formats import Format, format_for
from imgconv.io.images.picture import Encoding, Image, Picture, Reading
from imgconv.io.storage import files
from imgconv.model.output import Depth

__all__ = [
    "Image",
    "check_holds",
    "decode",
    "encode",
    "read_image",
    "read_picture",
    "write_image",
    "write_picture",
]

_PLAIN_READING, _PLAIN_ENCODING = Reading(), Encoding()


def read_image(
    path: str | os.PathLike[str],
    *,
    depth: Depth | str | None = None,
    reading: Reading = _PLAIN_READING,
) -> Image:
    """Read an image as it is: its depth, its channels, upright.

    Parameters
    ----------
    path : path
        A file of a known format, known by its content.
    depth : {"f32"}, optional
        Lets a float64 file be read, as float32.
    reading : Reading, optional
        The greatest number of pixels, and which page; default the first.

    Returns
    -------
    ndarray, shape (rows, columns) or (rows, columns, 2, 3 or 4)
        uint8, uint16, int16 or float32; gray, gray and alpha, RGB or RGBA. The EXIF orientation is
        applied.

    Raises
    ------
    ImageReadError
        When the file is missing, not an image of a known format, damaged, or of another depth.
    LimitError
        When it has more pixels than `reading` allows or memory holds.
    """
    first = reading if reading.page is not None else reading._replace(page=1)
    return read_picture(path, depth=depth, reading=first).pages[0]


def read_picture(
    path: str | os.PathLike[str],
    *,
    depth: Depth | str | None = None,
    reading: Reading = _PLAIN_READING,
) -> Picture:
    """Read all pages of an image file, and what it says beside its pixels.

    Parameters
    ----------
    path, depth, reading
        As for `read_image`; by default all pages are read.

    Returns
    -------
    Picture

    Raises
    ------
    ImageReadError, LimitError
        As `read_image` does.
    """
    return decode_picture(read_file(Path(path), reading), str(path), reading, depth)


def decode(
    data: bytes,
    name: str,
    depth: Depth | str | None = None,
    reading: Reading = _PLAIN_READING,
) -> Image:
    """Decode one image of a file's bytes; `name` is for messages (see `read_image`)."""
    first = reading if reading.page is not None else reading._replace(page=1)
    return decode_picture(data, name, first, depth).pages[0]


def write_image(
    path: str | os.PathLike[str],
    image: Image,
    *,
    overwrite: bool = False,
    format: str | None = None,
    encoding: Encoding = _PLAIN_ENCODING,
) -> None:
    """Write an image so that the file appears whole or not at all.

    Parameters
    ----------
    path : path
        Its suffix says the format, unless `format` does.
    image : ndarray, shape (rows, columns) or (rows, columns, 1, 2, 3 or 4)
        uint8, uint16, int16 or float32; gray, gray and alpha, RGB or RGBA.
    overwrite : bool, default False
        Whether a file that is there is replaced.
    format : str, optional
        png, jpeg, tiff, webp, gif, avif, bmp, pgm, ppm, pnm, pam, pfm, hdr, heic, jxl or exr.
    encoding : Encoding, optional
        Quality, compression and the like.

    Raises
    ------
    ImageWriteError
        When the format cannot hold the image, or the file cannot be written.
    OutputExistsError
        When the file is there and `overwrite` is not given.
    """
    write_picture(path, Picture((image,)), overwrite=overwrite, format=format, encoding=encoding)


def write_picture(
    path: str | os.PathLike[str],
    picture: Picture,
    *,
    overwrite: bool = False,
    format: str | None = None,
    encoding: Encoding = _PLAIN_ENCODING,
) -> tuple[str, ...]:
    """Write all pages of a picture with its metadata; the file appears whole or not at all.

    Parameters
    ----------
    path, overwrite, format, encoding
        As for `write_image`.
    picture : Picture

    Returns
    -------
    tuple of str
        What the format could not keep, in words.

    Raises
    ------
    ImageWriteError, OutputExistsError
        As `write_image` does.
    """
    target = Path(path)
    files.check_target(target, overwrite=overwrite)
    data, notes = encode_picture(picture, format_for(format, target), str(path), encoding)
    files.write_whole(target, data, overwrite=overwrite)
    return notes


def encode(image: Image, kind: Format, name: str, encoding: Encoding = _PLAIN_ENCODING) -> bytes:
    """Encode an image in memory; `name` is for messages (see `write_image`)."""
    return encode_picture(Picture((image,)), kind, name, encoding)[0]
