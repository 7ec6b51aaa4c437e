"""PNG and APNG: https://www.w3.org/TR/png-3/."""

from imgconv.io.images.formats.png.codec import decode, embed, encode
from imgconv.io.images.formats.png.header import read_header

__all__ = ["decode", "embed", "encode", "read_header"]
