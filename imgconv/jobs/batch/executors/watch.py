"""Notice what hangs: a worker that is stopped, and a file that takes too long."""

from __future__ import annotations

import time

from imgconv.model.errors import ImgconvError

TICK = 1.0
"""Seconds after which workers are looked at, when none has sent anything."""
SIGN_OF_LIFE = 5.0
"""Seconds after which a worker that has nothing to send sends an empty message."""
MOST_SILENT = 60.0
"""Seconds without any message, after which a worker is replaced."""


class ItemTimeoutError(ImgconvError, TimeoutError):
    """A file took longer than its time limit."""

    def __init__(self, key: str, seconds: float) -> None:
        super().__init__(f"{key}: not done after {seconds:g} s, the limit that --timeout sets")
        self.key = key
        self.seconds = seconds

    def __reduce__(self) -> tuple[type[ItemTimeoutError], tuple[str, float]]:
        return ItemTimeoutError, (self.key, self.seconds)


class Stopwatch:
    """A clock that stands still while this process does: stopped, or its machine asleep."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def lap(self) -> float:
        """Return the seconds since the last lap, at most two ticks."""
        now = time.monotonic()
        passed, self._last = min(now - self._last, 2 * TICK), now
        return passed
