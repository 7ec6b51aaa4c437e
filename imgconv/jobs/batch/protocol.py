"""What the supervisor and its workers say to each other: pickles with their length before them."""

from __future__ import annotations

import pickle
import struct
from typing import IO, Any, NamedTuple

from imgconv.io.images.picture import Encoding, Reading
from imgconv.io.storage.files import Stamp
from imgconv.jobs.batch.manifest import Entry
from imgconv.model.errors import ImgconvError
from imgconv.model.recipe import Recipe

_LENGTH = struct.Struct("<I")


class Work(NamedTuple):
    """What is the same for every file of a run.

    Attributes
    ----------
    recipe : Recipe
    recipe_hash : str
    format : str, optional
        Of every output; default what its name says.
    root, share : str
        Of the output tree.
    threads : int
        Of the engine, in each worker.
    room : int
        Bytes that a picture may take without asking.
    reading : Reading
    encoding : Encoding
    """

    recipe: Recipe
    recipe_hash: str
    format: str | None
    root: str
    share: str
    threads: int
    room: int
    reading: Reading
    encoding: Encoding


class Task(NamedTuple):
    """One file to filter.

    Attributes
    ----------
    number : int
    source : str
        Where the input is.
    key, target : str
        Relative paths of input and output.
    size : int
        Of the input, in bytes.
    replace : bool
        Whether an output that is there may be replaced, whosever it is.
    in_place : bool
    known : Entry, optional
        What an earlier run did.
    ours : tuple of str
        Hashes of outputs of earlier runs, which may be replaced.
    room : int
        Bytes that it may take, where they are more than the usual.
    """

    number: int
    source: str
    key: str
    target: str
    size: int
    replace: bool
    in_place: bool
    known: Entry | None = None
    ours: tuple[str, ...] = ()
    room: int = 0


class Result(NamedTuple):
    """What became of a task.

    Attributes
    ----------
    number : int
    entry : Entry
    staged : str, optional
        The output, waiting for its name.
    replace : bool
        Whether it may take the name of what is there.
    need : int
        Bytes without which the picture cannot be filtered, where they are more than its room;
        then nothing else was done.
    """

    number: int
    entry: Entry
    staged: str | None = None
    replace: bool = False
    need: int = 0


class Hello(NamedTuple):
    """A worker's first word: that it is ready, or why it cannot work."""

    engine: str
    error: Exception | None = None


def failed(entry: Entry, error: Exception, known: Entry | None = None) -> Entry:
    """Return a row the error that it ended with; an earlier output stays known as ours."""
    words = str(error) or type(error).__name__
    if isinstance(error, MemoryError) and not isinstance(error, ImgconvError):
        words = f"not enough memory: {words}"
    if known is not None:
        entry = with_output(entry, known.output, known.output_sha256)
    return entry._replace(status="failed", error=type(error).__name__, message=words)


def with_output(entry: Entry, stamp: Stamp, digest: str) -> Entry:
    """Return a row its output."""
    return entry._replace(
        output_size=stamp.size, output_mtime_ns=stamp.mtime_ns, output_sha256=digest
    )


def send(stream: IO[bytes], message: Any) -> None:
    """Write a message at once."""
    data = pickle.dumps(message, protocol=5)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read a message; None where the other side is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _LENGTH.unpack(head)[0]
    data = stream.read(length)
    return pickle.loads(data) if len(data) == length else None
