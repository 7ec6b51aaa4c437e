"""Count the instructions a pixel of the core and of OpenCV on an emulated 64-bit ARM.

    python tests/bench/arm/bench_instructions.py ROOT SITE [CASE ...]

ROOT is an ARM system with Python 3.11 (Debian's packages, unpacked); SITE holds ARM's wheels of
NumPy, OpenCV, click and PyYAML, and this package with its core compiled for ARM. A case is a
kernel and a type, such as ``sharpen|u8``. Needs gcc and Debian's qemu-user. Instructions are not
time; but the same loop with half of them is seldom slower.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PIXELS = 256 * 512
CASES = (
    *("sharpen|u8", "sobel_x|u8", "gaussian:sigma=1,size=5|u8", "box:size=9|u8", "random5|u8"),
    *("random13|u8", "disk:radius=7|u8", "floats5|u8", "random5|u16", "sharpen|f32"),
    *("gaussian:sigma=1,size=5|f32", "random5|f32", "box:size=9|f32"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("site", type=Path)
    parser.add_argument("cases", nargs="*", default=CASES)
    parser.add_argument("--isas", default="", help="of the core, separated by commas")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plugin = Path(folder, "count.so")
        command = ["gcc", "-shared", "-fPIC", "-O2", "-w", "-o", plugin, HERE / "count.c"]
        subprocess.run(command, check=True)
        table(options, plugin)


def table(options: argparse.Namespace, plugin: Path) -> None:
    lines, counts = run(options, plugin)
    at, ratios = 1, []  # before the first mark is what starting takes
    for line in lines:
        name, *whats = line.split("\t")
        found = [count / PIXELS for count in counts[at : at + 2 * len(whats) : 2]]
        at += 2 * len(whats)
        best = min(n for n, what in zip(found, whats, strict=True) if what.startswith("opencv"))
        ratios.append(found[0] / best)
        said = ", ".join(f"{what} {n:.1f}" for what, n in zip(whats, found, strict=True))
        print(f"{name:<28} {ratios[-1]:5.2f}  {said}", flush=True)
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"of OpenCV's best call: geometric mean {mean:.2f}, most {max(ratios):.2f}")


def run(options: argparse.Namespace, plugin: Path) -> tuple[list[str], list[int]]:
    """Run every case once in one process; return its lines and the counts between marks."""
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    environment |= {"PYTHONPATH": str(options.site), "OPENBLAS_NUM_THREADS": "1"}
    python = options.root / "usr/bin/python3.11"
    command = ["qemu-aarch64", "-plugin", plugin, "-L", options.root, python, "-S"]
    done = subprocess.run(
        [*command, HERE / "cases.py", options.isas, *options.cases],
        capture_output=True,
        check=False,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    counts = [int(count) for count in re.findall(r"instructions (\d+)", done.stderr)]
    return done.stdout.splitlines(), counts


if __name__ == "__main__":
    main()
