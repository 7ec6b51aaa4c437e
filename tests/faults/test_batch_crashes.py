"""Processes that die: workers, and the whole run, at any moment."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from cli.batches import make_tree, rows, tree
from cli.program import save
from services.kills import children

PROGRAM = [sys.executable, "-m", "imgconv", "batch", "-r", "photos"]
REFERENCE = {**os.environ, "IMGCONV_ENGINE": "reference"}
SLOW = "-k", "median:9"
"""With `REFERENCE` some 40 ms for a picture of 400 x 400, so that there is time to interfere."""


def start(folder, *arguments, **settings):
    return subprocess.Popen([*PROGRAM, *arguments], cwd=folder, stderr=subprocess.PIPE, **settings)


def finish(process):
    said = process.communicate(timeout=120)[1].decode()
    return process.returncode, said


def test_killed_workers_are_replaced_and_nothing_is_lost(tmp_path):
    make_tree(tmp_path / "photos", [f"{i}.png" for i in range(40)], size=(400, 400))
    assert finish(start(tmp_path, "calm", *SLOW))[0] == 0
    process = start(tmp_path, "out", *SLOW, "-j", "2", env=REFERENCE)
    seed, killed, known = random.Random(3), 0, 0
    while process.poll() is None and killed < 4:
        time.sleep(0.02)
        with contextlib.suppress(OSError):
            done = (tmp_path / "out/.imgconv/manifest.jsonl").read_bytes().count(b"\n")
            # Workers that die while they start end the run; these have done something since.
            if done > known and (found := children(process.pid)):
                os.kill(seed.choice(found), signal.SIGKILL)
                killed, known = killed + 1, done
    code, said = finish(process)
    assert killed
    assert "crashed or hung and replaced" in said
    if code:  # a file whose process was killed twice is given up, until the next run
        assert "its process died" in said
        assert finish(start(tmp_path, "out", *SLOW, env=REFERENCE))[0] == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "calm")
    assert len(rows(tmp_path / "out")) == 40


def test_the_file_that_kills_its_process_is_found_and_the_others_are_done(tmp_path):
    """Every process may compute for two seconds; one picture takes longer."""
    photos = make_tree(tmp_path / "photos", [f"{i}.png" for i in range(10)])
    random_pixels = np.random.default_rng(0).integers(0, 256, (3000, 3000), np.uint8)
    save(photos / "5-guilty.png", random_pixels)

    def few_seconds():
        resource.setrlimit(resource.RLIMIT_CPU, (2, 2))

    slower = ("-k", "gaussian:sigma=9", "-k", "disk:9")
    code, said = finish(
        start(tmp_path, "out", "-j", "2", *slower, env=REFERENCE, preexec_fn=few_seconds)
    )
    assert code == 1
    assert said.count("Failed: ") == 1
    assert "5-guilty.png: its process died" in said
    assert len(tree(tmp_path / "out")) == 10
    row = rows(tmp_path / "out")["5-guilty.png"]
    assert (row["status"], row["error"]) == ("failed", "WorkerDiedError")
    assert not list((tmp_path / "out" / ".imgconv").glob("parts*"))


@pytest.mark.thorough
def test_an_interrupt_leaves_whole_files_and_the_next_run_finishes(tmp_path):
    make_tree(tmp_path / "photos", [f"{i}.png" for i in range(60)], size=(400, 400))
    process = start(tmp_path, "out", *SLOW, env=REFERENCE)
    while not tree(tmp_path / "out"):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    code, said = finish(process)
    assert code == 130
    assert said.endswith("Error: interrupted\n")
    done = tree(tmp_path / "out")
    assert 0 < len(done) < 60
    assert len(rows(tmp_path / "out")) == len(done)
    assert not list((tmp_path / "out" / ".imgconv").glob("parts*"))
    assert finish(start(tmp_path, "out", *SLOW, env=REFERENCE))[0] == 0
    assert finish(start(tmp_path, "calm", *SLOW))[0] == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "calm")
