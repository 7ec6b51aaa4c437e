"""Pictures decoded and encoded by OpenCV, RGB last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.io.images.header import DamagedError, EncodingError, Header
from imgconv.io.images.picture import Image

_RGB_OF_8_BITS = b"\x08\x02"


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
    return pixels if plain else as_rgb(pixels, header)


def as_rgb(pixels: Image, header: Header) -> Image:
    """Turn what OpenCV decoded into the channels that the file holds."""
    if header.bits > 8 * pixels.itemsize:
        raise DamagedError(f"its {header.bits} bits would become {8 * pixels.itemsize}")
    if header.channels == 2 and pixels.ndim == 3 and pixels.shape[2] == 4:
        return np.ascontiguousarray(pixels[..., [0, 3]])
    return swapped(pixels)


def encode(suffix: str, image: Image, parameters: Sequence[int] = ()) -> bytes:
    """Encode one picture.

    Raises
    ------
    EncodingError
        When OpenCV would not.
    """
    cv2 = load_cv2()
    try:
        done, data = cv2.imencode(suffix, swapped(image), list(parameters))
    except cv2.error as error:
        raise EncodingError(str(error.err)) from None
    if not done:
        raise EncodingError("OpenCV gives no reason")
    return bytes(data)


def coloured(image: Image) -> Image:
    """Return gray with alpha as colour with alpha, for formats that have no other."""
    if image.ndim == 3 and image.shape[2] == 2:
        return np.ascontiguousarray(image[..., [0, 0, 0, 1]])
    return image


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
