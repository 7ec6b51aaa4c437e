"""What starting up costs: `imgconv apply` against a bare script, interleaved, medians.

Run it as ``python tests/bench/bench_startup.py [RUNS]`` in an environment with imgconv installed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
import cv2, numpy as np
image = cv2.imread("in.png", cv2.IMREAD_GRAYSCALE)
kernel = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32)
cv2.imwrite("bare.png", cv2.filter2D(image, -1, kernel))
"""
PROGRAM = Path(sys.executable).with_name("imgconv")


def commands() -> dict[str, list[str]]:
    """Give what is timed; the first is what the others are held against."""
    apply = [str(PROGRAM), "apply", "in.png", "out.png", "--overwrite"]
    return {
        "bare numpy + cv2 script": [sys.executable, "-c", BARE],
        "imgconv apply -k sharpen": [*apply, "-k", "sharpen"],
        "imgconv apply -k '0 -1 0; ...'": [*apply, "-k", "0 -1 0; -1 5 -1; 0 -1 0"],
        "imgconv --help": [str(PROGRAM), "--help"],
        "python -c pass": [sys.executable, "-c", "pass"],
        "import click": [sys.executable, "-c", "import click"],
        "import numpy": [sys.executable, "-c", "import numpy"],
        "import cv2": [sys.executable, "-c", "import cv2"],
        "import cv2, 1 BLAS thread": [
            sys.executable,
            "-c",
            "import os; os.environ['OPENBLAS_NUM_THREADS'] = '1'; import cv2",
        ],
    }


def main(runs: int) -> None:
    """Time every command in turn, again and again, and print the table."""
    times: dict[str, list[float]] = {name: [] for name in commands()}
    with tempfile.TemporaryDirectory() as folder:
        import cv2
        from skimage import data

        cv2.imwrite(str(Path(folder, "in.png")), data.camera())
        for _ in range(runs):
            for name, command in commands().items():
                started = time.perf_counter()
                subprocess.run(command, cwd=folder, check=True, capture_output=True)
                times[name].append(time.perf_counter() - started)
    base = statistics.median(times["bare numpy + cv2 script"])
    print(f"512 x 512 gray PNG, median of {runs}, interleaved")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:<34}{1000 * median:>8.1f} ms{median / base:>8.2f} x bare")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
