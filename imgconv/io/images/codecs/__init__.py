"""Codecs: the bytes of a file to pages of pixels and back, RGB last; one file for each library.

They are asked only after the header was read and found to be within bounds. They keep no state, so
that any number of threads may decode at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.io.images.headers.base import Header
from imgconv.io.images.picture import Encoding, Image, Picture


def decode(
    kind: str, data: bytes, header: Header, wanted: Sequence[int], salvage: bool
) -> list[Image]:
    """Decode the wanted pages, counted from 0; salvaging may yield fewer.

    Raises
    ------
    DamagedError
        When they cannot be decoded; the message is without the file's name.
    """
    if kind == "jpeg":
        from imgconv.io.images.codecs import jpeg

        return [jpeg.decode(data, header, salvage)]
    if kind in ("pgm", "ppm", "pnm", "pam", "pfm"):
        from imgconv.io.images.codecs import pnm

        return [pnm.decode(data, header, salvage)]
    if kind == "tiff":
        from imgconv.io.images.codecs import tiff

        return tiff.decode(data, header, wanted, salvage)
    if kind == "gif" or header.pages > 1 or (kind == "webp" and header.delays):
        from imgconv.io.images.codecs import animation

        return animation.decode(data, header, wanted, salvage)
    from imgconv.io.images.codecs import opencv, salvaging

    if salvage and header.damage:
        data = salvaging.mended(kind, data, header)
    return [opencv.decode(data, header)]


def encode(kind: str, suffix: str, picture: Picture, encoding: Encoding) -> bytes:
    """Encode pages that the format can hold.

    Raises
    ------
    EncodingError
        When they cannot be encoded.
    """
    if kind == "jpeg":
        from imgconv.io.images.codecs import jpeg

        return jpeg.encode(picture, encoding)
    if kind in ("pgm", "ppm", "pnm", "pam", "pfm"):
        from imgconv.io.images.codecs import pnm

        return pnm.encode(picture.pages[0], kind)
    if kind == "tiff":
        from imgconv.io.images.codecs import tiff

        return tiff.encode(picture.pages, encoding)
    if kind == "gif" or len(picture.pages) > 1:
        from imgconv.io.images.codecs import animation

        return animation.encode(kind, picture, encoding)
    from imgconv.io.images.codecs import opencv

    return opencv.encode(suffix, picture.pages[0], encoding)
