"""JPEG: ITU-T T.81, JFIF, Exif."""

from imgconv.io.images.formats.jpeg.codec import decode, embed, encode
from imgconv.io.images.formats.jpeg.header import read_header

__all__ = ["decode", "embed", "encode", "read_header"]
