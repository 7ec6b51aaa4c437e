"""A picture: what a file holds beside its pixels, as one value."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from imgconv.model.errors import ArgumentError
from imgconv.model.output import DEFAULT_MAX_PIXELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Image = NDArray[Any]
else:
    Image = Any  # so that these values need no NumPy

SUBSAMPLINGS = ("444", "422", "420", "440", "411")
COMPRESSIONS = ("none", "lzw", "deflate", "packbits", *map(str, range(10)))


PLACES_LOST = "tiff: the geographic tags are not kept, since the picture has another geometry"


class Metadata(NamedTuple):
    """What is said about a picture, each as the bytes that every format keeps in the same way.

    Attributes
    ----------
    exif : bytes, optional
        A TIFF structure, without the ``Exif`` mark that JPEG puts before it.
    icc, xmp : bytes, optional
    resolution : (Fraction, Fraction), optional
        Pixels per inch across and down.
    nodata : bytes, optional
        The value that means no data, as GDAL's tag has it.
    places : bytes, optional
        A TIFF structure of the tags that say where on the earth the pixels lie.
    """

    exif: bytes | None = None
    icc: bytes | None = None
    xmp: bytes | None = None
    resolution: tuple[Fraction, Fraction] | None = None
    nodata: bytes | None = None
    places: bytes | None = None

    def fitting(self, channels: int) -> Metadata:
        """Leave out a profile of another colour space than that of so many channels."""
        space = b"GRAY" if channels < 3 else b"RGB "
        return self._replace(icc=None) if self.icc and self.icc[16:20] != space else self

    def of_shape(
        self, before: tuple[int, ...], after: tuple[int, ...]
    ) -> tuple[Metadata, tuple[str, ...]]:
        """Leave out where pixels lie when their number has changed, and say so."""
        if self.places is None or before[:2] == after[:2]:
            return self, ()
        return self._replace(places=None), (PLACES_LOST,)


class Reading(NamedTuple):
    """How files are read.

    Attributes
    ----------
    max_pixels : int
        A file with more, all its pages together, is refused before it is decoded.
    page : int, optional
        The only page to read, counted from 1.
    salvage : bool
        Whether a damaged file yields what can be decoded of it.
    """

    max_pixels: int = DEFAULT_MAX_PIXELS
    page: int | None = None
    salvage: bool = False


class Encoding(NamedTuple):
    """How files are written; None is what suits the picture.

    Attributes
    ----------
    quality : int, optional
        1 to 100, for JPEG, WebP, AVIF, HEIC and JPEG XL of 8 bits. Default for JPEG: that of the
        JPEG which was read, else 95. The others are lossless by default.
    compression : str, optional
        PNG: 0 to 9. TIFF: none, lzw, deflate or packbits.
    lossless : bool
        Demands a file without loss.
    subsampling : str, optional
        444, 422, 420, 440 or 411 for JPEG. Default that of the JPEG which was read, else 444.
    strip : bool
        Whether metadata is left out.
    """

    quality: int | None = None
    compression: str | None = None
    lossless: bool = False
    subsampling: str | None = None
    strip: bool = False


def check_encoding(encoding: Encoding) -> None:
    """Check that the values are ones that an encoder can have.

    Raises
    ------
    ArgumentError
        For one that none can.
    """
    if encoding.quality is not None and not 1 <= encoding.quality <= 100:
        raise ArgumentError(f"quality {encoding.quality} is not from 1 to 100")
    if encoding.subsampling not in (None, *SUBSAMPLINGS):
        choices = ", ".join(SUBSAMPLINGS)
        raise ArgumentError(f"no subsampling is called {encoding.subsampling!r}", choices)
    if encoding.compression not in (None, *COMPRESSIONS):
        raise ArgumentError(
            f"no compression is called {encoding.compression!r}",
            hint="0 to 9 for PNG; none, lzw, deflate or packbits for TIFF",
        )
    if encoding.lossless and encoding.quality is not None:
        raise ArgumentError("a quality loses something; give it or lossless, not both")


class Picture(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    pages : tuple of ndarray, shape (rows, columns) or (rows, columns, 2, 3 or 4)
        One for most files; the pages of a TIFF, the frames of an animation. Gray, gray and alpha,
        RGB or RGBA; upright.
    metadata : Metadata
        Its EXIF says that the picture is upright.
    delays : tuple of int
        Milliseconds that each frame of an animation stands; empty for anything else.
    loop : int
        How often an animation plays; 0 is for ever.
    encoded : Encoding
        How a JPEG was encoded: quality and subsampling.
    notes : tuple of str
        What was converted on the way, in words.
    bands : bool
        Whether channels are bands of a measurement, none of which is colour or alpha. Pages may
        then have up to 64.
    """

    pages: tuple[Image, ...]
    metadata: Metadata = Metadata()
    delays: tuple[int, ...] = ()
    loop: int = 0
    encoded: Encoding = Encoding()
    notes: tuple[str, ...] = ()
    bands: bool = False
