"""Order statistics of bytes by histograms that move along the rows: large windows of any shape."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from imgconv.ops.rank.windows import Image, Windows, in_bands


def by_histograms(windows: Windows, what: str, percentile: Fraction = Fraction(0)) -> Image:
    """Return an order statistic (``percentile``) or the mode (``modal``) of uint8 windows.

    scikit-image counts; whole numbers, so the result is exact. It is 0 where no pixel counts.
    """
    from skimage.filters import rank

    rows, columns, channels = windows.out_shape
    height, width = windows.footprint.shape
    footprint = np.array(windows.footprint.rows, np.uint8)
    counting = windows.counting()
    result = np.empty(windows.out_shape, np.uint8)
    options = {} if what == "modal" else {"p0": _above(percentile, len(windows.footprint.taps))}

    def fill(band: slice) -> None:
        read = slice(band.start, band.stop + height - 1)
        mask = np.ascontiguousarray(counting[read]).astype(np.uint8)
        for channel in range(channels):
            pixels = np.ascontiguousarray(windows.pixels[read, :, channel])
            found = getattr(rank, what)(pixels, footprint, mask=mask, **options)
            inner = found[height // 2 :, width // 2 :]
            result[band, :, channel] = inner[: band.stop - band.start, :columns]

    in_bands(rows, max(4 * height, -(-rows // (2 * windows.threads))), fill, windows.threads)
    return result


def _above(percentile: Fraction, taps: int) -> float:
    """Return the share that a count must exceed where the definition says: reach.

    scikit-image takes the first level at which the count is above ``p0 n``. Counts are whole, so
    a little less than the share, by less than one part of any count, says the same.
    """
    if percentile == 0:
        return 0.0
    return float(percentile - Fraction(1, 2 * taps * percentile.denominator))
