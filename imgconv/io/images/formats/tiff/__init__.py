"""TIFF and BigTIFF: TIFF 6.0."""

from imgconv.io.images.formats.tiff.decoding import decode
from imgconv.io.images.formats.tiff.encoding import embed, encode
from imgconv.io.images.formats.tiff.header import read_header

__all__ = ["decode", "embed", "encode", "read_header"]
