"""AVIF: the AV1 Image File Format."""

from __future__ import annotations

from imgconv.io.images.headers.base import DamagedError, Header, NotSupportedError, unpack
from imgconv.io.images.headers.boxes import boxes, find

_CHANGES = {b"irot": "turned", b"imir": "mirrored", b"clap": "cut"}


def read(data: bytes) -> Header:
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
