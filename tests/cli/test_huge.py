"""Pictures that memory does not hold, through the program itself."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from bench.huge_picture import make
from cli.program import assert_fails

from imgconv.model.border import Border
from imgconv.model.kernel import Kernel
from imgconv.model.recipe import Recipe
from imgconv.model.settings import Settings
from imgconv.ops.pipeline.run import run_recipe

_PROGRAM = """
import re, sys
from imgconv.cli.main import main
code = main(sys.argv[1:])
peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
print("peak", peak, file=sys.stderr)
sys.exit(code)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc for its peak memory")


def run_measured(*arguments, **settings):
    """Run the program in a process of its own; give its report and its peak memory in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        **settings,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, int(re.search(r"peak (\d+)", done.stderr)[1]) >> 10


def blurred(image, border):
    kernels = (Kernel([[1] * 5] * 5, scale="1/25"), Kernel([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]))
    settings = Settings(border=Border(border))
    return run_recipe(image, Recipe(steps=kernels, settings=settings))


@pytest.mark.parametrize("border", ["reflect101", "wrap"])
@pytest.mark.sampled(2)
def test_64_megapixels_in_112_mebibytes(border, tmp_path):
    make(tmp_path / "in.tif", 8192, 8000)
    said, peak = run_measured(
        *("apply", tmp_path / "in.tif", tmp_path / "out.tif", "--padding", border, "--json"),
        *("-k", "box:5", "-k", "sharpen", "--max-memory", "112M"),
    )
    assert peak < 112
    whole = blurred(tifffile.imread(tmp_path / "in.tif"), border)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), whole.image)
    row = json.loads(said)
    assert row["shape"] == [8192, 8000]
    assert row["clipped_share"] == whole.clipped_share


def test_a_limit_that_is_no_amount(run, photo):
    assert_fails(run("apply", photo, "o.png", "-k", "blur", "--max-memory", "lots"), 2, "'lots'")
    assert_fails(run("apply", photo, "o.png", "-k", "blur", "--max-memory", "1"), 2, "than 1 MiB")


def test_too_little_memory(run, tmp_path):
    make(tmp_path / "in.tif", 600, 9000)
    said = run("apply", "in.tif", "out.tif", "-k", "blur", "--max-memory", "1M")
    assert_fails(said, 7, "1 MiB of memory is too little for one row", "--max-memory")
    assert not (tmp_path / "out.tif").exists()


def test_gray_and_binarize_stream_too(run, tmp_path, colour):
    assert run("gray", colour, "gray.zarr").code == 0
    said = run("binarize", "gray.zarr", "bw.png")
    assert (said.code, said.err.partition(" ")[0]) == (0, "threshold")
    assert run("apply", colour, "plain.png", "--gray", "--binarize").err == said.err
    assert (tmp_path / "bw.png").read_bytes()


def test_a_full_disk_leaves_nothing(tmp_path):
    """A limit on the size of files stands in for the disk."""
    make(tmp_path / "in.tif", 4096, 4096)
    small = 4 << 20

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (small, small))

    arguments = ["apply", "in.tif", "out.tif", "-k", "blur", "--max-memory", "112M"]
    done = subprocess.run(
        [sys.executable, "-m", "imgconv", *arguments],
        cwd=tmp_path,
        preexec_fn=limited,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 5, done.stderr
    assert "larger than this process may write" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.tif"]


@pytest.mark.slow
def test_a_gigapixel(tmp_path):
    """Memory stays under the bound; processor time grows with the picture, not faster."""
    import resource

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    seconds = []
    for rows in (8960, 35840):
        make(tmp_path / "in.tif", rows, 30000)
        arguments = ["apply", tmp_path / "in.tif", tmp_path / "out.tif", "-k", "sharpen"]
        started = spent()
        _, peak = run_measured(*arguments, "--max-memory", "128M", "--overwrite")
        seconds.append(spent() - started)
        assert peak < 128
    assert seconds[1] < 8 * seconds[0]
    assert Path(tmp_path / "out.tif").stat().st_size > 35840 * 30000


def test_a_picture_that_is_filtered_as_a_whole_says_so(imgconv, tmp_path):
    import cv2

    data = cv2.imencode(".png", np.zeros((6000, 5000, 3), np.uint8))[1].tobytes()
    words = ["apply", "-", "o.png", "-k", "blur", "--overwrite"]
    done = imgconv(*words, "--max-memory", "40M", stdin=data)
    assert done.code == 0
    assert re.match(r"Note: --max-memory had no effect: \d{3} MiB were used, since", done.err)
    assert imgconv(*words, "--max-memory", "2G", stdin=data).err == ""
    assert imgconv(*words, "--max-memory", "40M", "-q", stdin=data).err == ""
