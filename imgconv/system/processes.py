"""What stops a process, and what keeps processes apart."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Any

_NEW_PROCESS_GROUP = 0x200


def stop_signals() -> list[int]:
    """Return the signals by which a person or the system ends a program."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def own_group() -> dict[str, Any]:
    """Return the arguments of `subprocess.Popen` that keep a terminal's Ctrl-C from a child."""
    if hasattr(os, "setpgid"):
        return {"process_group": 0}
    return {"creationflags": _NEW_PROCESS_GROUP}


def be_ended_first() -> None:
    """Let the system end this process, where memory runs out, before the one that started it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
