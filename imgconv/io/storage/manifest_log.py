"""Lines of JSON that know themselves: each has a number, the checksum before it, and its own.

A line that was edited has a wrong checksum; where lines were removed, one has a predecessor that is
not there; and where the last ones were cut off, the file ``head`` beside them still has their
checksum. Lines without checksums, of earlier versions, are taken as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from typing import Any, NamedTuple

from imgconv.io.storage.base import Head
from imgconv.io.storage.files import reason
from imgconv.io.storage.state import StateFolder
from imgconv.model.errors import ImageWriteError
from imgconv.system.reading import read_at

_SUM = 16
_MARK = b',"sum":"'
_TAIL = len(_MARK) + _SUM + len(b'"}\n')
START = "0" * _SUM
"""Stands for the checksum before the first line."""


class ChainedLine(NamedTuple):
    """A line of a manifest.

    Attributes
    ----------
    data : dict, optional
        The object; None where the line is damaged.
    number : int
        Later lines have greater ones; 0 for a line of an earlier version.
    before, own : str
        Checksum of the line before it, and its own; "" for a line of an earlier version.
    """

    data: dict[str, Any] | None
    number: int = 0
    before: str = ""
    own: str = ""


class Chain:
    """Numbers lines and chains them.

    Parameters
    ----------
    last : str
        Checksum of the last line before.
    number : int
        Of the last line before.
    """

    def __init__(self, last: str = START, number: int = 0) -> None:
        self.last = last
        self.number = number

    def line(self, data: dict[str, Any], number: int | None = None) -> bytes:
        """Return an object as the next line."""
        self.number = self.number + 1 if number is None else number
        body = line_of({**data, "n": self.number, "before": self.last})[:-2]
        self.last = hashlib.sha256(body).hexdigest()[:_SUM]
        return body + _MARK + self.last.encode() + b'"}\n'


def line_of(data: dict[str, Any]) -> bytes:
    """Return an object as a line; bytes of file names that are no UTF-8 stay as escapes."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def parse_line(line: bytes) -> ChainedLine:
    """Parse a line, and check its checksum where it has one."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return ChainedLine(None)
    if not isinstance(data, dict):
        return ChainedLine(None)
    if not {"sum", "before", "n"} & data.keys():
        return ChainedLine(data)
    number, before = data.get("n"), data.get("before")
    own = hashlib.sha256(line[:-_TAIL]).hexdigest()[:_SUM]
    if line[-_TAIL:] != _MARK + own.encode() + b'"}\n':
        return ChainedLine(None)
    if type(number) is not int or not isinstance(before, str) or not 0 < number < 1 << 62:
        return ChainedLine(None)
    return ChainedLine(data, number, before, own)


class ManifestLog:
    """A manifest of this machine that is open for appending.

    Parameters
    ----------
    state : StateFolder
    name : str
    number : int
        Greatest number of any line so far, in this manifest or another.

    Raises
    ------
    ImageWriteError
        When it cannot be opened; a last line that a crash tore is dropped.
    """

    def __init__(self, state: StateFolder, name: str, number: int) -> None:
        self._state = state
        self._name = name
        self.lost = read_head(state, name).lost
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
            self._file = state.open(name, flags)
            self._size = _complete_size(self._file.fileno())
            os.ftruncate(self._file.fileno(), self._size)
            self._chain = Chain(self._last_sum(), number)
            self._head = state.open(head_name(name), os.O_WRONLY | os.O_CREAT)
            self._write_head()
            state.sync()
        except OSError as error:
            raise ImageWriteError(f"{state.path}/{name}: {_said(error)}") from None

    def _last_sum(self) -> str:
        start = max(0, self._size - (1 << 16))
        tail = read_at(self._file.fileno(), self._size - start, start)
        lines = tail.splitlines(keepends=True)
        return parse_line(lines[-1]).own or START if lines else START

    def append(self, objects: Iterable[dict[str, Any]]) -> None:
        """Write objects, which may not be on the disk yet.

        Raises
        ------
        ImageWriteError
            When they cannot be written, and are taken back; or when the file was changed, replaced
            or removed by others.
        """
        before = Chain(self._chain.last, self._chain.number)
        data = b"".join(self._chain.line(each) for each in objects)
        if not data:
            return
        self._check_untouched()
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
            self._write_head()
        except OSError as error:
            os.ftruncate(self._file.fileno(), self._size)
            self._chain = before
            raise ImageWriteError(f"{self._state.path}/{self._name}: {_said(error)}") from None
        self._size += len(data)

    def _check_untouched(self) -> None:
        mine = os.fstat(self._file.fileno())
        try:
            there = os.lstat(f"{self._state.path}/{self._name}")
        except OSError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino):
            what = "was removed or replaced"
        elif mine.st_size != self._size:
            what = "was changed"
        else:
            return
        raise ManifestChangedError(
            f"{self._state.path}/{self._name} {what} during the run",
            hint="imgconv manifest verify says what is left; then run again",
        )

    def _write_head(self) -> None:
        self._head.seek(0)
        self._head.write(_head_text((self._chain.last,), self.lost))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._head.close()


class ManifestChangedError(ImageWriteError):
    """Somebody else changed a manifest while it was being written (exit 5)."""


def head_name(name: str) -> str:
    """Return the name of the head of a manifest."""
    return name.removesuffix(".jsonl") + ".head"


def read_head(state: StateFolder, name: str) -> Head:
    """Read the head of a manifest; an empty one where there is none, or it is damaged."""
    for line in state.read_lines(head_name(name)):
        words = line.decode("ascii", "replace").split()
        if len(words) == 3 and all(len(word) == _SUM for word in words[:2]):
            return Head(tuple(dict.fromkeys(words[:2])), words[2] == "lost")
    return Head()


def write_chained(
    state: StateFolder, name: str, rows: Iterable[tuple[int, dict[str, Any]]], *, lost: bool
) -> None:
    """Write a manifest anew of numbered rows, so that it appears complete or stays as it was.

    Raises
    ------
    ImageWriteError
        When it cannot be written.
    """
    chain = Chain()
    partial = f"{name}.new"
    state.write(partial, (chain.line(data, number) for number, data in rows))
    sums = (*read_head(state, name).sums[:1], chain.last)
    try:
        state.write(head_name(name), [_head_text(sums, lost)])  # true before and after the rename
        os.replace(f"{state.path}/{partial}", f"{state.path}/{name}")  # noqa: PTH105
        state.sync()
        state.write(head_name(name), [_head_text((chain.last,), lost)])
    except OSError as error:
        raise ImageWriteError(f"{state.path}/{name}: {_said(error)}") from None


def _head_text(sums: tuple[str, ...], lost: bool) -> bytes:
    return f"{sums[0]} {sums[-1]} {'lost' if lost else 'full'}\n".encode()


def _said(error: OSError) -> str:
    return str(error) if isinstance(error, ImageWriteError) else reason(error)


def _complete_size(descriptor: int) -> int:
    """Return the size of a file up to its last line end."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - 65536)
        found = read_at(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
