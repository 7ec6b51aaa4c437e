"""What a terminal answers when it is asked: its size, and what it can draw."""

from __future__ import annotations

import contextlib
import os
import select
import time
from typing import TextIO

_ANSWER_SECONDS = 0.5


def ask(question: bytes, end: bytes) -> bytes:
    """Return what the terminal answers, up to the bytes that end it; b"" where it is not asked."""
    try:
        import termios
        import tty

        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except (ImportError, OSError):
        return b""
    try:
        if os.tcgetpgrp(terminal) != os.getpgrp():
            return b""  # in the background, which may not change the terminal
        before = termios.tcgetattr(terminal)
        try:
            tty.setcbreak(terminal, termios.TCSANOW)
            os.write(terminal, question)
            return _read_answer(terminal, end)
        finally:
            termios.tcsetattr(terminal, termios.TCSANOW, before)
    except (OSError, termios.error):
        return b""
    finally:
        os.close(terminal)


def _read_answer(terminal: int, end: bytes) -> bytes:
    answer, until = b"", time.monotonic() + _ANSWER_SECONDS
    while not answer.endswith(end) and (left := until - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            answer += os.read(terminal, 256)
    return answer


def cells(stream: TextIO) -> tuple[int, int, int, int]:
    """Return the rows and columns of a terminal, and the rows and columns of pixels of a cell."""
    rows, columns, height, width = 24, 80, 0, 0
    try:
        import fcntl
        import struct
        import termios
    except ImportError:
        with contextlib.suppress(OSError, ValueError):
            size = os.get_terminal_size(stream.fileno())
            rows, columns = size.lines or rows, size.columns or columns
        return rows, columns, 20, 10
    with contextlib.suppress(OSError, ValueError):
        packed = fcntl.ioctl(stream.fileno(), termios.TIOCGWINSZ, b"\0" * 8)
        found = struct.unpack("HHHH", packed)
        rows, columns = found[0] or rows, found[1] or columns
        width, height = found[2] // columns, found[3] // rows
    return rows, columns, height or 20, width or 10
