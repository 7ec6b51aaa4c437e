"""The blocks of a GIF."""

from __future__ import annotations

from imgconv.io.images.header import DamagedError, Header, unpack


def read_header(data: bytes) -> Header:
    """Walk all blocks: a GIF says nowhere how many frames it has."""
    width, height, flags = unpack("<HHB", data, 6, "its header")
    at = 13 + palette_size(flags)
    delays: list[int] = []
    pending, loop, damage = 0, 1, None
    try:
        while (mark := unpack("B", data, at, "its blocks")[0]) != 0x3B:
            if mark == 0x21:
                label = unpack("B", data, at + 1, "an extension")[0]
                if label == 0xF9:
                    pending = 10 * unpack("<H", data, at + 4, "an extension")[0]
                elif label == 0xFF and data[at + 3 : at + 14] in (b"NETSCAPE2.0", b"ANIMEXTS1.0"):
                    loop = _loops(data, at)
                at = after_blocks(data, at + 2)
            elif mark == 0x2C:
                flags = unpack("B", data, at + 9, "a frame")[0]
                at = after_blocks(data, at + 11 + palette_size(flags))
                delays.append(pending)
                pending = 0
            else:
                raise DamagedError(f"unknown block type {mark:#04x}")
    except DamagedError as error:
        damage = str(error)
    if not delays and damage is None:
        raise DamagedError("it has no frame")
    frames = max(len(delays), 1)
    return Header(
        width, height, 4, pages=frames, delays=tuple(delays) if frames > 1 else (), loop=loop,
        damage=damage,
    )  # fmt: skip


def palette_size(flags: int) -> int:
    """Return how many bytes of colours follow."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _loops(data: bytes, at: int) -> int:
    """Return how often it plays: the file says how often again."""
    again = unpack("<H", data, at + 16, "an extension")[0]
    return again + 1 if again else 0


def after_blocks(data: bytes, at: int) -> int:
    """Return where a chain of blocks ends.

    Raises
    ------
    DamagedError
        When the file ends before.
    """
    while True:
        if at >= len(data):
            raise DamagedError("it ends within a frame")
        if data[at] == 0:
            return at + 1
        at += 1 + data[at]
