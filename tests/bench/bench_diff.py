"""What comparing pictures costs beside decoding them with OpenCV, and beside other programs.

Run it as ``python tests/bench/bench_diff.py [PAIRS] [RUNS] [SIZE]``; programs that are not on PATH
are left out. Both sides of a ratio are interleaved, so that a busy machine slows down both.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from skimage import data

from imgconv.io.images import codec_noise
from imgconv.jobs.diff.compare import compare_paths
from imgconv.system.cpus import usable_cpus

PEERS = {
    "imgconv diff": [sys.executable, "-m", "imgconv", "diff", "A", "B", "--quiet"],
    "odiff": ["odiff", "A", "B"],
    "pixelmatch": ["pixelmatch", "A", "B"],
    "idiff": ["idiff", "-q", "A", "B"],
    "ImageMagick compare": ["compare", "-metric", "AE", "A", "B", "null:"],
}


def write_pairs(folder: Path, count: int, side: int) -> tuple[Path, Path]:
    """Write two folders of photographs that differ in a block, no two pairs alike."""
    photo = cv2.resize(data.astronaut(), (side, side), interpolation=cv2.INTER_CUBIC)
    sides = folder / "a", folder / "b"
    for path in sides:
        path.mkdir()
    for i in range(count):
        before = np.roll(photo, 7 * i, axis=1)
        after = before.copy()
        after[10:20, 10:20] ^= 255
        cv2.imwrite(str(sides[0] / f"{i}.png"), before)
        cv2.imwrite(str(sides[1] / f"{i}.png"), after)
    return sides


def script(a: Path, b: Path) -> bool:
    """Decode both with OpenCV and compare, as a script does."""
    one, other = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (a, b))
    return bool((cv2.absdiff(one, other) > 0).any())


def seconds(work: Callable[[], object]) -> float:
    """Time a function."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def ratio(name: str, ours: Callable[[], object], other: Callable[[], object], runs: int) -> None:
    """Print the medians of both sides and of their ratio."""
    times = [(seconds(other), seconds(ours)) for _ in range(runs)]
    parts = statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)
    middle = statistics.median(t[1] / t[0] for t in times)
    print(f"{name:<34} OpenCV {parts[0]:7.3f} s  imgconv {parts[1]:7.3f} s  ratio {middle:.2f}")


def there() -> dict[str, list[str]]:
    """Return the programs that are on PATH with their words."""
    return {name: words for name, words in PEERS.items() if shutil.which(words[0])}


def one_process(words: list[str], a: Path, b: Path) -> None:
    """Let a program compare two files or folders."""
    filled = [{"A": str(a), "B": str(b)}.get(word, word) for word in words]
    subprocess.run(filled, check=False, capture_output=True, env=os.environ)


def peers(a: Path, b: Path, runs: int) -> None:
    """Print what each program takes for one pair, start included."""
    times: dict[str, list[float]] = {name: [] for name in there()}
    for _ in range(runs):
        for name, found in times.items():
            found.append(seconds(lambda n=name: one_process(PEERS[n], a, b)))  # type: ignore[misc]
    for name, found in times.items():
        print(f"{name:<34} {statistics.median(found):7.3f} s for one pair, a process each")


def peers_of_folders(a: Path, b: Path, runs: int, cpus: int) -> None:
    """Print what each program takes for all pairs: imgconv in one process, others in many."""
    names = sorted(path.name for path in a.iterdir())
    times: dict[str, list[float]] = {name: [] for name in there()}

    def compare_all(name: str) -> None:
        if name == "imgconv diff":
            one_process(PEERS[name], a, b)
            return
        with ThreadPoolExecutor(cpus) as pool:
            list(pool.map(lambda key: one_process(PEERS[name], a / key, b / key), names))

    for _ in range(runs):
        for name, found in times.items():
            found.append(seconds(lambda n=name: compare_all(n)))  # type: ignore[misc]
    for name, found in times.items():
        print(f"{name:<34} {statistics.median(found):7.3f} s for {len(names)} pairs")


def main(count: int, runs: int, side: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as place:
        a, b = write_pairs(Path(place), count, side)
        one, other = a / "0.png", b / "0.png"
        cpus = usable_cpus()
        print(f"PNG of {side * side / 1e6:.1f} MP, RGB, {cpus} CPUs, median of {runs}, interleaved")
        ratio("one pair, in one process", lambda: compare_paths(one, other),
              lambda: script(one, other), runs)  # fmt: skip
        files = sorted(a.iterdir()) + sorted(b.iterdir())
        with ThreadPoolExecutor(cpus) as pool:
            ratio(
                f"{count} pairs against decoding alone",
                lambda: compare_paths(a, b),
                lambda: list(pool.map(lambda path: cv2.imread(str(path)), files)),
                max(1, runs // 3),
            )
        peers(one, other, runs)
        peers_of_folders(a, b, max(1, runs // 3), cpus)


if __name__ == "__main__":
    sys.stderr = codec_noise.redirect()  # as the program does; else decoding is one at a time
    numbers = [int(word) for word in sys.argv[1:]]
    main(*(numbers + [200, 7, 1414][len(numbers) :]))
