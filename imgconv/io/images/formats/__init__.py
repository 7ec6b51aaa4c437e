"""The image formats: one row for each in the table `FORMATS`, one module or package for each.

A row is all that finding, checking and refusing a format needs, so that no codec is imported for
it. The module reads headers, checks layouts, decodes, encodes and embeds metadata.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from imgconv.io.images.header import DamagedError, Header
from imgconv.io.images.picture import Encoding, Image, Metadata, Picture
from imgconv.model.errors import ImageWriteError, MissingDependencyError
from imgconv.model.output import Depth

if TYPE_CHECKING:
    import numpy as np

    from imgconv.io.images.blocks import BlockEncoder


class Codec(Protocol):
    """What the module of a format has; `encode` where it is written, `embed` where it keeps any."""

    def read_header(self, data: bytes) -> Header:
        """Read what a file says of its pixels, and check its layout.

        Raises
        ------
        DamagedError, NotSupportedError
        """
        ...

    def decode(
        self, data: bytes, header: Header, wanted: Sequence[int], salvage: bool
    ) -> list[Image]:
        """Decode the wanted pages, counted from 0; salvaging may yield fewer.

        Raises
        ------
        DamagedError, NotSupportedError
        """
        ...

    def encode(
        self, picture: Picture, kind: Format, encoding: Encoding
    ) -> tuple[bytes, tuple[str, ...]]:
        """Encode all pages of a picture; return what is lost, too.

        Raises
        ------
        EncodingError
        """
        ...

    def embed(self, data: bytes, metadata: Metadata) -> tuple[bytes, list[str]]:
        """Put metadata into an encoded file; return what does not fit, too."""
        ...


class BlockCodec(Codec, Protocol):
    """The module of a format whose files can be made of blocks of rows."""

    def block_encoder(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[np.generic],
        encoded: Encoding,
        encoding: Encoding,
    ) -> tuple[BlockEncoder | None, tuple[str, ...]]:
        """Return what encodes one picture, and what is lost; None where only `encode` can."""
        ...


class Format(NamedTuple):
    """An image file format.

    Attributes
    ----------
    name : str
        On the command line.
    suffixes : tuple of str
        The first is what OpenCV's encoder is asked for.
    depths : tuple of Depth
        What it can hold.
    channels : tuple of int
        How many it can hold: gray, gray and alpha, RGB, RGBA; more are bands.
    magics : tuple of bytes
        How its files begin.
    keeps : tuple of str
        The metadata that it keeps.
    pages : str
        "" for one picture, "pages" for many, "frames" for animations.
    writes : bool
        Whether it is written and not only read.
    home : str
        The module in this package; default that of the format's name.
    library : str
        What reads and writes it, of the extra ``formats``; empty where nothing else is needed.
    blocks : bool
        Whether its module is a `BlockCodec`.
    """

    name: str
    suffixes: tuple[str, ...]
    depths: tuple[Depth, ...]
    channels: tuple[int, ...]
    magics: tuple[bytes, ...]
    keeps: tuple[str, ...] = ()
    pages: str = ""
    writes: bool = True
    home: str = ""
    library: str = ""
    blocks: bool = False


_U8, _U8_U16, _F32 = (Depth.U8,), (Depth.U8, Depth.U16), (Depth.F32,)
_ALL, _ANY = ("exif", "icc", "xmp", "resolution"), (1, 2, 3, 4)
_BANDS = tuple(range(1, 65))
FORMATS = (
    Format(
        "png", (".png", ".apng"), _U8_U16, _ANY, (b"\x89PNG\r\n\x1a\n",), _ALL, "frames",
        blocks=True,
    ),
    Format("jpeg", (".jpg", ".jpeg", ".jpe"), _U8, (1, 3), (b"\xff\xd8\xff",), _ALL, blocks=True),
    Format(
        "tiff", (".tiff", ".tif"), tuple(Depth), _BANDS,
        (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), (*_ALL, "nodata", "places"), "pages",
    ),
    Format("webp", (".webp",), _U8, _ANY, (b"RIFF",), ("exif", "icc", "xmp"), "frames"),
    Format("gif", (".gif",), _U8, _ANY, (b"GIF87a", b"GIF89a"), (), "frames"),
    Format("avif", (".avif",), _U8, _ANY, ()),
    Format("bmp", (".bmp", ".dib"), _U8, _ANY, (b"BM",), ("resolution",)),
    Format("pgm", (".pgm",), _U8_U16, (1,), (b"P1", b"P2", b"P4", b"P5"), (), "pages", home="pnm"),
    Format("ppm", (".ppm",), _U8_U16, (3,), (b"P3", b"P6"), (), "pages", home="pnm"),
    Format("pnm", (".pnm",), _U8_U16, (1, 3), (), (), "pages"),
    Format("pam", (".pam",), _U8_U16, _ANY, (b"P7",), (), "pages", home="pnm"),
    Format("pfm", (".pfm",), _F32, (1, 3), (b"PF", b"Pf"), (), "pages", home="pnm"),
    Format("hdr", (".hdr", ".pic"), _F32, (3,), (b"#?RADIANCE", b"#?RGBE")),
    Format(
        "jp2", (".jp2", ".j2k"), _U8_U16, (1, 3, 4),
        (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"), writes=False,
    ),
    Format(
        "heic", (".heic", ".heif"), _U8, _ANY, (), ("exif", "icc", "xmp"), library="pillow_heif"
    ),
    Format(
        "jxl", (".jxl",), (Depth.U8, Depth.U16, Depth.F32), _ANY,
        (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"), ("exif", "xmp"), library="imagecodecs",
    ),
    Format("exr", (".exr",), _F32, _ANY, (b"v/1\x01",), library="OpenEXR"),
    Format("sun", (".ras", ".sr"), _U8, (1, 3), (b"\x59\xa6\x6a\x95",), writes=False),
)  # fmt: skip


_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
"""Brands of HEIF that is not AVIF."""


@cache
def codec_of(kind: Format) -> Codec:
    """Return the module of a format."""
    return cast("Codec", import_module(f"{__name__}.{kind.home or kind.name}"))


def read_header(data: bytes, kind: Format) -> Header:
    """Read the header of a file of a known format.

    Raises
    ------
    DamagedError
        When it makes no sense; the message is without the file's name.
    NotSupportedError
        When the layout is not read at all.
    """
    header = codec_of(kind).read_header(data)
    if header.width < 1 or header.height < 1:
        raise DamagedError(f"its size is {header.width} x {header.height}")
    if header.pixels:
        return header
    return header._replace(pixels=header.width * header.height * header.pages)


def sniff(data: bytes) -> Format | None:
    """Return the format of a file from its first bytes."""
    for known in FORMATS:
        if data.startswith(known.magics):
            if known.name == "webp" and data[8:12] != b"WEBP":
                continue
            return known
    return _of_brands(data)


def _of_brands(data: bytes) -> Format | None:
    """Return which of the formats in HEIF's boxes a file has."""
    if data[4:8] != b"ftyp":
        return None
    from imgconv.io.images.shared.items import brands

    named = brands(data)
    if not {b"avif", b"avis"}.isdisjoint(named):
        return format_named("avif")
    return None if _HEIC.isdisjoint(named) else format_named("heic")


