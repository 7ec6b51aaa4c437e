"""AVIF: the AV1 Image File Format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgconv.engines.cv2_library import load_cv2
from imgconv.io.images.header import DamagedError, Header, NotSupportedError, spread_note, unpack
from imgconv.io.images.picture import Encoding, Image, Picture
from imgconv.io.images.shared import opencv
from imgconv.io.images.shared.boxes import boxes, find

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format


def read_header(data: bytes) -> Header:
    """Read the greatest size and depth that the properties of the file name."""
    if data[8:12] == b"avis":
        raise NotSupportedError("animated AVIF")
    damage = None
    try:
        for _ in boxes(data, 0, len(data)):
            pass
    except DamagedError as error:
        damage = str(error)
    place = find(data, (b"meta", b"iprp", b"ipco"), 0, len(data))
    if place is None:
        raise DamagedError(damage or "it has no size")
    width = height = 0
    channels, bits = 3, 8
    for kind, body, end in boxes(data, *place):
        if kind == b"ispe":
            wide, high = unpack(">II", data, body + 4, "its size")
            width, height = max(width, wide), max(height, high)
        elif kind == b"pixi" and end - body > 5:
            bits = max(bits, *data[body + 5 : end])
        elif kind == b"auxC" and b"alpha" in data[body:end]:
            channels = 4
    notes = (spread_note((1 << bits) - 1, 65535),) if bits > 8 else ()
    turn = _orientation(data, place)
    return Header(width, height, channels, bits, orientation=turn, damage=damage, notes=notes)


def _orientation(data: bytes, place: tuple[int, int]) -> int:
    """Return the turn and the mirroring of the picture that is shown, as EXIF counts them."""
    turn, mirror = 0, None
    for kind, body, _ in boxes(data, *place):
        if kind == b"clap":
            raise NotSupportedError("AVIF that is cut when shown")
        if kind == b"irot":
            turn = unpack("B", data, body, "a turn")[0] & 3
        elif kind == b"imir":
            mirror = unpack("B", data, body, "a mirroring")[0] & 1
    return _ORIENTATIONS[mirror][turn]


_ORIENTATIONS = {None: (1, 8, 3, 6), 0: (4, 5, 2, 7), 1: (2, 7, 4, 5)}
"""By the axis of `imir`, which comes after the turn: quarter turns to the left."""


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode by OpenCV."""
    del wanted, salvage
    pixels = opencv.decode(data, header)
    if header.bits > 8:
        most = (1 << header.bits) - 1
        table = (2 * 65535 * np.arange(most + 1, dtype=np.int64) + most) // (2 * most)
        pixels = table.astype(np.uint16)[np.minimum(pixels, most)]
    return [pixels]


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode by OpenCV, at quality 100 unless one is given."""
    del kind
    (page,) = picture.pages
    parameters = [load_cv2().IMWRITE_AVIF_QUALITY, encoding.quality or 100]
    return opencv.encode(".avif", opencv.coloured(page), parameters), ()
