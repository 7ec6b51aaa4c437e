"""JPEG by libjpeg-turbo through simplejpeg, whose errors belong to the call that they came from.

OpenCV decodes damaged data and only prints about it, on a descriptor that all threads share.
"""

from __future__ import annotations

import numpy as np
import simplejpeg

from imgconv.io.images.headers.base import DamagedError, Header
from imgconv.io.images.picture import Encoding, Image, Picture

_MOST_SCANS = 500
_QUALITY, _SUBSAMPLING = 95, "444"


def decode(data: bytes, header: Header, salvage: bool) -> Image:
    """Decode a JPEG; whatever the decoder complains of is damage, unless salvaging."""
    components, scans = header.extra
    if scans > _MOST_SCANS:
        raise DamagedError(f"it has {scans} scans, and {_MOST_SCANS} at most are decoded")
    space = {1: "GRAY", 3: "RGB", 4: "CMYK"}[components]
    try:
        pixels: Image = simplejpeg.decode_jpeg(data, space, strict=not salvage)
    except ValueError as error:
        if "subsampling" not in str(error):
            raise DamagedError(_said(error)) from None
        from imgconv.io.images.codecs import opencv  # it takes what is rarer

        return opencv.decode(data, header)
    if components == 4:
        return _from_cmyk(pixels)
    return pixels[..., 0] if components == 1 else pixels


def _from_cmyk(light: Image) -> Image:
    """Convert as every program does that knows no profile; Adobe writes the inks inverted."""
    product = light[..., :3].astype(np.uint16) * light[..., 3:]
    result: Image = ((product + 127) // 255).astype(np.uint8)
    return result


def _said(error: ValueError) -> str:
    text = str(error).removeprefix("Corrupt JPEG data: ")
    return text[:1].lower() + text[1:80]


def encode(picture: Picture, encoding: Encoding) -> bytes:
    """Encode gray or RGB, by default as finely as the JPEG that it came from."""
    image = np.ascontiguousarray(picture.pages[0])
    quality = encoding.quality or picture.encoded.quality or _QUALITY
    if image.ndim == 2 or image.shape[2] == 1:
        gray = image.reshape(*image.shape[:2], 1)
        return bytes(simplejpeg.encode_jpeg(gray, quality, "GRAY", "Gray", fastdct=False))
    subsampling = encoding.subsampling or picture.encoded.subsampling or _SUBSAMPLING
    return bytes(simplejpeg.encode_jpeg(image, quality, "RGB", subsampling, fastdct=False))
