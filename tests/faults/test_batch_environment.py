"""Faults of the environment: each has its exit code, none is a bug of the program."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from cli.batches import make_tree, rows, tree
from cli.program import assert_fails

from imgconv.cli.progress import RunCounts
from imgconv.jobs.batch.manifest import ManifestRow
from imgconv.jobs.batch.report import Event
from imgconv.system import durable

ARGUMENTS = ("batch", "-r", "photos", "out", "-k", "blur", "-j", "1")


@pytest.fixture
def photos(tmp_path):
    return make_tree(tmp_path / "photos", ["a.png", "b.png"])


@pytest.mark.parametrize("most", [8, 9, 10, 12])
@pytest.mark.sampled(2)
def test_too_few_open_files(imgconv, photos, tmp_path, most):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    done = imgconv(*ARGUMENTS, preexec_fn=limit)
    if done.code:
        assert done.code in (5, 7)
        assert "too many open files" in done.err
    assert imgconv(*ARGUMENTS).code == 0
    assert len(tree(tmp_path / "out")) == len(rows(tmp_path / "out")) == 2


@pytest.mark.parametrize(
    ("source", "code"), [("photos", 0), ("nothing.png", 4), ("photos/*.gif", 6)]
)
def test_standard_error_that_is_full(photos, tmp_path, source, code):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "imgconv", "batch", "-r", source, "out", "-k", "blur"],
            cwd=tmp_path, stderr=full, check=False,
        )  # fmt: skip
    assert done.returncode == code


def test_a_file_system_on_which_syncfs_may_do_nothing(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("a")
    synced = []
    monkeypatch.setattr(durable.os, "fsync", synced.append)
    durable.make_durable(tmp_path, [str(tmp_path / "a"), str(tmp_path)])
    assert synced == []
    monkeypatch.setattr(durable, "_SYNCED", set())
    durable.make_durable(tmp_path, [str(tmp_path / "a"), str(tmp_path)])
    assert len(synced) == 2


def test_a_log_beside_what_is_shown(run, photos, tmp_path):
    (photos / "bad.png").write_bytes(b"")
    assert run(*ARGUMENTS, "--log", "run.log", "--quiet").code == 1
    assert run(*ARGUMENTS, "--log", "run.log", "--quiet").code == 1
    told = [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines()]
    kinds = [event["event"] for event in told]
    assert [kinds.count(kind) for kind in ("plan", "ok", "failed", "skipped", "end")] == [
        2,
        2,
        2,
        2,
        2,
    ]
    assert all(event["time"] > 1e9 for event in told)
    assert told[3]["counts"]["total"] == 3
    counts = {"total": 3, "ok": 0, "skipped": 2, "failed": 1}
    assert (told[-1]["counts"], "error" in told[-1]) == (counts, False)
    assert_fails(run("batch", "-r", "photos", "run.log/out", "--log", "run.log"), 5, "run.log/out")
    last = json.loads((tmp_path / "run.log").read_text().splitlines()[-1])
    assert last["event"] == "end"
    assert last["error"].startswith("run.log/out")
    assert_fails(run(*ARGUMENTS, "--log", "no/run.log"), 5, "no/run.log: no such file")
    assert_fails(run(*ARGUMENTS, "--log", "/dev/full"), 5, "/dev/full: the disk is full")


def test_progress_counts_no_time_backwards_and_names_the_slowest_file():
    counts = RunCounts()
    counts.total = 1
    for name, seconds in (("a\nb.png", 7.5), ("c.png", 2)):
        counts.add(Event("ok", ManifestRow(name, name, "ok", seconds=seconds)))
    assert "left" not in str(counts)
    assert "-" not in str(counts)
    assert str(counts).endswith("the slowest took 7.5 s: a\nb.png")
