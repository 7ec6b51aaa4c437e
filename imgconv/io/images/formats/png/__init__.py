"""PNG and APNG: https://www.w3.org/TR/png-3/."""

from imgconv.io.images.formats.png.codec import block_encoder, decode, embed, encode
from imgconv.io.images.formats.png.header import read_header

__all__ = ["block_encoder", "decode", "embed", "encode", "read_header"]
