"""What reading and writing cost beside bare OpenCV, on 12 megapixels.

    python tests/bench/bench_io.py

Both sides decode and encode in memory with the same settings, in turn; the ratio is that of the
medians. OpenCV keeps BGR and no metadata, does not look for damage, and warns where it finds some.
"""

from __future__ import annotations

import argparse
import statistics
import time

import cv2
import numpy as np

from imgconv.io.formats import format_named
from imgconv.io.picture import Encoding
from imgconv.io.reading import decode_picture
from imgconv.io.writing import encode_picture

ROWS, COLUMNS, QUALITY = 3000, 4000, 92


def photograph():
    """Give a photograph, repeated and with a little noise, so that it packs as a photograph."""
    from skimage import data

    tiles = np.tile(data.astronaut(), (6, 8, 1))[:ROWS, :COLUMNS]
    noise = np.random.default_rng(0).integers(-3, 4, tiles.shape)
    return (tiles + noise).clip(0, 255).astype(np.uint8)


def cases():
    """Give name, format, bytes, OpenCV's parameters and ours."""
    bgr = photograph()[..., ::-1]
    gray = np.ascontiguousarray(bgr[..., 1])
    subsampled = cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    quality = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, *subsampled]
    lossy = Encoding(quality=QUALITY, subsampling="420")
    plain = Encoding()
    for name, suffix, image, parameters, encoding in (
        ("JPEG RGB", ".jpg", bgr, quality, lossy),
        ("JPEG gray", ".jpg", gray, quality[:2], lossy),
        ("PNG RGB", ".png", bgr, [], plain),
        ("PNG gray", ".png", gray, [], plain),
        ("PNG RGB 16 bit", ".png", bgr.astype(np.uint16) * 257, [], plain),
    ):
        data = bytes(cv2.imencode(suffix, image, parameters)[1])
        yield name, suffix, data, parameters, encoding


def opencv(data, suffix, parameters):
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.imencode(suffix, pixels, parameters)[1]


def ours(data, suffix, encoding):
    kind = format_named("jpeg" if suffix == ".jpg" else "png")
    return encode_picture(decode_picture(data, "x"), kind, "x", encoding)[0]


def timed(function, *arguments):
    started = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    print(f"{'12 MP':<16}{'OpenCV ms':>10}{'imgconv ms':>12}{'ratio':>8}")
    for name, suffix, data, parameters, encoding in cases():
        theirs, mine = [], []
        for _ in range(runs):
            theirs.append(timed(opencv, data, suffix, parameters))
            mine.append(timed(ours, data, suffix, encoding))
        a, b = statistics.median(theirs) * 1000, statistics.median(mine) * 1000
        print(f"{name:<16}{a:>10.0f}{b:>12.0f}{b / a:>8.2f}")


if __name__ == "__main__":
    main()
