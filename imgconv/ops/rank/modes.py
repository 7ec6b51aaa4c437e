"""The most frequent value of every window."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgconv.ops.rank.histograms import by_histograms
from imgconv.ops.rank.sorted_windows import LAST, Keys, each_window
from imgconv.ops.rank.windows import Image, Windows


def mode_of(windows: Windows) -> Image:
    """Return the most frequent value of windows without NaN, the least of them where several are.

    It is 0 where no pixel counts.
    """
    if windows.pixels.dtype == np.uint8 and len(windows.footprint.taps) > 9:
        return by_histograms(windows, "modal")
    return each_window(windows, _most_frequent)


def _most_frequent(keys: Keys, counts: NDArray[np.intp] | None) -> Keys:
    keys.sort(axis=-1)
    best: Keys = keys[..., 0].copy()
    most = np.zeros(best.shape, np.int32)
    run: NDArray[Any] = np.zeros(best.shape, np.int32)
    before = best
    for place in range(keys.shape[-1]):
        here = keys[..., place]
        run = np.where(here == before, run + 1, 1)
        longer = run > most
        if counts is not None:
            longer &= here != LAST
        best[longer] = here[longer]
        most[longer] = run[longer]
        before = here
    return best
