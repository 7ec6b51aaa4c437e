"""The benchmarks run as the README writes them, here on tiny input; nothing is timed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TINY = {
    "bench_startup": ["1"],
    "bench_engine": [
        "--megapixels",
        "0.01",
        "--seconds",
        "0.001",
        "--kinds",
        "u8",
        "--threads",
        "1",
    ],
    "bench_batch": ["--smoke"],
    "bench_io": ["30", "40", "1"],
    "bench_golden": ["2", "1"],
    "bench_diff": ["2", "1", "64"],
    "bench_rank": ["--megapixels", "0.01", "--repeats", "1"],
    "bench_recipes": ["--smoke"],
    "bench_layer": ["1", "10"],
    "bench_scaling": ["1000", "1"],
    "bench_huge": ["300", "400"],
}


def test_every_benchmark_is_in_this_list_and_in_the_manual():
    there = {path.stem for path in (ROOT / "tests" / "bench").glob("bench_*.py")}
    assert there == set(TINY)
    assert set(re.findall(r"python tests/bench/(bench_\w+)\.py", manual())) == there


def manual() -> str:
    return "".join(
        (ROOT / name).read_text()
        for name in ("README.md", "CONTRIBUTING.md")
        if (ROOT / name).exists()
    )


@pytest.mark.bench
@pytest.mark.parametrize("name", TINY)
def test_it_runs(name, tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "bench" / f"{name}.py", *TINY[name]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    missing = "the command vips is missing"
    assert done.returncode == 0 or missing in done.stderr, done.stderr
    assert done.stdout or missing in done.stderr
    assert not list(tmp_path.iterdir())
