"""Headers: size, depth, pages and metadata of a file, from its bytes, before anything is decoded.

One file for each format. A codec is never asked about a file whose header was not read first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import cast

from imgconv.io.images.headers.base import DamagedError, Header

_HOMES = {"pgm": "pnm", "ppm": "pnm", "pnm": "pnm", "pam": "pnm", "pfm": "pnm"}


def read_header(data: bytes, kind: str) -> Header:
    """Read the header of a file of a known format.

    Raises
    ------
    DamagedError
        When it makes no sense; the message is without the file's name.
    """
    header = _reader(kind)(data)
    if header.width < 1 or header.height < 1:
        raise DamagedError(f"its size is {header.width} x {header.height}")
    if header.pixels:
        return header
    return header._replace(pixels=header.width * header.height * header.pages)


@cache
def _reader(kind: str) -> Callable[[bytes], Header]:
    module = import_module(f"imgconv.io.images.headers.{_HOMES.get(kind, kind)}")
    return cast("Callable[[bytes], Header]", module.read)
