"""What OpenCV decodes and encodes: PNG, WebP, BMP, HDR, AVIF, JPEG 2000, Sun raster."""

from __future__ import annotations

import numpy as np

from imgconv.engines.opencv import load_cv2
from imgconv.io.images.headers.base import DamagedError, Header
from imgconv.io.images.picture import Encoding, Image

_RGB_OF_8_BITS = b"\x08\x02"


class EncodingError(Exception):
    """A codec would not encode."""


def decode(data: bytes, header: Header) -> Image:
    """Decode one picture as it is: its depth, its channels, not turned."""
    cv2 = load_cv2()
    # Decoding to RGB at once spares a pass over the pixels; it knows 8 bits and 3 channels only.
    plain = data[:4] == b"\x89PNG" and data[24:26] == _RGB_OF_8_BITS and header.channels == 3
    rgb = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        how = rgb if plain else cv2.IMREAD_UNCHANGED
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise DamagedError(header.damage or "it does not decode")
    found: Image = pixels if plain else as_rgb(pixels, header)
    if data[:4] == b"\x89PNG" and found.ndim == 2 and header.channels == 2:
        return _with_clear_gray(found, header)
    return found


def _with_clear_gray(gray: Image, header: Header) -> Image:
    """Add the alpha of a PNG one of whose grays is transparent; OpenCV spread the grays."""
    (clear,) = header.extra
    if clear is None:
        raise DamagedError("its alpha is not there")
    white = np.iinfo(gray.dtype).max
    spread = clear * (white // ((1 << header.bits) - 1))
    alpha = np.where(gray == spread, 0, white).astype(gray.dtype)
    result: Image = np.dstack([gray, alpha])
    return result


def as_rgb(pixels: Image, header: Header) -> Image:
    """Turn what OpenCV decoded into the channels that the file holds."""
    if header.bits > 8 * pixels.itemsize:
        raise DamagedError(f"its {header.bits} bits would become {8 * pixels.itemsize}")
    if header.channels == 2 and pixels.ndim == 3 and pixels.shape[2] == 4:
        return np.ascontiguousarray(pixels[..., [0, 3]])
    return swapped(pixels)


def encode(suffix: str, image: Image, encoding: Encoding) -> bytes:
    """Encode one picture."""
    if suffix == ".png" and image.ndim == 3 and image.shape[2] == 2:
        from imgconv.io.images.codecs.png_gray_alpha import encode as with_alpha

        return with_alpha(image, _level(encoding))
    cv2 = load_cv2()
    try:
        done, data = cv2.imencode(suffix, swapped(image), _parameters(suffix, encoding))
    except cv2.error as error:
        raise EncodingError(str(error.err)) from None
    if not done:
        raise EncodingError("OpenCV does not say why")
    return bytes(data)


def _level(encoding: Encoding) -> int | None:
    return int(how) if (how := encoding.compression or "").isdigit() else None


def _parameters(suffix: str, encoding: Encoding) -> list[int]:
    cv2 = load_cv2()
    level = _level(encoding)
    if suffix == ".png" and level is not None:
        return [cv2.IMWRITE_PNG_COMPRESSION, level]
    if suffix == ".webp" and encoding.quality is None:
        return [cv2.IMWRITE_WEBP_LOSSLESS_MODE, cv2.IMWRITE_WEBP_LOSSLESS_PRESERVE_COLOR]
    if suffix == ".webp":
        return [cv2.IMWRITE_WEBP_QUALITY, encoding.quality or 100]
    if suffix == ".avif":
        return [cv2.IMWRITE_AVIF_QUALITY, encoding.quality or 100]
    return []


def swapped(image: Image) -> Image:
    """Turn RGB into BGR and back, alpha staying last."""
    cv2 = load_cv2()
    if image.ndim == 2:
        return np.ascontiguousarray(image)
    if image.shape[2] == 1:
        return np.ascontiguousarray(image[..., 0])
    # cvtColor has neither int16 nor float64; the fancy index is slower and takes every type.
    if image.dtype not in (np.uint8, np.uint16, np.float32):
        return np.ascontiguousarray(image[..., [2, 1, 0, 3][: image.shape[2]]])
    code = cv2.COLOR_BGR2RGB if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    result: Image = cv2.cvtColor(np.ascontiguousarray(image), code)
    return result
