"""Every other format by rows, through libvips (pyvips)."""

from __future__ import annotations

import os
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from imgconv.io.images.picture import Metadata
from imgconv.io.tiled.base import Image, TileLayout, load_extra
from imgconv.model.errors import ImageReadError, ImageWriteError, MissingDependencyError

_DTYPES = {
    "uchar": "uint8",
    "ushort": "uint16",
    "short": "int16",
    "float": "float32",
    "double": "float64",
}
_SETTINGS = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe"), "[Q=95]"),
    **dict.fromkeys((".webp", ".jp2", ".jxl", ".avif", ".heic"), "[lossless]"),
}
"""As OpenCV writes them: nothing is lost but in JPEG, and little there."""
_KEPT = "icc:xmp"  # EXIF would be made up by libvips
_TOGETHER = 64


class VipsReader:
    """A picture that libvips decodes from top to bottom (see `HugeReader`).

    Rows behind the last ones are decoded again from the beginning.

    Raises
    ------
    ImageReadError
        When libvips cannot read it.
    MissingDependencyError
        When pyvips is not installed.
    """

    together = _TOGETHER
    layout = TileLayout()

    def __init__(self, path: Path) -> None:
        self._vips = load_vips(str(path))
        self._name = str(path)
        self._lock = threading.Lock()
        image = self._open()
        if image.bands not in (1, 3, 4) or image.format not in _DTYPES:
            raise ImageReadError(
                f"{path}: its channels ({image.bands} of type {image.format}) are not supported",
                hint="1, 3 or 4 of 8, 16 or 32 bits are read",
            )
        tail = () if image.bands == 1 else (image.bands,)
        self.shape: tuple[int, ...] = (image.height, image.width, *tail)
        self.dtype: np.dtype[Any] = np.dtype(_DTYPES[image.format])
        self.metadata = _metadata(image)
        self._region = self._vips.Region.new(image)
        self._at = 0

    def read(self, start: int, stop: int) -> Image:
        """Return rows `start` to `stop` (see `imgconv.io.tiled.base.HugeReader`)."""
        if self._turned:
            raise ImageReadError(
                f"{self._name}: its EXIF orientation turns it, and the picture does not fit in "
                "memory to be turned",
                hint=f"turn it first: vips autorot {self._name} upright.tif",
            )
        with self._lock:
            if start < self._at:
                self._region = self._vips.Region.new(self._open())
            self._at = stop
            try:
                data = self._region.fetch(0, start, self.shape[1], stop - start)
            except self._vips.Error as error:
                raise ImageReadError(
                    f"{self._name}: the data is damaged or cut short ({last_words(error)})"
                ) from None
        return np.frombuffer(data, self.dtype).reshape(stop - start, *self.shape[1:])

    def close(self) -> None:
        """Let go of the file."""
        self._region = None

    def _open(self) -> Any:
        try:
            image = self._vips.Image.new_from_file(
                self._name, access="sequential", fail_on="warning"
            )
            turned = "orientation" in image.get_fields() and image.get("orientation") > 1
        except self._vips.Error as error:
            raise ImageReadError(f"{self._name}: {last_words(error)}") from None
        self._turned = turned
        return image


def _metadata(image: Any) -> Metadata:
    """Return the profile, XMP and the resolution of a picture."""
    fields = image.get_fields()
    icc, xmp = (
        bytes(image.get(key)) if key in fields else None for key in ("icc-profile-data", "xmp-data")
    )
    resolution = None
    unsaid = (image.xres, image.yres) == (1, 1)  # what libvips gives to files without
    if image.xres > 0 < image.yres and not unsaid:
        across, down = (Fraction(per_mm) * Fraction(254, 10) for per_mm in (image.xres, image.yres))
        resolution = across.limit_denominator(1000), down.limit_denominator(1000)
    return Metadata(None, icc, xmp, resolution)


def can_read(path: Path) -> bool:
    """Return whether libvips is there and knows what a file is."""
    try:
        vips = load_vips(str(path))
    except MissingDependencyError:
        return False
    return bool(vips.vips_lib.vips_foreign_find_load(os.fsencode(path)) != vips.ffi.NULL)


def load_vips(name: str) -> Any:
    """Import pyvips for a file."""
    return load_extra("pyvips", name)


def last_words(error: Exception) -> str:
    """Return the last line of what libvips says."""
    lines = [line.strip() for line in str(getattr(error, "detail", error)).splitlines()]
    return next((line for line in reversed(lines) if line), "libvips failed")


def can_write(suffix: str) -> bool:
    """Return whether libvips writes files with such a suffix.

    Raises
    ------
    MissingDependencyError
        When pyvips is not installed.
    """
    vips = load_vips(suffix)
    found = vips.vips_lib.vips_foreign_find_save_target(suffix.lower().encode())
    return bool(suffix) and found != vips.ffi.NULL


def write_vips(file: BinaryIO, suffix: str, plain: Path) -> None:
    """Write a picture that stands in a TIFF file in the format that a suffix says.

    libvips pulls its pixels and takes none that come one after the other, hence the TIFF.

    Raises
    ------
    ImageWriteError
        When libvips cannot write it.
    """
    vips = load_vips(suffix)
    saved = suffix.lower() + _SETTINGS.get(suffix.lower(), "")
    try:
        image = vips.Image.new_from_file(str(plain), access="sequential")
        there = vips.Target.new_to_descriptor(file.fileno())
        image.write_to_target(there, saved, keep=_KEPT)
    except vips.Error as error:
        raise ImageWriteError(f"libvips cannot write it: {last_words(error)}") from None
