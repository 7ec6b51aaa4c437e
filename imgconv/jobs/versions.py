"""Versions that decide the bytes of an output, beside input and recipe."""

from __future__ import annotations

from functools import cache


@cache
def versions() -> str:
    """Return the versions of imgconv and of the libraries that encode, and the engine."""
    import simplejpeg

    from imgconv import __version__
    from imgconv.engines.cv2_library import cv2_version
    from imgconv.engines.select import select_engine
    from imgconv.io.images.shared import deflate

    jpeg, png = f"simplejpeg {simplejpeg.__version__}", deflate.library()
    codecs = f"OpenCV {cv2_version()}, {jpeg}, {png}"
    return f"imgconv {__version__}, {select_engine().name}, {codecs}"
