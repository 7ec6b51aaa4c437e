"""The program: `imgconv`, or `python -m imgconv`."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from typing import Any, NoReturn

from imgconv.system.processes import stop_signals


def entry() -> NoReturn:
    """Run as a program: descriptor 2 is taken from the codecs, and the exit code is the process's.

    A run is short, so it neither collects garbage nor tears the interpreter down: that is 25 ms.
    """
    for number in stop_signals():
        signal.signal(number, _stop_at_once)  # nothing is under way while modules load
    gc.disable()
    from imgconv.cli.main import main
    from imgconv.io.images import codec_noise

    sys.stderr = codec_noise.redirect()
    for number in stop_signals():
        signal.signal(number, _interrupt)  # so that no partial file stays behind
    code = main()
    with contextlib.suppress(OSError):  # it is full
        sys.stderr.flush()
    os._exit(code)


def _stop_at_once(*_: Any) -> NoReturn:
    os.write(2, b"Error: interrupted\n")
    os._exit(130)


def _interrupt(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    entry()
