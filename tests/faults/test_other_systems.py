"""What macOS and Windows lack is taken from Python (``tests/lacking``); results are the same.

Each test of a run compares with the same run on this system, and each unit test forces one
equivalent. What only the systems themselves can show (their file systems and their libraries' own
errors) runs in CI on them.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from cli.batches import make_tree, tree
from cli.golden_sets import SET
from cli.program import assert_fails, save, written

from imgconv import correlate

LACKING = Path(__file__).parents[1] / "lacking"
WORDS = ["O_TMPFILE", "syncfs", "renameat2", "openat", "proc", "fcntl", "affinity"]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="takes away what Linux has")


@pytest.fixture
def elsewhere(imgconv):
    """Run the program where something is lacking."""

    def run(lacks, *arguments, **options):
        env = {"PYTHONPATH": os.fspath(LACKING), "IMGCONV_LACKS": lacks}
        return imgconv(*arguments, env=env, **options)

    return run


def outputs(folder):
    return {name: data for name, data in tree(folder).items() if ".imgconv" not in name}


def told(run):
    """Give the last line of a report."""
    return json.loads(run.out.splitlines()[-1])


BATCH = ("batch", "-r", "photos", "out", "-k", "sharpen", "-j", "1", "--json")


@pytest.mark.sampled(len(WORDS))
@pytest.mark.parametrize("lacks", WORDS)
def test_one_call_that_is_not_there(elsewhere, photo, tmp_path, lacks):
    make_tree(tmp_path / "photos", ["a.png", "sub/c.png"])
    save(tmp_path / "there.png", np.zeros((3, 3), np.uint8))
    words = ("apply", "photo.png", "there.png", "-k", "sharpen", "--overwrite")
    assert elsewhere(lacks, *words).code == 0
    sharp = correlate(cv2.imread(str(photo), cv2.IMREAD_UNCHANGED), "sharpen")
    assert np.array_equal(written(tmp_path / "there.png"), sharp)
    assert told(elsewhere(lacks, *BATCH))["ok"] == 2
    assert told(elsewhere(lacks, *BATCH))["skipped"] == 2


@pytest.mark.parametrize("lacks", ["macos", "windows"])
@pytest.mark.sampled(2)
def test_a_picture_and_a_folder(elsewhere, run, photo, tmp_path, lacks):
    make_tree(tmp_path / "photos", ["a.png", "b.png", "sub/c.png"])
    assert run("apply", "photo.png", "here.png", "-k", "sharpen").code == 0
    for more, code in (((), 0), (("--overwrite",), 0), ((), 5)):
        arguments = ("apply", "photo.png", "there.png", "-k", "sharpen", *more)
        assert elsewhere(lacks, *arguments).code == code
    assert (tmp_path / "there.png").read_bytes() == (tmp_path / "here.png").read_bytes()

    first = elsewhere(lacks, *BATCH)
    assert (first.code, told(first)["ok"]) == (0, 3), first.err
    assert told(run(*BATCH))["skipped"] == 3, "the manifest is good here too"
    assert outputs(tmp_path / "out").keys() == {"a.png", "b.png", "sub/c.png"}
    (tmp_path / "out/a.png").unlink()
    again = elsewhere(lacks, *BATCH)
    assert (told(again)["ok"], told(again)["skipped"]) == (1, 2)
    with (tmp_path / "out/.imgconv/lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        busy = elsewhere(lacks, *BATCH)
    assert_fails(busy, 5, "another imgconv batch is writing there", out=busy.out)


@pytest.mark.parametrize("lacks", ["macos", "windows"])
@pytest.mark.sampled(2)
def test_in_place(elsewhere, run, tmp_path, lacks):
    names = ["a.png", "b.png", "sub/c.png"]
    make_tree(tmp_path / "here", names)
    make_tree(tmp_path / "there", names)
    for folder in ("here", "there"):
        os.link(tmp_path / folder / "a.png", tmp_path / f"{folder}.link.png")
    options = ("-k", "blur", "-j", "1", "--in-place", "--assume-new", "--hard-links", "keep")
    words = ("--backup", ".orig", "--json")
    assert run("batch", "-r", "here", *options, *words).code == 0
    done = elsewhere(lacks, "batch", "-r", "there", *options, *words)
    assert (done.code, told(done)["ok"]) == (0, 3), done.err
    assert outputs(tmp_path / "there") == outputs(tmp_path / "here")
    linked = (tmp_path / "there.link.png").read_bytes()
    assert linked == (tmp_path / "there/a.png").read_bytes()
    again = elsewhere(lacks, "batch", "-r", "there", *options, *words)
    assert told(again)["skipped"] == 3


@pytest.mark.parametrize("lacks", ["windows", "macos"])
@pytest.mark.sampled(2)
def test_goldens(elsewhere, photo, tmp_path, lacks):
    (tmp_path / "golden.yaml").write_text(SET)
    assert elsewhere(lacks, "golden", "record").code == 0
    assert elsewhere(lacks, "golden", "check").code == 0
    (tmp_path / "golden.yaml").write_text(SET.replace("replicate", "wrap"))
    reports = ("--html", "page", "--junit", "junit.xml", "--failures", "failures")
    for _ in range(2):  # the second replaces the first one's reports
        assert elsewhere(lacks, "golden", "check", *reports).code == 1
    assert elsewhere(lacks, "golden", "accept", "--all").code == 0
    assert elsewhere(lacks, "golden", "check").code == 0


def test_a_picture_in_bands_replaces_the_one_that_it_is_read_from(elsewhere, tmp_path):
    """Windows replaces no file that is open."""
    pixels = np.random.default_rng(1).integers(0, 256, (2500, 2000), np.uint8)
    tifffile.imwrite(tmp_path / "large.tif", pixels, rowsperstrip=16)
    words = ("-k", "blur", "--max-memory", "230M")
    done = elsewhere("windows", "apply", "large.tif", "--in-place", *words)
    assert done.code == 0, done.err
    assert np.array_equal(
        written(tmp_path / "large.tif"), cv2.imread(str(tmp_path / "large.tif"), -1)
    )
    assert not np.array_equal(written(tmp_path / "large.tif"), pixels)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
@pytest.mark.sampled(3)
def test_consoles_of_other_code_pages(imgconv, photo, encoding):
    """Words that they lack are written otherwise; data on stdout is UTF-8 everywhere."""
    photo.rename(photo.with_name("\u9ce5 \u00e9.png"))
    env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-m", "imgconv", "apply", "\u9ce5 \u00e9.png", "nothing/a.png"],
        cwd=photo.parent, capture_output=True, check=False, env={**os.environ, **env},
    )  # fmt: skip
    assert done.returncode == 5
    assert done.stderr.startswith(b"Error: nothing")
    done = subprocess.run(
        [sys.executable, "-m", "imgconv", "compare", "\u9ce5 \u00e9.png", "-k", "blur", "--json"],
        cwd=photo.parent, capture_output=True, check=False, env={**os.environ, **env},
    )  # fmt: skip
    assert json.loads(io.BytesIO(done.stdout).read().decode("utf-8"))
