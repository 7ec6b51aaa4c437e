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
        How many it can hold.
    magics : tuple of bytes
        How its files begin.
    """

    name: str
    suffixes: tuple[str, ...]
    depths: tuple[Depth, ...]
    channels: tuple[int, ...]
    magics: tuple[bytes, ...]


_U8, _U8_U16 = (Depth.U8,), (Depth.U8, Depth.U16)
FORMATS = (
    Format("png", (".png",), _U8_U16, (1, 3, 4), (b"\x89PNG\r\n\x1a\n",)),
    Format("jpeg", (".jpg", ".jpeg", ".jpe"), _U8, (1, 3), (b"\xff\xd8\xff",)),
    Format("tiff", (".tiff", ".tif"), tuple(Depth), (1, 3, 4), (b"II*\0", b"MM\0*")),
    Format("webp", (".webp",), _U8, (1, 3, 4), (b"RIFF",)),
    Format("bmp", (".bmp", ".dib"), _U8, (1, 3, 4), (b"BM",)),
    Format("pgm", (".pgm",), _U8_U16, (1,), (b"P1", b"P2", b"P4", b"P5")),
    Format("ppm", (".ppm",), _U8_U16, (3,), (b"P3", b"P6")),
    Format("pnm", (".pnm",), _U8_U16, (1, 3), ()),
)


def sniff(data: bytes) -> Format | None:
    """Tell the format of a file from its first bytes."""
    for known in FORMATS:
        if data.startswith(known.magics):
            if known.name == "webp" and data[8:12] != b"WEBP":
                continue
            return known
    return None


def format_for(name: str | None, path: PurePath | None) -> Format:
    """Give the format that a name or else a path's suffix asks for.

    Raises
    ------
    ImageWriteError
        When neither says one.
    """
    wanted = name.lower() if name else (path.suffix.lower() if path else "")
    for known in FORMATS:
        if wanted == known.name or wanted in known.suffixes or f".{wanted}" in known.suffixes:
            return known
    suffixes = ", ".join(suffix for known in FORMATS for suffix in known.suffixes)
    if name:
        names = ", ".join(known.name for known in FORMATS)
        raise ImageWriteError(f"no format is called {name!r}", hint=f"choose from {names}")
    if path is None:
        raise ImageWriteError("the format is not known", hint="say it: --format png")
    what = f"the suffix {path.suffix!r} is not known" if path.suffix else "there is no suffix"
    raise ImageWriteError(
        f"{path}: {what}, so neither is the format", hint=f"use one of {suffixes}, or --format"
    )
