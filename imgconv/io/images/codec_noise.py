"""What codecs print: OpenCV and the libraries under it write to file descriptor 2 directly.

Pillow warns, besides. A program points that descriptor at nothing, once, and keeps the real one for
its own words. The library leaves it alone; what is wrong with a file is found in its bytes and by
the decoders' own answers, not in what they print.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TextIO


def redirect() -> TextIO:
    """Point descriptor 2 at nothing, and give a stream on the real one; let Pillow not warn."""
    warnings.filterwarnings("ignore", module=r"PIL\.")
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        real = os.dup(2)
    except OSError:  # there is none
        real = os.dup(nothing)
    os.dup2(nothing, 2)
    if nothing != 2:
        os.close(nothing)
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    return os.fdopen(real, "w", buffering=1, encoding=encoding, errors="backslashreplace")
