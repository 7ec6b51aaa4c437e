"""Files of JSON, one object a line, that are appended to and survive being cut short."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from imgconv.io.storage.files import reason
from imgconv.io.storage.names import sync_folders
from imgconv.model.errors import ImageReadError, ImageWriteError


class JsonLines:
    """A file open for appending; a last line that a crash tore is dropped first.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ImageWriteError
        When it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            new = not path.exists()
            # The writing descriptor lasts as long as the run.
            self._file = path.open("ab", buffering=0)
            if new:
                sync_folders([path.parent])
            else:
                os.truncate(path, _whole_length(path))
        except OSError as error:
            raise ImageWriteError(f"{path}: {reason(error)}") from None

    def append(self, objects: Iterable[dict[str, Any]]) -> None:
        """Write objects, which may not be on the disk yet.

        Raises
        ------
        ImageWriteError
            When they cannot be written; what was written of them is taken back.
        """
        data = b"".join(map(line_of, objects))
        if not data:
            return
        length = os.fstat(self._file.fileno()).st_size
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError as error:
            os.ftruncate(self._file.fileno(), length)
            raise ImageWriteError(f"{self._path}: {reason(error)}") from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def line_of(data: dict[str, Any]) -> bytes:
    """Return an object as a line; bytes of file names that are no UTF-8 stay as escapes."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def read_lines(path: Path) -> Iterator[bytes]:
    """Return the whole lines of a file; none when it is not there.

    Raises
    ------
    ImageReadError
        When it cannot be read.
    """
    try:
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line
    except FileNotFoundError:
        return
    except OSError as error:
        raise ImageReadError(f"{path}: {reason(error)}") from None


def parse_line(line: bytes) -> dict[str, Any] | None:
    """Return the object of a line, or None where the line is damaged."""
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file of lines so that it appears whole, or stays as it was.

    Raises
    ------
    ImageWriteError
        When it cannot be written.
    """
    partial = path.with_name(f"{path.name}.part")
    try:
        with partial.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ImageWriteError(f"{path}: {reason(error)}") from None
    sync_folders([path.parent])


def _whole_length(path: Path) -> int:
    """Return the length of a file up to its last line end."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 65536)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0
