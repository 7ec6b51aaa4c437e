"""Images from files and bytes, and back: the only place that knows codecs."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.engines.opencv import load_cv2
from imgconv.io import codec_noise, files
from imgconv.io.formats import FORMATS, Format, format_for, sniff
from imgconv.model.errors import ArgumentError, ImageReadError, ImageWriteError, LimitError
from imgconv.model.output import Depth

Image = NDArray[Any]

# Keeps depth and alpha and applies the EXIF orientation: IMREAD_UNCHANGED without
# IMREAD_IGNORE_ORIENTATION, IMREAD_COLOR_RGB and the IMREAD_REDUCED bits.
_AS_IT_IS = -1 & ~128 & ~256 & ~(16 | 32 | 64)
_LOG_MARK = r"^\[\s*\w+:\d+@[\d.]+\]\s*global\s+\S+\s+\S+\s*"
_JPEG_DAMAGE = ("Corrupt JPEG data", "premature end", "Premature end")


def read_image(path: str | os.PathLike[str], *, depth: Depth | str | None = None) -> Image:
    """Read an image as it is: its depth, its channels, upright.

    Parameters
    ----------
    path : path
        PNG, JPEG, TIFF, WebP, BMP or PNM, known by its content.
    depth : {"f32"}, optional
        Lets a float64 file be read, as float32.

    Returns
    -------
    ndarray, shape (rows, columns) or (rows, columns, 3 or 4)
        uint8, uint16, int16 or float32; colour is RGB or RGBA. The EXIF orientation is applied.

    Raises
    ------
    ImageReadError
        When the file is missing, not an image of a known format, damaged, or of another depth.
    LimitError
        When it has more pixels than OpenCV decodes.
    """
    return decode(files.read_bytes(Path(path)), str(path), depth)


def decode(data: bytes, name: str, depth: Depth | str | None = None) -> Image:
    """Decode the bytes of an image file; `name` is for messages (see `read_image`)."""
    kind = sniff(data)
    if kind is None:
        known = ", ".join(known.name for known in FORMATS)
        empty = "it is empty" if not data else "its first bytes are of no known format"
        raise ImageReadError(f"{name}: not an image: {empty}", hint=f"known are {known}")
    cv2 = load_cv2()
    if data[:2] in (b"P1", b"P2", b"P3"):
        data += b"\n"  # OpenCV takes a plain-text image without a last line end for a cut one
    try:
        with codec_noise.heard() as noise:
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _AS_IT_IS)
    except cv2.error as error:
        if "CV_IO_MAX" in str(error):
            raise LimitError(
                f"{name}: more pixels than OpenCV decodes (2^20 on a side, 2^30 in all)"
            ) from None
        raise ImageReadError(f"{name}: the {kind.name} data is damaged") from None
    holes = kind.name == "jpeg" and any(words in noise[0] for words in _JPEG_DAMAGE)
    if pixels is None or holes:
        said = _said(noise[0])
        raise ImageReadError(f"{name}: the {kind.name} data is damaged or cut short{said}")
    if pixels.dtype == np.float64 and depth in (Depth.F32, "f32"):
        pixels = pixels.astype(np.float32)
    try:
        Depth.of(pixels.dtype)
    except ArgumentError:
        hint = "--depth f32 reads it as float32" if pixels.dtype == np.float64 else None
        raise ImageReadError(
            f"{name}: its pixels are {pixels.dtype}; uint8, uint16, int16 and float32 are read",
            hint,
        ) from None
    return _swapped(pixels)


def write_image(
    path: str | os.PathLike[str],
    image: Image,
    *,
    overwrite: bool = False,
    format: str | None = None,
) -> None:
    """Write an image so that the file appears whole or not at all.

    Parameters
    ----------
    path : path
        Its suffix says the format, unless `format` does.
    image : ndarray, shape (rows, columns) or (rows, columns, 1, 3 or 4)
        uint8, uint16, int16 or float32, RGB or RGBA.
    overwrite : bool, default False
        Whether a file that is there is replaced.
    format : str, optional
        png, jpeg, tiff, webp, bmp or pnm.

    Raises
    ------
    ImageWriteError
        When the format cannot hold the image, or the file cannot be written.
    OutputExistsError
        When the file is there and `overwrite` is not given.
    """
    target = Path(path)
    files.check_target(target, overwrite=overwrite)
    data = encode(image, format_for(format, target), str(path))
    files.write_whole(target, data, overwrite=overwrite)


def check_holds(kind: Format, depth: Depth, channels: int, name: str) -> None:
    """Check that a format can hold such an image.

    Raises
    ------
    ImageWriteError
        With the ways out.
    """
    if depth not in kind.depths:
        fitting = ", ".join(k.suffixes[0] for k in FORMATS if depth in k.depths)
        scale = " (with --range full, white stays white)" if depth is not Depth.I16 else ""
        raise ImageWriteError(
            f"{name}: {kind.name} cannot hold {depth.value} pixels",
            hint=f"--depth u8{scale}, or a format that can: {fitting}",
        )
    if channels not in kind.channels:
        fitting = ", ".join(
            k.suffixes[0] for k in FORMATS if channels in k.channels and depth in k.depths
        )
        what = {1: "gray", 3: "colour", 4: "alpha"}.get(channels, f"{channels} channels")
        raise ImageWriteError(
            f"{name}: {kind.name} cannot hold {what}",
            hint=f"use a format that can: {fitting}" if fitting else None,
        )


def encode(image: Image, kind: Format, name: str) -> bytes:
    """Encode an image in memory; `name` is for messages (see `write_image`)."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    check_holds(kind, Depth.of(image.dtype), channels, name)
    cv2 = load_cv2()
    done, data = False, b""
    with codec_noise.heard() as noise, contextlib.suppress(cv2.error):
        done, data = cv2.imencode(kind.suffixes[0], np.ascontiguousarray(_swapped(image)))
    if not done:
        raise ImageWriteError(f"{name}: it cannot be encoded as {kind.name}{_said(noise[0])}")
    return bytes(data)


def _swapped(image: Image) -> Image:
    """Turn RGB into BGR and back, alpha staying last."""
    cv2 = load_cv2()
    if image.ndim == 2 or image.shape[2] == 1:
        return image
    # cvtColor has no int16; the fancy index is slower and takes every type.
    if image.dtype == np.int16:
        return image[..., [2, 1, 0, 3][: image.shape[2]]]
    code = cv2.COLOR_BGR2RGB if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    swapped: Image = cv2.cvtColor(np.ascontiguousarray(image), code)
    return swapped


def _said(noise: str) -> str:
    """Give the last thing a codec said, without its log's own marks, where it fits a message."""
    lines = [re.sub(_LOG_MARK, "", line).strip() for line in noise.splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    return f" ({last})" if last and len(last) <= 80 and "/" not in last else ""
