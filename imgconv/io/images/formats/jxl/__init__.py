"""JPEG XL: ISO/IEC 18181, the codestream and the container."""

from imgconv.io.images.formats.jxl.codec import decode, embed, encode
from imgconv.io.images.formats.jxl.header import read_header

__all__ = ["decode", "embed", "encode", "read_header"]
