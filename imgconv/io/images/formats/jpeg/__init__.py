"""JPEG: ITU-T T.81, JFIF, Exif."""

from imgconv.io.images.formats.jpeg.codec import block_encoder, decode, embed, encode
from imgconv.io.images.formats.jpeg.header import read_header

__all__ = ["block_encoder", "decode", "embed", "encode", "read_header"]
