"""GIF: the Graphics Interchange Format, version 89a."""

from imgconv.io.images.formats.gif.codec import decode, encode
from imgconv.io.images.formats.gif.header import read_header

__all__ = ["decode", "encode", "read_header"]
