"""Folders: `imgconv batch` against a bare thread pool and other tools, interleaved.

Run it as ``python tests/bench/bench_batch.py [FOLDER] [--smoke]`` in an environment with imgconv
installed; a new folder in FOLDER (default the working directory) gets the pictures and, run by run,
the outputs; ``--smoke`` does one run of four small pictures.
They are removed at the end and not between runs: ext4 makes new files slowly for minutes after
thousands were removed. Tools that are not installed are left out (Debian: imagemagick,
graphicsmagick, libvips-tools).
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from skimage import data

WORKERS = 2
BARE = """
import sys, cv2, numpy as np
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
source, target = Path(sys.argv[1]), Path(sys.argv[2])
target.mkdir()
cv2.setNumThreads(1)
kernel = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32)
def filter_one(path):
    cv2.imwrite(str(target / path.name), cv2.filter2D(cv2.imread(str(path)), -1, kernel))
with ThreadPoolExecutor(int(sys.argv[3])) as pool:
    list(pool.map(filter_one, sorted(source.iterdir())))
"""
MATRIX = "0,-1,0 -1,5,-1 0,-1,0"
SETS = {  # name: files, rows, columns, runs, runs of the slow tools
    "100 of 2 MP": (100, 1224, 1632, 9, 3),
    "1000 of 2 MP": (1000, 1224, 1632, 3, 1),
    "10000 of 64 x 64": (10000, 64, 64, 5, 1),
}
SMOKE = {"4 of 40 x 60": (4, 40, 60, 1, 1)}


def make(folder: Path, count: int, rows: int, columns: int) -> None:
    """Write JPEGs put together of pieces of photographs, 300 pixels wide and high."""
    photographs = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    random = np.random.default_rng(1)
    folder.mkdir()
    for number in range(count):
        pixels = np.empty((rows, columns, 3), np.uint8)
        for row in range(0, rows, 300):
            for column in range(0, columns, 300):
                piece = pixels[row : row + 300, column : column + 300]
                photograph = photographs[random.integers(len(photographs))]
                y = random.integers(photograph.shape[0] - piece.shape[0] + 1)
                x = random.integers(photograph.shape[1] - piece.shape[1] + 1)
                piece[:] = photograph[y : y + piece.shape[0], x : x + piece.shape[1], ::-1]
        cv2.imwrite(str(folder / f"{number:05}.jpg"), pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])


def fast(source: Path, target: Path) -> dict[str, list[str]]:
    """Give the two that are held against each other; the other tools are timed less often."""
    program = str(Path(sys.executable).with_name("imgconv"))
    batch = [program, "batch", "-r", str(source), str(target), "-k", "sharpen", "--quiet"]
    return {
        "bare thread pool, cv2": [sys.executable, "-c", BARE, str(source), str(target), "2"],
        "imgconv batch": [*batch, "-j", str(WORKERS)],
    }


def slow(source: Path, target: Path) -> dict[str, list[str]]:
    """Give the commands of the other tools; each writes into a folder that is there."""
    sharpen = source.parent / "sharpen.mat"
    sharpen.write_text("3 3 1 0\n" + MATRIX.replace(" ", "\n").replace(",", " ") + "\n")
    many = f"cd {source} && find -name '*.jpg' -printf '%f\\0' | "
    taken = {
        "mogrify": f"{many}xargs -0 mogrify -limit thread {WORKERS} -path {target} "
        f"-morphology Convolve '3x3: {MATRIX}'",
        "gm": f"{many}OMP_NUM_THREADS={WORKERS} xargs -0 gm mogrify -output-directory {target} "
        "-convolve 0,-1,0,-1,5,-1,0,-1,0",
        "vips": f"{many}VIPS_CONCURRENCY=1 xargs -0 -P {WORKERS} -I @ vips conv @ "
        f"{target}/@ {sharpen}",
    }
    names = {
        "mogrify": "ImageMagick mogrify",
        "gm": "GraphicsMagick mogrify",
        "vips": "vips conv, xargs -P",
    }
    found = {key: words for key, words in taken.items() if shutil.which(key)}
    return {names[key]: ["bash", "-c", words] for key, words in found.items()}


def timed(command: list[str]) -> float:
    """Run a command and give its seconds; what it has to write later is written before."""
    os.sync()
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def measure(folder: Path, name: str, sizes: tuple[int, int, int, int, int]) -> None:
    """Time all on one set of pictures and print the table."""
    count, rows, columns, runs, slow_runs = sizes
    source = folder / f"in-{count}-{rows}"
    make(source, count, rows, columns)
    times: dict[str, list[float]] = {}
    for run in range(runs):
        commands = fast(source, folder / "x")
        for tool in commands:
            target = folder / f"out-{count}-{rows}-{run}-{len(times)}-{tool.split()[0]}"
            times.setdefault(tool, []).append(timed(fast(source, target)[tool]))
        if run < slow_runs:
            for tool in slow(source, folder):
                target = folder / f"out-{count}-{rows}-{run}-{tool.split()[0]}"
                target.mkdir()
                times.setdefault(tool, []).append(timed(slow(source, target)[tool]))
    base = statistics.median(times["bare thread pool, cv2"])
    print(f"{name}: {WORKERS} workers, median of {runs} (other tools {slow_runs})")
    for tool, values in times.items():
        median = statistics.median(values)
        print(f"  {tool:<26}{median:>8.2f} s{base / median:>8.2f} x the bare script's speed")


def main() -> None:
    """Print a table for each set of pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", default=".")
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.folder)).resolve()  # commands change the directory
    try:
        for name, sizes in (SMOKE if options.smoke else SETS).items():
            measure(folder, name, sizes)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
