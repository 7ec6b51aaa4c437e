"""The image formats: how they are known, and what they can hold."""

from __future__ import annotations

from pathlib import PurePath
from typing import NamedTuple

from imgconv.model.errors import ImageWriteError
from imgconv.model.output import Depth


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
        How many it can hold: gray, gray and alpha, RGB, RGBA.
    magics : tuple of bytes
        How its files begin.
    keeps : tuple of str
        The metadata that it keeps.
    pages : str
        "" for one picture, "pages" for many, "frames" for animations.
    writes : bool
        Whether it is written and not only read.
    """

    name: str
    suffixes: tuple[str, ...]
    depths: tuple[Depth, ...]
    channels: tuple[int, ...]
    magics: tuple[bytes, ...]
    keeps: tuple[str, ...] = ()
    pages: str = ""
    writes: bool = True


_U8, _U8_U16, _F32 = (Depth.U8,), (Depth.U8, Depth.U16), (Depth.F32,)
_ALL, _ANY = ("exif", "icc", "xmp", "resolution"), (1, 2, 3, 4)
FORMATS = (
    Format("png", (".png", ".apng"), _U8_U16, _ANY, (b"\x89PNG\r\n\x1a\n",), _ALL, "frames"),
    Format("jpeg", (".jpg", ".jpeg", ".jpe"), _U8, (1, 3), (b"\xff\xd8\xff",), _ALL),
    Format(
        "tiff", (".tiff", ".tif"), tuple(Depth), _ANY,
        (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), _ALL, "pages",
    ),
    Format("webp", (".webp",), _U8, _ANY, (b"RIFF",), ("exif", "icc", "xmp"), "frames"),
    Format("gif", (".gif",), _U8, _ANY, (b"GIF87a", b"GIF89a"), (), "frames"),
    Format("avif", (".avif",), _U8, _ANY, ()),
    Format("bmp", (".bmp", ".dib"), _U8, _ANY, (b"BM",), ("resolution",)),
    Format("pgm", (".pgm",), _U8_U16, (1,), (b"P1", b"P2", b"P4", b"P5")),
    Format("ppm", (".ppm",), _U8_U16, (3,), (b"P3", b"P6")),
    Format("pnm", (".pnm",), _U8_U16, (1, 3), ()),
    Format("pam", (".pam",), _U8_U16, _ANY, (b"P7",)),
    Format("pfm", (".pfm",), _F32, (1, 3), (b"PF", b"Pf")),
    Format("hdr", (".hdr", ".pic"), _F32, (3,), (b"#?RADIANCE", b"#?RGBE")),
    Format(
        "jp2", (".jp2", ".j2k"), _U8_U16, (1, 3, 4),
        (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"), writes=False,
    ),
    Format("sun", (".ras", ".sr"), _U8, (1, 3), (b"\x59\xa6\x6a\x95",), writes=False),
)  # fmt: skip


def sniff(data: bytes) -> Format | None:
    """Return the format of a file from its first bytes."""
    for known in FORMATS:
        if data.startswith(known.magics):
            if known.name == "webp" and data[8:12] != b"WEBP":
                continue
            return known
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return format_named("avif")
    return None


def format_named(name: str) -> Format:
    """Return the format of a name that exists."""
    return next(known for known in FORMATS if known.name == name)


def format_for(name: str | None, path: PurePath | None) -> Format:
    """Return the format that a name or else a path's suffix asks for.

    Raises
    ------
    ImageWriteError
        When neither says one, or it is only read.
    """
    wanted = name.lower() if name else (path.suffix.lower() if path else "")
    for known in FORMATS:
        if wanted == known.name or wanted in known.suffixes or f".{wanted}" in known.suffixes:
            if known.writes:
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
        raise ImageWriteError("the format is not known", hint="say it: --format png")
    what = f"the suffix {path.suffix!r} is not known" if path.suffix else "there is no suffix"
    raise ImageWriteError(
        f"{path}: {what}, so neither is the format", hint=f"use one of {suffixes}, or --format"
    )