def is_pnm(kind: Format | None) -> bool:
    """Return whether a format is one of PNM's, of which several pictures may follow each other."""
    return kind is not None and "pnm" in (kind.name, kind.home)


def format_named(name: str) -> Format:
    """Return the format of a name that exists."""
    return next(known for known in FORMATS if known.name == name)


def _check_library(kind: Format, path: PurePath | None) -> None:
    """Check that a format can be written here.

    Raises
    ------
    MissingDependencyError
        When its library is not installed.
    """
    if kind.library and find_spec(kind.library) is None:
        raise MissingDependencyError(
            f"{path or kind.name}: {kind.name} needs {kind.library}, which is not installed",
            hint="pip install 'imgconv[formats]'",
        )


def format_for(name: str | None, path: PurePath | None) -> Format:
    """Return the format that a name or else a path's suffix asks for.

    Raises
    ------
    ImageWriteError
        When neither says one, or it is only read.
    MissingDependencyError
        When it needs the extra ``formats``.
    """
    wanted = name.lower() if name else (path.suffix.lower() if path else "")
    for known in FORMATS:
        if wanted == known.name or wanted in known.suffixes or f".{wanted}" in known.suffixes:
            if known.writes:
                _check_library(known, path)
                return known
            raise ImageWriteError(
                f"{path or name}: {known.name} is read but not written",
                hint="write .png or .tiff, which lose nothing",
            )
    suffixes = ", ".join(s for known in FORMATS if known.writes for s in known.suffixes)
    if name:
        names = ", ".join(known.name for known in FORMATS if known.writes)
        raise ImageWriteError(f"no format is called {name!r}", hint=f"choose from {names}")
    if path is None:
        raise ImageWriteError("the format is not known", hint="name one: --format png")
    what = f"the suffix {path.suffix!r} is not known" if path.suffix else "there is no suffix"
    raise ImageWriteError(
        f"{path}: {what}, and the format depends on it", hint=f"use one of {suffixes}, or --format"
    )
