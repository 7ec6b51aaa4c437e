"""Medians and extremes beside what peers have: `python tests/bench/bench_rank.py` prints the table.

All sides run interleaved in one process and on one thread; times are the least of a few runs. The
ratio is the time of the best peer over ours: above 1 we are ahead. A peer that needed more than
`--patience` seconds is measured on a strip of the image, and its time scaled.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

os.environ.setdefault("VIPS_CONCURRENCY", "1")

import cv2
import numpy as np
import pyvips
import scipy.ndimage
from skimage import data
from skimage.filters import rank

from imgconv.ops.rank.statistics import maximum, median

Run = Callable[[Any], Any]


def main() -> None:
    options = parsed()
    cv2.setNumThreads(1)
    pyvips.cache_set_max(0)
    versions = f"OpenCV {cv2.__version__}, SciPy {scipy.__version__}, libvips {pyvips.version(0)}"
    print(f"{options.megapixels} MP, {versions}.{pyvips.version(1)}; milliseconds on one thread")
    print(f"{'case':<16}{'ours':>9}{'cv2':>9}{'scipy':>9}{'skimage':>9}{'vips':>9}{'ratio':>8}")
    for kind in options.kinds.split(","):
        image = texture(options.megapixels, kind)
        for what, sizes in (("median", (3, 5, 9, 21, 51)), ("max", (3, 15, 51))):
            for size in sizes:
                name = f"{what} {size} {kind}"
                if options.only in name:
                    row(name, image, ours(what, size), peers(what, size, kind), options)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--kinds", default="u8,u16")
    parser.add_argument("--only", default="")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--patience", type=float, default=4.0)
    return parser.parse_args()


def texture(megapixels: float, kind: str) -> Any:
    """A photograph with noise, in all the levels of its type."""
    side = round((megapixels * 1e6) ** 0.5)
    gray = cv2.resize(data.camera(), (side, side), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(1).normal(0, 6, gray.shape)
    values = np.clip(gray + noise, 0, 255)
    return values.astype(np.uint8) if kind == "u8" else (values * 257).astype(np.uint16)


def ours(what: str, size: int) -> Run:
    function = median if what == "median" else maximum
    return partial(function, footprint=size, threads=1)


def peers(what: str, size: int, kind: str) -> dict[str, Run]:
    """What each peer does for the same filter; the border is its own."""
    ones = np.ones((size, size), np.uint8)
    place = size * size // 2 if what == "median" else size * size - 1
    found: dict[str, Run] = {
        "vips": lambda image: pyvips.Image.new_from_array(image).rank(size, size, place).numpy()
    }
    if what == "median":
        found["scipy"] = lambda image: scipy.ndimage.median_filter(image, size)
        if kind == "u8":  # on 16 bits it takes minutes
            found["skimage"] = lambda image: rank.median(image, ones)
        if kind == "u8" or size <= 5:
            found["cv2"] = lambda image: cv2.medianBlur(image, size)
    else:
        found["scipy"] = lambda image: scipy.ndimage.maximum_filter(image, size)
        if kind == "u8":
            found["skimage"] = lambda image: rank.maximum(image, ones)
        found["cv2"] = lambda image: cv2.dilate(image, ones)
    return found


def row(name: str, image: Any, mine: Run, others: dict[str, Run], options: Any) -> None:
    sides = {"ours": mine, **others}
    strips, times = {}, {}
    for side, run in sides.items():
        # A strip tells how long the whole would take, and whether to wait for that.
        strip = image[: max(image.shape[0] // 32, 64)]
        taken = timed(run, strip) * image.shape[0] / strip.shape[0]
        strips[side] = image if taken < options.patience else strip
        times[side] = float("inf")
    for _ in range(options.repeats):
        for side, run in sides.items():
            scale = image.shape[0] / strips[side].shape[0]
            times[side] = min(times[side], timed(run, strips[side]) * scale)
    best = min(times[side] for side in others)
    shown = "".join(f"{1000 * times[s]:>9.1f}" if s in times else f"{'-':>9}"
                    for s in ("ours", "cv2", "scipy", "skimage", "vips"))  # fmt: skip
    print(f"{name:<16}{shown}{best / times['ours']:>8.2f}", flush=True)


def timed(run: Run, image: Any) -> float:
    start = time.process_time()
    run(image)
    return time.process_time() - start


if __name__ == "__main__":
    main()
