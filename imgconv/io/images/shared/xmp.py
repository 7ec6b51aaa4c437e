"""XMP: what has to change in it when the pixels do."""

from __future__ import annotations

import re

_ORIENTATION = re.compile(
    rb"""(tiff:Orientation\s*=\s*["']|<tiff:Orientation[^>]*>)\s*[2-8]\s*(?=["'<])"""
)
_PREVIEW = re.compile(rb"""(xmpGImg:image\s*=\s*["']|<xmpGImg:image[^>/]*>)[^"'<]*(?=["'<])""")
_LONG = re.compile(rb"[A-Za-z0-9+/=\r\n\t&#;]{1024,}")
_LETTERS = re.compile(rb"[A-Za-z0-9+/]")


def of_upright(xmp: bytes | None) -> bytes | None:
    """Return the XMP of a picture that was turned upright and filtered.

    The orientation is 1, and previews, which would show what the picture was before, are empty.
    """
    if not xmp:
        return xmp
    upright = _PREVIEW.sub(rb"\1", _ORIENTATION.sub(rb"\g<1>1", xmp))
    return _LONG.sub(_without_picture, upright)


def _without_picture(found: re.Match[bytes]) -> bytes:
    """Return nothing for base64, which is a picture whatever its name; else what was found."""
    return b"" if len(_LETTERS.findall(found[0])) > 800 else found[0]
