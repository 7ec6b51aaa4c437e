"""AVIF: the AV1 Image File Format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.io.images.header import Header, NotSupportedError, spread_note
from imgconv.io.images.picture import Encoding, Image, Picture
from imgconv.io.images.shared import items, opencv
from imgconv.io.images.shared.boxes import damage_of
from imgconv.io.images.shared.levels import spread

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format


def read_header(data: bytes) -> Header:
    """Read what the file says of the picture that it shows."""
    if data[8:12] == b"avis":
        raise NotSupportedError("animated AVIF")
    damage = damage_of(data)
    shown = items.shown(data)
    if shown.cut is not None:
        raise NotSupportedError("AVIF that is cut when shown")
    notes = (spread_note((1 << shown.bits) - 1, 65535),) if shown.bits > 8 else ()
    if any(each[:4] in (b"prof", b"rICC") for each in shown.colours):
        notes = (*notes, "avif: the ICC profile is not kept")
    channels = max(shown.channels, 3)  # gray is found when it is decoded
    return Header(
        shown.width, shown.height, channels, shown.bits,
        orientation=shown.orientation, damage=damage, notes=notes,
    )  # fmt: skip


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode by OpenCV."""
    del wanted, salvage
    pixels = opencv.decode(data, header)
    if header.bits > 8:
        pixels = spread(np.minimum(pixels, (1 << header.bits) - 1), header.bits)
    return [pixels]


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode by OpenCV, at quality 100 unless one is given."""
    del kind
    (page,) = picture.pages
    parameters = [load_cv2().IMWRITE_AVIF_QUALITY, encoding.quality or 100]
    return opencv.encode(".avif", opencv.coloured(page), parameters), ()
