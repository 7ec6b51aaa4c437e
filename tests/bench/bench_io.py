"""What reading and writing cost beside bare OpenCV with the same settings.

    python tests/bench/bench_io.py [ROWS COLUMNS ROUNDS]

12 MP by default, in memory, both sides in turns, medians. Below stand whole runs of the program
beside libvips, which works by rows: seconds, seconds of all CPUs, and the greatest memory.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from imgconv.io.images.decode import decode_picture
from imgconv.io.images.encode import encode_picture
from imgconv.io.images.formats import format_named
from imgconv.io.images.picture import Encoding, Picture

VIPS = """
import sys, pyvips
image = pyvips.Image.new_from_file(sys.argv[1], access="sequential")
kernel = pyvips.Image.new_from_array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
options = {"Q": 90} if sys.argv[2].endswith(".jpg") else {}
image.conv(kernel, precision="integer").write_to_file(sys.argv[2], **options)
"""

COST = """
import os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
sys.exit(status != 0)
"""


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
        ("png", "uint8", ".png", [], Encoding()),
        ("png", "uint16", ".png", [], Encoding()),
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
    whole(rows, columns, rounds)


def whole(rows: int, columns: int, rounds: int) -> None:
    """Print what sharpening a file takes, from start to end."""
    program = str(Path(sys.executable).with_name("imgconv"))
    ours = [program, "apply", "-k", "sharpen", "--overwrite", "--quiet"]
    print(f"{'sharpen, whole run':<22}{'s':>9}{'CPU s':>9}{'MiB':>7}")
    with tempfile.TemporaryDirectory() as folder:
        pixels = photograph("uint8", rows, columns)
        pixels ^= np.random.default_rng(1).integers(0, 4, pixels.shape, np.uint8)
        for suffix in (".jpg", ".png"):
            source, target = f"{folder}/in{suffix}", f"{folder}/out{suffix}"
            cv2.imwrite(source, pixels, [cv2.IMWRITE_JPEG_QUALITY, 90] if suffix == ".jpg" else [])
            sides = {"imgconv": [*ours, source, target]}
            if find_spec("pyvips"):
                sides["libvips"] = [sys.executable, "-c", VIPS, source, target]
            taken: dict[str, list[tuple[float, ...]]] = {name: [] for name in sides}
            for _ in range(rounds):
                for name, command in sides.items():
                    taken[name].append(cost(command))
            for name, costs in taken.items():
                elapsed, cpu, memory = (statistics.median(c) for c in zip(*costs, strict=True))
                print(f"{suffix[1:] + ' ' + name:<22}{elapsed:>9.3f}{cpu:>9.3f}{memory:>7.0f}")


def cost(command: list[str]) -> tuple[float, ...]:
    """Run a command; give its seconds, those of its CPUs, and its greatest memory in MiB."""
    # A small process starts it: memory of the one that starts another counts as that of the other.
    done = subprocess.run(
        [sys.executable, "-c", COST, *command], check=True, capture_output=True, text=True
    )
    return tuple(map(float, done.stdout.split()))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
