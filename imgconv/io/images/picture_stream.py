"""PNM pictures one behind the other in a stream, taken from it one by one as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import FileIO
from typing import BinaryIO

from imgconv.io.images import limits
from imgconv.io.images.decode import most_bytes
from imgconv.io.images.formats.pnm import BINARY, measured
from imgconv.io.images.header import DamagedError, Header, NotSupportedError
from imgconv.io.images.picture import Reading
from imgconv.io.storage import files
from imgconv.model.errors import ImageReadError, LimitError

_CHUNK, _FIRST = 1 << 16, 16


class Begun:
    """A stream of which the first bytes were read, and are read again.

    Parameters
    ----------
    stream : binary stream
    name : str
        For messages.

    Attributes
    ----------
    head : bytes
        What was read and not yet taken.
    """

    def __init__(self, stream: BinaryIO | FileIO, name: str) -> None:
        some = stream.read1 if hasattr(stream, "read1") else stream.read
        self._some: Callable[[int], bytes | None] = some
        self._name = name
        self.head = b""
        while len(self.head) < _FIRST and (more := self.some(_CHUNK, after=True)):
            self.head += more

    def some(self, size: int, *, after: bool = False) -> bytes:
        """Return at most so many bytes, as soon as there are any; `after` those in `head`."""
        if self.head and not after:
            found, self.head = self.head[:size], self.head[size:]
            return found
        try:
            return self._some(size) or b""
        except OSError as error:
            raise ImageReadError(f"{self._name}: {files.reason(error)}") from None

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer where the stream ends."""
        parts = [self.some(size)]
        while parts[-1] and (missing := size - sum(map(len, parts))):
            parts.append(self.some(missing))
        return b"".join(parts)


def pictures(stream: Begun, name: str, reading: Reading) -> Iterator[bytes]:
    """Yield the bytes of each picture, the last of which may be cut short.

    Values that are words end with the stream. What follows and is no picture is left alone.

    Raises
    ------
    LimitError
        When one has more pixels than `reading` allows, before they are read.
    """
    held = stream.some(_CHUNK)
    while held:
        held, found = _headed(stream, held)
        if found is None:
            yield held  # decoding tells what is wrong
            return
        header, size = found
        limits.check(header, reading, name)
        held = _whole(stream, held, size, most_bytes(reading), name)
        yield held[:size]
        if size is None:
            return
        held = held[size:]
        while len(held) < 2 and (more := stream.some(_CHUNK)):
            held += more
        if held[:2] not in BINARY:
            return


def _headed(stream: Begun, held: bytes) -> tuple[bytes, tuple[Header, int | None] | None]:
    """Read until a header is whole; None for one that makes no sense, or that the stream cuts."""
    while True:
        try:
            found = measured(held)
        except (DamagedError, NotSupportedError):
            return held, None
        if found is not None:
            return held, found
        more = stream.some(_CHUNK)
        if not more:
            return held, None
        held += more


def _whole(stream: Begun, held: bytes, size: int | None, most: int, name: str) -> bytes:
    """Read until a picture is whole, or the stream ends."""
    parts, total = [held], len(held)
    while size is None or total < size:
        more = stream.some(_CHUNK if size is None else max(_CHUNK, size - total))
        if not more:
            break
        parts.append(more)
        total += len(more)
        if size is None and total > most:
            raise LimitError(
                f"{name}: a picture has more than {most >> 20} MiB",
                hint="--max-pixels raises it",
            )
    return b"".join(parts)
