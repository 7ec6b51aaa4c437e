"""TIFF written: by OpenCV's libtiff, gray with alpha by tifffile, and metadata put into it."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.io.images.formats.tiff import header as tags
from imgconv.io.images.header import EncodingError
from imgconv.io.images.picture import Encoding, Image, Metadata, Picture
from imgconv.io.images.shared.ifd import (
    EXIF_IFD,
    GPS_IFD,
    Branch,
    BrokenError,
    Tiff,
    Value,
    branch_of,
    rewritten,
)
from imgconv.io.images.shared.opencv import swapped

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode pages, by default with deflate, whose checksums show damage."""
    del kind
    notes = ("tiff: the delays between the frames are not kept",) if picture.delays else ()
    return _encoded(picture.pages, picture.bands, encoding), notes


def _encoded(pages: Sequence[Image], bands: bool, encoding: Encoding) -> bytes:
    if bands or any(page.ndim == 3 and page.shape[2] not in (1, 3, 4) for page in pages):
        return _encoded_by_tifffile(pages, bands, encoding)
    cv2 = load_cv2()
    compressions = {
        "none": cv2.IMWRITE_TIFF_COMPRESSION_NONE,
        "lzw": cv2.IMWRITE_TIFF_COMPRESSION_LZW,
        "packbits": cv2.IMWRITE_TIFF_COMPRESSION_PACKBITS,
    }
    deflate = cv2.IMWRITE_TIFF_COMPRESSION_ADOBE_DEFLATE
    number = compressions.get(encoding.compression or "", deflate)
    parameters = [cv2.IMWRITE_TIFF_COMPRESSION, number]
    images = [swapped(page) for page in pages]
    try:
        if len(images) == 1:
            done, data = cv2.imencode(".tiff", images[0], parameters)
        else:
            done, data = cv2.imencodemulti(".tiff", images, parameters)
    except cv2.error as error:
        raise EncodingError(str(error.err)) from None
    if not done:
        raise EncodingError("OpenCV gives no reason")
    return rewritten(bytes(data), partial(_name_alpha, pages))


def _name_alpha(pages: Sequence[Image], number: int, branch: Branch) -> None:
    """Declare the fourth channel as unassociated alpha, which OpenCV leaves open."""
    if pages[number].ndim == 3 and pages[number].shape[2] == 4:
        branch.tags[tags.EXTRA_SAMPLES] = (3, 1, b"\2\0")


def _encoded_by_tifffile(pages: Sequence[Image], bands: bool, encoding: Encoding) -> bytes:
    """Encode gray with alpha, and bands, which OpenCV does not."""
    import tifffile

    plain = encoding.compression == "none"
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for page in pages:
            channels = page.shape[2] if page.ndim == 3 else 1
            colour = channels in (3, 4) and not bands
            alpha = channels in (2, 4) and not bands
            further = channels - (3 if colour else 1)
            writer.write(
                page,
                photometric="rgb" if colour else "minisblack",
                planarconfig="contig" if channels > 1 else None,
                extrasamples=["unassalpha" if alpha else "unspecified"] * further,
                compression=None if plain else "zlib",
                predictor=not plain and page.dtype != np.float32,
                metadata=None,
                software=False,
            )
    return file.getvalue()


def embed(data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
    """Put metadata into the first directory, and the value of no data into all."""

    def add(number: int, branch: Branch) -> None:
        if number == 0:
            _add_to_tiff(branch, metadata)
        if metadata.nodata:
            text = metadata.nodata + b"\0"
            branch.tags[tags.NODATA] = (2, len(text), text)

    return rewritten(data, add), []


def _add_to_tiff(branch: Branch, metadata: Metadata) -> None:
    _take_exif(branch, metadata.exif)
    branch.tags.update(branch_apart(metadata.places).tags)
    if metadata.xmp:
        branch.tags[tags.XMP] = (1, len(metadata.xmp), metadata.xmp)
    if metadata.icc:
        branch.tags[tags.ICC] = (7, len(metadata.icc), metadata.icc)
    if metadata.resolution:
        across, down = (_rational(per_inch) for per_inch in metadata.resolution)
        branch.tags.update({tags.X_RESOLUTION: across, tags.Y_RESOLUTION: down})
        branch.tags[tags.UNIT] = (3, 1, struct.pack("<H", 2))


def branch_apart(data: bytes | None) -> Branch:
    """Return the directory of a structure that stands apart from its file; empty for a broken one.

    Examples
    --------
    >>> branch_apart(None).tags
    {}
    """
    try:
        source = Tiff.of(data or b"")
        return branch_of(source, source.directory(source.first())[0])
    except BrokenError:
        return Branch({}, {})


def _take_exif(branch: Branch, exif: bytes | None) -> None:
    found = branch_apart(exif)
    branch.tags.update({tag: found.tags[tag] for tag in tags.WORDS if tag in found.tags})
    branch.under.update(
        {tag: found.under[tag] for tag in (EXIF_IFD, GPS_IFD) if tag in found.under}
    )


def _rational(per_inch: Fraction) -> Value:
    exact = per_inch.limit_denominator(100_000)
    return (5, 1, struct.pack("<II", min(exact.numerator, 2**32 - 1), exact.denominator))
