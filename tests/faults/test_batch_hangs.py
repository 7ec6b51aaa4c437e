"""What hangs: a step that never ends, a worker that is stopped, a service that does not answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import numpy as np
import pytest
from cli.batches import make_tree, rows, tree
from cli.program import save

from imgconv import filter_folder, recipe_from
from imgconv.io.storage import remote
from imgconv.io.storage.locations import parse_place
from imgconv.jobs.batch.executors import processes, threads

MODULE = """
import time
from dataclasses import dataclass
from imgconv import Step, StepKind, StepResult

@dataclass(frozen=True)
class Stall(Step):
    kind = "stall"

def apply(image, step, context):
    while image[0, 0, 0] == 255 and image[0, 0, 1] == 0:
        time.sleep(0.05)
    return StepResult(image)

KIND = StepKind("stall:Stall", apply="stall:apply")
"""


@pytest.fixture
def run(tmp_path):
    """Run a batch with a step that never ends on pictures whose first pixel is purple."""
    facts = tmp_path / "site" / "stall-1.0.dist-info"
    facts.mkdir(parents=True)
    (tmp_path / "site" / "stall.py").write_text(MODULE)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: stall\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[imgconv.steps]\nstall = stall:KIND\n")

    def call(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "imgconv", "batch", "-r", "photos", "out", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stderr

    return call


@pytest.fixture
def photos(tmp_path):
    names = [f"{number}.png" for number in range(8)]
    folder = make_tree(tmp_path / "photos", names)
    pixels = np.zeros((12, 10, 3), np.uint8)
    pixels[0, 0] = 255, 0, 255
    save(folder / "3-purple.png", pixels)
    return folder


@pytest.mark.parametrize("where", [["-j", "2"], ["--cluster", "local:2"]], ids=["here", "dask"])
@pytest.mark.sampled(2)
def test_a_file_that_never_ends_fails_by_name(run, photos, tmp_path, where):
    code, said = run("-k", "stall", "--timeout", "4", *where)
    assert code == 1, said
    assert said.count("Failed: ") == 1
    assert "3-purple.png: not done after 4 s, the limit that --timeout sets" in said
    assert sorted(tree(tmp_path / "out")) == sorted(
        {p.name for p in photos.iterdir()} - {"3-purple.png"}
    )
    assert "8 done, 1 failed" in said
    if "-j" in where:
        row = rows(tmp_path / "out")["3-purple.png"]
        assert (row["status"], row["error"]) == ("failed", "ItemTimeoutError")


@pytest.mark.thorough
def test_a_run_ends_when_its_time_is_over_and_the_next_one_goes_on(run, photos, tmp_path):
    code, said = run("-k", "stall", "--run-timeout", "4", "-j", "2")
    assert code == 1
    done = len(tree(tmp_path / "out"))
    assert f"{done} done, 0 failed, 0 skipped" in said
    assert f"the time of --run-timeout is over, {9 - done} file" in said
    assert not list((tmp_path / "out" / ".imgconv").glob("parts*"))
    (photos / "3-purple.png").unlink()
    code, said = run("-k", "stall", "--run-timeout", "100")
    assert code == 0
    assert f"{8 - done} done, 0 failed, {done} skipped" in said


@pytest.mark.thorough
def test_a_worker_that_is_stopped_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "MOST_SILENT", 8.0)
    # So many that the only worker has some of them when the first ones are told of.
    make_tree(tmp_path / "photos", [f"{number}.png" for number in range(150)], size=(300, 300))
    stopped = []

    def stop_one(event):
        del event
        if not stopped:
            children = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children")
            stopped.append(int(children.read_text().split()[-1]))
            os.kill(stopped[0], signal.SIGSTOP)

    recipe = recipe_from({"kernels": ["blur"]})
    report = filter_folder(tmp_path / "photos", tmp_path / "out", recipe, jobs=1, on_event=stop_one)
    assert stopped
    assert (report.ok, report.failed, report.replaced_workers) == (150, 0, 1)
    with pytest.raises(ProcessLookupError):
        os.kill(stopped[0], 0)


def test_a_service_that_does_not_answer_fails_the_file(tmp_path, monkeypatch):
    base = f"memory://{uuid.uuid4().hex}"
    for name, data in tree(make_tree(tmp_path / "photos", ["a.png", "b.png", "c.png"])).items():
        remote.write_whole(parse_place(f"{base}/in") / name, data)
    read, released = threads.read_location, threading.Event()

    def read_or_wait(source):
        if source.endswith("b.png"):
            released.wait(60)
        return read(source)

    monkeypatch.setattr(threads, "read_location", read_or_wait)
    recipe = recipe_from({"kernels": ["blur"]})
    try:
        report = filter_folder(f"{base}/in", f"{base}/out", recipe, jobs=1, timeout=3)
    finally:
        released.set()
    assert (report.ok, report.failed) == (2, 1)
    assert report.failures[0].message.startswith("b.png: not done after 3 s")
