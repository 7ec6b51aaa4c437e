"""Boxes of the ISO base media format, which AVIF and JPEG 2000 are made of."""

from __future__ import annotations

from collections.abc import Iterator

from imgconv.io.images.header import DamagedError, unpack


def boxes(data: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Return kind, start and end of each box's body.

    Raises
    ------
    DamagedError
        When one does not end before `stop`.
    """
    at = start
    while at < stop:
        size, kind = unpack(">I4s", data, at, "a box")
        body = at + 8
        if size == 1:
            (size,) = unpack(">Q", data, body, "a box")
            body += 8
        end = at + size if size else stop
        if end > stop or end < body:
            raise DamagedError(f"it ends within a box {kind.decode('latin-1')}")
        yield kind, body, end
        at = end


def damage_of(data: bytes) -> str | None:
    """Return where the boxes of a whole file are cut or too long; None for nowhere."""
    try:
        for _ in boxes(data, 0, len(data)):
            pass
    except DamagedError as error:
        return str(error)
    return None


def find(data: bytes, path: tuple[bytes, ...], start: int, stop: int) -> tuple[int, int] | None:
    """Return where the body of the first box of a path stands."""
    for kind, body, end in boxes(data, start, stop):
        if kind == path[0]:
            # "meta" is a full box: version and flags come first.
            inner = body + 4 if kind == b"meta" else body
            return (body, end) if len(path) == 1 else find(data, path[1:], inner, end)
    return None
