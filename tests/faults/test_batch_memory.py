"""The memory bound: held while pictures are large, and said when one is too large."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from cli.batches import rows, tree

PROGRAM = [sys.executable, "-m", "imgconv", "batch", "-r", "photos", "out", "--quiet"]


def make_pictures(folder, count, side):
    """Write JPEGs of a photograph's texture, `side` x `side`, colour."""
    from skimage import data

    folder.mkdir()
    tile = data.astronaut()[..., ::-1]
    times = -(-side // 512)
    pixels = np.tile(tile, (times, times, 1))[:side, :side]
    encoded = cv2.imencode(".jpg", pixels)[1].tobytes()
    for number in range(count):
        (folder / f"{number}.jpg").write_bytes(encoded)


def private_memory(pid):
    """Give the bytes that a process has for itself, or shares fairly."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def peak_of(process):
    """Watch a run and its workers until it ends; give the greatest sum of their memory."""
    peak = 0
    while process.poll() is None:
        path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        pids = [process.pid]
        if path.exists():
            pids += [int(word) for word in path.read_text().split()]
        peak = max(peak, sum(map(private_memory, pids)))
        time.sleep(0.01)
    return peak


def run_bounded(tmp_path, limit, *options):
    process = subprocess.Popen([*PROGRAM, "--max-memory", limit, *options], cwd=tmp_path)
    peak = peak_of(process)
    return process.returncode, peak >> 20


@pytest.mark.thorough
def test_large_pictures_wait_for_each_other(tmp_path):
    make_pictures(tmp_path / "photos", 3, 3600)  # 13 MP
    code, peak = run_bounded(tmp_path, "800M", "-j", "4", "-k", "sharpen")
    assert code == 0
    assert peak < 800
    assert len(tree(tmp_path / "out")) == 3


def test_a_picture_that_does_not_fit_is_one_failure(tmp_path):
    make_pictures(tmp_path / "photos", 1, 5000)
    make_pictures(tmp_path / "small", 2, 100)
    for path in (tmp_path / "small").iterdir():
        path.rename(tmp_path / "photos" / f"small{path.name}")
    code, peak = run_bounded(tmp_path, "400M", "-j", "2", "-k", "sharpen")
    assert code == 1
    assert peak < 400
    row = rows(tmp_path / "out")["0.jpg"]
    assert row["error"] == "LimitError"
    assert "--max-memory" in row["message"]
    assert len(tree(tmp_path / "out")) == 2
    code, _ = run_bounded(tmp_path, "1G", "-j", "4", "-k", "sharpen")
    assert code == 0


@pytest.mark.slow
@pytest.mark.parametrize("limit", [2600, 6000])
def test_pictures_of_100_megapixels(tmp_path, limit):
    make_pictures(tmp_path / "photos", 6, 10000)
    code, peak = run_bounded(tmp_path, f"{limit}M", "-j", "2", "-k", "sharpen")
    print(f"\n6 pictures of 100 MP, --max-memory {limit}M: peak {peak} MB")
    assert code == 0
    assert peak < limit
