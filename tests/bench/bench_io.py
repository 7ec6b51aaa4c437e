"""What reading and writing cost beside bare OpenCV with the same settings.

    python tests/bench/bench_io.py [ROWS COLUMNS ROUNDS]

12 MP by default, in memory, both sides in turns, medians.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import format_named
from imgconv.io.images.picture import Encoding, Picture


def photograph(dtype: str, rows: int, columns: int) -> np.ndarray:
    """Return natural texture, RGB."""
    from skimage import data

    photo = np.tile(data.astronaut(), (6, 8, 1))[:rows, :columns]
    return photo if dtype == "uint8" else photo.astype(dtype) * 257


def seconds(run: Callable[[], object]) -> float:
    """Time one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main(rows: int = 3000, columns: int = 4000, rounds: int = 11) -> None:
    """Print a line for each format and direction."""
    cases = [
        ("png", "uint8", ".png", [cv2.IMWRITE_PNG_COMPRESSION, 1], Encoding(compression="1")),
        ("png", "uint16", ".png", [cv2.IMWRITE_PNG_COMPRESSION, 1], Encoding(compression="1")),
        (
            "jpeg",
            "uint8",
            ".jpg",
            [
                *(cv2.IMWRITE_JPEG_QUALITY, 90),
                *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420),
            ],
            Encoding(quality=90, subsampling="420"),
        ),
    ]
    print(f"{'':<22}{'ours ms':>9}{'OpenCV ms':>11}{'ratio':>7}")
    for name, dtype, suffix, settings, encoding in cases:
        picture = Picture((photograph(dtype, rows, columns),))
        bgr = np.ascontiguousarray(picture.pages[0][..., ::-1])
        data = cv2.imencode(suffix, bgr, settings)[1]
        encoded, kind = data.tobytes(), format_named(name)
        pairs = {
            "read": (
                lambda e=encoded: decode_picture(e, "x"),
                lambda d=data: cv2.imdecode(d, cv2.IMREAD_UNCHANGED),
            ),
            "write": (
                lambda p=picture, k=kind, e=encoding: encode_picture(p, k, "x", e),
                lambda b=bgr, s=suffix, t=settings: cv2.imencode(s, b, t),
            ),
        }
        total = [0.0, 0.0]
        for what, runs in pairs.items():
            taken = [[seconds(run) for run in runs] for _ in range(rounds)]
            ours, theirs = (statistics.median(c) * 1000 for c in zip(*taken, strict=True))
            total = [total[0] + ours, total[1] + theirs]
            print(f"{name} {dtype} {what:<10}{ours:>9.1f}{theirs:>11.1f}{ours / theirs:>7.2f}")
        print(
            f"{name} {dtype} both      {total[0]:>9.1f}{total[1]:>11.1f}{total[0] / total[1]:>7.2f}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
