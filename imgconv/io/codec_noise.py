"""What codecs print: OpenCV and the libraries under it write to file descriptor 2 directly.

A command-line program points that descriptor at a file of its own, keeps the real one for its own
words, and reads the file when it wants to know what a codec had to say.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_sink: int | None = None
_borrowing = allocate_lock()


def redirect() -> TextIO:
    """Point descriptor 2 at a nameless file, once, and give a stream on the real one."""
    global _sink
    try:
        real = os.dup(2)
    except OSError:  # there is none
        real = os.open(os.devnull, os.O_WRONLY)
    _sink = _nameless_file()
    os.dup2(_sink, 2)
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    return os.fdopen(real, "w", buffering=1, encoding=encoding, errors="backslashreplace")


@contextmanager
def heard() -> Iterator[list[str]]:
    """Give a list that holds, afterwards, what was printed meanwhile.

    A program that called `redirect` has it in its file. In a library descriptor 2 is borrowed for
    the moment, and what was printed is then passed on: it may be another thread's.
    """
    said: list[str] = []
    if _sink is not None:
        _take(_sink)
        try:
            yield said
        finally:
            said.append(_take(_sink))
        return
    with _borrowing:
        real, sink = os.dup(2), _nameless_file()
        os.dup2(sink, 2)
        try:
            yield said
        finally:
            os.dup2(real, 2)
            said.append(_take(sink))
            if said[0]:
                os.write(2, said[0].encode("utf-8", "replace"))
            os.close(sink)
            os.close(real)


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("imgconv-codec-noise")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _take(sink: int) -> str:
    end = os.lseek(sink, 0, os.SEEK_END)
    text = os.pread(sink, min(end, 1 << 16), 0)
    os.ftruncate(sink, 0)
    os.lseek(sink, 0, os.SEEK_SET)
    return text.decode("utf-8", "replace")
