"""OpenEXR: https://openexr.com/en/latest/OpenEXRFileLayout.html; the library is its reference."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgconv.io.images.header import (
    DamagedError,
    EncodingError,
    Header,
    NotSupportedError,
    unpack,
)
from imgconv.io.images.picture import Encoding, Image, Picture
from imgconv.io.images.shared import alpha, extra

if TYPE_CHECKING:
    from imgconv.io.images.formats import Format

_LIBRARY = "OpenEXR"
_DEEP, _PARTS = 0x800, 0x1000
_UINT, _FLOAT = 0, 2
_ORDERS = ("Y", "YA", "RGB", "RGBA")
"""Which channels are read, and in which order."""
_MOST_ATTRIBUTES = 4096
_REC_709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)


class ExrWindow(NamedTuple):
    """A rectangle of pixels, the last column and row included."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.right - self.left + 1

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.bottom - self.top + 1


class _FloatSamples:
    """How the library is asked for float32, to which it converts half floats exactly."""

    v = _FLOAT


def read_header(data: bytes) -> Header:
    """Read the attributes: channels, windows and primaries; `extra` is order and windows."""
    (flags,) = unpack("<I", data, 4, "its header")
    if flags & _PARTS:
        raise NotSupportedError("OpenEXR of several parts")
    if flags & _DEEP:
        raise NotSupportedError("OpenEXR of deep pixels")
    attributes = dict(_attributes(data))
    try:
        order = _order(attributes[b"channels"])
        held, shown = (
            ExrWindow(*unpack("<4i", attributes[name], 0, "a window"))
            for name in (b"dataWindow", b"displayWindow")
        )
    except KeyError as error:
        raise DamagedError(f"its header has no {error.args[0].decode()}") from None
    for window in (held, shown):
        if window.width < 1 or window.height < 1:
            raise DamagedError(f"a window has {window.width} x {window.height} pixels")
    pixels = max(held.width * held.height, shown.width * shown.height)
    notes = tuple(_notes(attributes, order, held, shown))
    return Header(
        shown.width, shown.height, len(order), 32,
        pixels=pixels, notes=notes, extra=(order, held, shown),
    )  # fmt: skip


def _attributes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    for _ in range(_MOST_ATTRIBUTES):
        name, at = _word(data, at)
        if not name:
            return
        _, at = _word(data, at)
        (size,) = unpack("<i", data, at, "its header")
        at += 4
        if size < 0 or at + size > len(data):
            raise DamagedError("it ends within its header")
        yield name, data[at : at + size]
        at += size
    raise DamagedError(f"it has more than {_MOST_ATTRIBUTES} attributes")


def _word(data: bytes, at: int) -> tuple[bytes, int]:
    end = data.find(b"\0", at, at + 256)
    if end < 0:
        raise DamagedError("it ends within its header")
    return data[at:end], end + 1


def _order(listed: bytes) -> str:
    """Return which channels there are, in the order of a picture.

    Raises
    ------
    NotSupportedError
        When they are not those of a gray or colour picture, of floats, and all of one size.
    """
    names: list[str] = []
    at = 0
    while True:
        name, at = _word(listed, at)
        if not name:
            break
        kind, _, across, down = unpack("<iIii", listed, at, "its channels")
        at += 16
        names.append(name.decode("latin-1"))
        if (across, down) != (1, 1):
            raise NotSupportedError("OpenEXR with subsampled channels")
        if kind == _UINT:
            raise NotSupportedError("OpenEXR of 32-bit integers")
        if len(names) > 1024:
            raise NotSupportedError("OpenEXR with more than 1024 channels")
    for order in _ORDERS:
        if sorted(order) == sorted(names):
            return order
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    raise NotSupportedError(f"OpenEXR with channels {shown[:200]}")


def _notes(
    attributes: dict[bytes, bytes], order: str, held: ExrWindow, shown: ExrWindow
) -> Iterator[str]:
    if "A" in order:
        yield alpha.NOTE
    if held != shown:
        yield (
            f"exr: the display window is read, {shown.width} x {shown.height} pixels, of a data "
            f"window of {held.width} x {held.height}"
        )
    primaries = attributes.get(b"chromaticities", b"")
    if len(primaries) == 32 and not np.allclose(
        struct.unpack("<8f", primaries), _REC_709, atol=1e-3
    ):
        yield "exr: its primaries are not those of sRGB, and are not kept"


def decode(data: bytes, header: Header, wanted: Sequence[int], salvage: bool) -> list[Image]:
    """Decode by the library; outside its data window the picture is 0."""
    del wanted, salvage
    library = extra.load(_LIBRARY, "OpenEXR")
    order, held, shown = header.extra
    try:
        file = library.InputFile(io.BytesIO(data))
        planes = [_plane(file, name, held) for name in order]
    except (DamagedError, MemoryError):
        raise
    except Exception as error:  # the library has many
        raise DamagedError("it does not decode") from error
    image = np.stack(planes, axis=2)
    if held != shown:
        image = _shown(image, held, shown)
    if "A" in order:
        image = alpha.divided(image)
    return [np.ascontiguousarray(image[..., 0] if len(order) == 1 else image)]


def _plane(file: Any, name: str, held: ExrWindow) -> Image:
    found = np.frombuffer(file.channel(name, _FloatSamples()), np.float32)
    if found.size != held.width * held.height:
        raise DamagedError(f"channel {name} has {found.size} values")
    return found.reshape(held.height, held.width)


def _shown(image: Image, held: ExrWindow, shown: ExrWindow) -> Image:
    """Return the pixels of the display window."""
    result = np.zeros((shown.height, shown.width, image.shape[2]), image.dtype)
    left, right = max(held.left, shown.left), min(held.right, shown.right) + 1
    top, bottom = max(held.top, shown.top), min(held.bottom, shown.bottom) + 1
    if left < right and top < bottom:
        result[top - shown.top : bottom - shown.top, left - shown.left : right - shown.left] = (
            image[top - held.top : bottom - held.top, left - held.left : right - held.left]
        )
    return result


def encode(picture: Picture, kind: Format, encoding: Encoding) -> tuple[bytes, tuple[str, ...]]:
    """Encode float32 by the library, with zip, and colours multiplied by alpha."""
    del kind, encoding
    library = extra.load(_LIBRARY, "OpenEXR")
    (page,) = picture.pages
    image = page[..., None] if page.ndim == 2 else page
    order = _ORDERS[image.shape[2] - 1]
    notes: tuple[str, ...] = ()
    if "A" in order:
        image = alpha.multiplied(image)
        notes = ("exr: colours are multiplied by alpha, as the format asks",)
    channels = {name: np.ascontiguousarray(image[..., at]) for at, name in enumerate(order)}
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage}
    file = io.BytesIO()
    try:
        library.File(header, channels).write(file)
    except Exception as error:  # the library has many
        raise EncodingError(str(error)[:200]) from None
    return file.getvalue(), notes
