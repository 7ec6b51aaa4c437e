"""AVIF: the AV1 Image File Format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv.engines.opencv import load_cv2
from imgconv.io.images.header import DamagedError, Header, NotSupportedError, unpack
from imgconv.io.images.picture import Encoding, Image, Picture
from imgconv.io.images.shared import opencv
from imgconv.io.images.shared.boxes import boxes, find

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_CHANGES = {b"irot": "turned", b"imir": "mirrored", b"clap": "cut"}


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
    _check_changes(data, place)
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
    if bits > 8:
        raise NotSupportedError(f"AVIF of {bits} bits")
    return Header(width, height, channels, damage=damage)


def _check_changes(data: bytes, place: tuple[int, int]) -> None:
    """Check that no property changes the picture that is stored; a turn by 0 does not."""
    for kind, body, _ in boxes(data, *place):
        if kind in _CHANGES and (kind != b"irot" or unpack("B", data, body, "a turn")[0] & 3):
            raise NotSupportedError(f"AVIF that is {_CHANGES[kind]} when shown")


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode by OpenCV."""
    del wanted, salvage
    return [opencv.decode(data, header)]


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode by OpenCV, at quality 100 unless one is given."""
    del kind
    (page,) = picture.pages
    parameters = [load_cv2().IMWRITE_AVIF_QUALITY, encoding.quality or 100]
    return opencv.encode(".avif", opencv.coloured(page), parameters), ()
