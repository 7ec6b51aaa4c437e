"""GIF: frames are decoded and encoded by Pillow, and composed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgconv.io.images.formats.gif import composing
from imgconv.io.images.formats.gif.palette import fits, with_palette
from imgconv.io.images.header import EncodingError, Header
from imgconv.io.images.picture import Encoding, Image, Picture
from imgconv.io.images.shared import frames
from imgconv.io.images.shared.opencv import coloured

if TYPE_CHECKING:
    from PIL import Image as Pillow

    from imgconv.io.images.formats import Format


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode frames, each drawn over those before it."""
    return frames.alike(composing.decode(data, header, wanted, salvage))


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode frames in 256 colours each."""
    del kind, encoding
    pages = tuple(coloured(page) for page in picture.pages)
    reduced = sum(not fits(page) for page in pages)
    which = f"{reduced} of {len(pages)} frames have" if picture.delays else "it has"
    note = f"gif: {which} more than 256 colours or partial transparency, and is reduced"
    options: dict[str, object] = {"disposal": 2, "optimize": False}
    if picture.loop != 1:
        options["loop"] = max(picture.loop - 1, 0)
    data = frames.encode("GIF", picture._replace(pages=pages), options, _with_palette)
    return data, (note,) if reduced else ()


def _with_palette(image: Image) -> Pillow.Image:
    if image.dtype != np.uint8:
        raise EncodingError("animations have 8 bits")
    return with_palette(image)
