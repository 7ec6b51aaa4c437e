"""Messages between the executor and its worker processes: pickles, each after its length."""

from __future__ import annotations

import pickle
import struct
from typing import IO, Any, NamedTuple

_LENGTH = struct.Struct("<Q")


class Hello(NamedTuple):
    """A worker's first message: its engine, or why it cannot work."""

    engine: str
    error: Exception | None = None


def send(stream: IO[bytes], message: Any) -> None:
    """Write a message at once."""
    data = pickle.dumps(message, protocol=5)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read a message; None where the other side is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _LENGTH.unpack(head)[0]
    data = stream.read(length)
    return pickle.loads(data) if len(data) == length else None
