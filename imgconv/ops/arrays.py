"""What callers give as an image, as an array that engines take."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.model.errors import ArgumentError

_PILLOW_MODES = ("L", "LA", "RGB", "RGBA", "F", "I;16", "I;16L", "I;16B", "I;16N")
"""Modes whose arrays are gray, colour and straight alpha; others mean something else."""

_TO_RGB = "image.convert('RGB')"
_WAYS = {
    "I": "numpy.asarray(image).astype('float32') keeps whole numbers up to 2**24",
    "RGBa": "image.convert('RGBA')", "La": "image.convert('LA')",
    "LAB": "PIL.ImageCms.profileToProfile makes RGB of it",
}  # fmt: skip


def plain_array(image: ArrayLike) -> NDArray[Any]:
    """Return an image as an aligned array in the byte order of the machine.

    A Pillow image of mode ``1`` becomes black and white, one with a palette RGB or RGBA.

    Raises
    ------
    ArgumentError
        For a Pillow image of another mode than gray, colour or alpha, and for an array of which
        values are masked.
    """
    if type(image) is np.ndarray and image.dtype.isnative and image.flags.aligned:
        return image
    if hasattr(image, "getbands") and hasattr(image, "mode"):
        image = _of_pillow(image)
    if "numpy.ma" in sys.modules:  # else nobody has made one, and importing it takes 10 ms
        image = _unmasked(image)
    array = np.asarray(image)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array if array.flags.aligned else array.copy()


def _unmasked(image: ArrayLike) -> ArrayLike:
    """Return an image without its mask, which marks nothing."""
    if not isinstance(image, np.ma.MaskedArray):
        return image
    if np.ma.is_masked(image):
        raise ArgumentError(
            f"{int(np.ma.getmaskarray(image).sum())} values of the image are masked",
            hint="give them a value first: image.filled(0)",
        )
    return image.data


def _of_pillow(image: Any) -> Any:
    """Return a Pillow image whose array holds what the image shows."""
    mode = str(image.mode)
    if mode == "1":
        return image.convert("L")
    if mode in ("P", "PA"):
        clear = mode == "PA" or "transparency" in image.info
        return image.convert("RGBA" if clear else "RGB")
    if mode not in _PILLOW_MODES:
        raise ArgumentError(
            f"a Pillow image of mode {mode} is not supported: only L, LA, RGB, RGBA, P, 1, I;16 "
            "and F",
            hint=f"convert it first: {_WAYS.get(mode, _TO_RGB)}",
        )
    if "transparency" in image.info and mode in ("L", "RGB"):
        return image.convert("LA" if mode == "L" else "RGBA")
    return image
