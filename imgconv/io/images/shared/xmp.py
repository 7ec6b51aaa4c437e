"""XMP: what has to change in it when the pixels do."""

from __future__ import annotations

import re

_ORIENTATION = re.compile(
    rb"""(tiff:Orientation\s*=\s*["']|<tiff:Orientation[^>]*>)\s*[2-8]\s*(?=["'<])"""
)
_PREVIEW = re.compile(rb"""(xmpGImg:image\s*=\s*["']|<xmpGImg:image[^>/]*>)[^"'<]*(?=["'<])""")


def of_upright(xmp: bytes | None) -> bytes | None:
    """Return the XMP of a picture that was turned upright and filtered.

    The orientation is 1, and previews, which would show what the picture was before, are empty.
    """
    if not xmp:
        return xmp
    return _PREVIEW.sub(rb"\1", _ORIENTATION.sub(rb"\g<1>1", xmp))
