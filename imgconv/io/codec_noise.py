"""What codecs print: OpenCV and the libraries under it write to file descriptor 2 directly.

A command-line program points that descriptor at a file of its own, keeps the real one for its own
words, and reads the file when it wants to know what a codec had to say.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

_sink: int | None = None


def redirect() -> TextIO:
    """Point descriptor 2 at a nameless file, once, and give a stream on the real one."""
    global _sink
    real = os.dup(2)
    if hasattr(os, "memfd_create"):
        _sink = os.memfd_create("imgconv-codec-noise")
    else:
        import tempfile

        with tempfile.TemporaryFile() as file:
            _sink = os.dup(file.fileno())
    os.dup2(_sink, 2)
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    return os.fdopen(real, "w", buffering=1, encoding=encoding, errors="backslashreplace")


def take() -> str:
    """Give what was printed since the last call, or nothing where nothing was redirected."""
    if _sink is None:
        return ""
    end = os.lseek(_sink, 0, os.SEEK_END)
    text = os.pread(_sink, min(end, 1 << 16), 0)
    os.ftruncate(_sink, 0)
    os.lseek(_sink, 0, os.SEEK_SET)
    return text.decode("utf-8", "replace")
