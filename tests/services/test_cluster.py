"""Batches on a real cluster: workers killed, the scheduler gone, other versions."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time

import pytest
from cli.batches import make_tree, rows, tree
from cli.program import assert_fails
from services.clusters import Cluster

from imgconv import filter_folder, recipe_from
from imgconv.model.errors import LimitError

pytestmark = pytest.mark.services

RECIPE = recipe_from({"kernels": ["sharpen"]})


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "dask").mkdir()
    started = Cluster(tmp_path / "dask")
    started.start_scheduler()
    yield started
    started.close()


def kill_at_random(cluster, ended, count, seconds, killed):
    """Kill a worker now and then, and start another in its place; note when in `killed`."""
    chance = random.Random(7)
    for _ in range(count):
        if ended.wait(chance.uniform(0.3, 1) * seconds):
            return
        killed.append(time.monotonic())
        victim = cluster.workers.pop(chance.randrange(len(cluster.workers)))
        victim.kill()
        victim.wait()
        cluster.start_worker()


def run_with_killed_workers(cluster, tmp_path, count, kills, seconds):
    names = [f"{i % 17}/{i}.png" for i in range(count)]
    make_tree(tmp_path / "photos", names)
    assert filter_folder(tmp_path / "photos", tmp_path / "calm", RECIPE).ok == count
    for _ in range(3):
        cluster.start_worker()
    ended, killed = threading.Event(), []
    killer = threading.Thread(target=kill_at_random, args=(cluster, ended, kills, seconds, killed))
    killer.start()
    try:
        report = filter_folder(
            tmp_path / "photos", tmp_path / "out", RECIPE, cluster=cluster.address
        )
    finally:
        ended.set()
        killer.join()
    assert (report.total, report.ok, report.failed) == (count, count, 0)
    assert tree(tmp_path / "out") == tree(tmp_path / "calm")
    assert len(rows(tmp_path / "out")) == count
    return len(killed)


def test_workers_may_die(cluster, tmp_path):
    run_with_killed_workers(cluster, tmp_path, 600, 3, 2.0)


@pytest.mark.slow
def test_workers_may_die_through_a_long_run(cluster, tmp_path):
    assert run_with_killed_workers(cluster, tmp_path, 2000, 25, 0.8) > 3


def test_the_scheduler_may_go_and_come_back(cluster, tmp_path):
    make_tree(tmp_path / "photos", [f"{i}.png" for i in range(1500)])
    assert filter_folder(tmp_path / "photos", tmp_path / "calm", RECIPE).ok == 1500
    cluster.start_worker()
    seen = []

    def on_event(event):
        seen.append(event)
        if len(seen) == 1:
            cluster.scheduler.kill()
            cluster.scheduler.wait()

    options = {"cluster": cluster.address}
    with pytest.raises(LimitError, match=r"cluster failed|no scheduler"):
        filter_folder(tmp_path / "photos", tmp_path / "out", RECIPE, on_event=on_event, **options)
    assert 0 < len(seen) < 1500
    cluster.start_scheduler()
    cluster.start_worker()
    report = filter_folder(tmp_path / "photos", tmp_path / "out", RECIPE, **options)
    assert report.skipped >= len(seen)
    assert (report.ok + report.skipped, report.failed) == (1500, 0)
    assert tree(tmp_path / "out") == tree(tmp_path / "calm")
    assert len(rows(tmp_path / "out")) == 1500


def test_a_scheduler_that_goes_is_one_line(cluster, tmp_path):
    make_tree(tmp_path / "photos", [f"{i}.png" for i in range(1500)])
    cluster.start_worker()
    cluster.wait_for_workers(1)
    words = ["batch", "-r", "photos", "out", "-k", "sharpen", "-q", "--cluster", cluster.address]
    process = subprocess.Popen(
        [sys.executable, "-m", "imgconv", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    while not tree(tmp_path / "out") and process.poll() is None:
        time.sleep(0.02)
    cluster.scheduler.kill()
    said = process.communicate(timeout=120)[1].splitlines()
    assert process.returncode == 7, said
    assert [line.partition(": ")[0] for line in said] == ["Error", "Hint"]
    cluster.close()
    report = filter_folder(tmp_path / "photos", tmp_path / "out", RECIPE)
    assert (report.ok + report.skipped, report.failed) == (1500, 0)


def test_a_worker_of_another_version_is_refused(cluster, tmp_path, run):
    make_tree(tmp_path / "photos", ["a.png"])
    (tmp_path / "older.py").write_text("import imgconv\nimgconv.__version__ = '0.0.9'\n")
    cluster.start_worker("--preload", str(tmp_path / "older.py"))
    time.sleep(3)
    done = run("batch", "photos", "out", "-k", "blur", "--cluster", cluster.address)
    assert_fails(done, 2, "has imgconv 0.0.9", "install the same versions everywhere")
    assert not list((tmp_path / "out").rglob("*.png"))


def test_a_picture_that_kills_its_worker_is_given_up(cluster, tmp_path):
    make_tree(tmp_path / "photos", [f"{i}.png" for i in range(8)])
    (tmp_path / "deadly.py").write_text(
        "import os\n"
        "from imgconv.jobs.batch.executors import dask as module\n"
        "if module.process_one.__name__ != 'deadly':  # Dask loads this twice\n"
        "    right = module.process_one\n"
        "def deadly(settings, item):\n"
        "    if item.key == '3.png':\n"
        "        os._exit(9)\n"
        "    return right(settings, item)\n"
        "module.process_one = deadly\n"
    )
    ended = threading.Event()

    def keep_two():
        while not ended.wait(0.2):
            cluster.workers[:] = [w for w in cluster.workers if w.poll() is None]
            while len(cluster.workers) < 2:
                cluster.start_worker("--preload", str(tmp_path / "deadly.py"))

    keeper = threading.Thread(target=keep_two)
    keeper.start()
    try:
        report = filter_folder(
            tmp_path / "photos", tmp_path / "out", RECIPE, cluster=cluster.address
        )
    finally:
        ended.set()
        keeper.join()
    assert (report.ok, report.failed) == (7, 1)
    assert report.failures[0].source == "3.png"
    assert "its worker died" in report.failures[0].message


@pytest.mark.parametrize("hidden", ["photos", "out"])
def test_a_worker_that_sees_other_files_is_left_out_by_name(cluster, tmp_path, hidden):
    """In a mount namespace of its own, where that folder is empty."""
    make_tree(tmp_path / "photos", [f"{i}.png" for i in range(1000)], size=(8, 8))
    (tmp_path / "out").mkdir()
    cluster.start_worker()
    cluster.start_worker(without=tmp_path / hidden)
    cluster.wait_for_workers(2)
    report = filter_folder(tmp_path / "photos", tmp_path / "out", RECIPE, cluster=cluster.address)
    assert (report.ok, report.failed) == (1000, 0)
    assert len(tree(tmp_path / "out")) == len(rows(tmp_path / "out")) == 1000
    (words,) = report.excluded_workers
    assert "does not see" in words
    assert hidden in words


def test_without_a_worker_that_sees_the_files_a_run_fails(cluster, tmp_path, run):
    make_tree(tmp_path / "photos", ["a.png"])
    cluster.start_worker(without=tmp_path / "photos")
    cluster.wait_for_workers(1)
    done = run("batch", "photos", "out", "-k", "blur", "--cluster", cluster.address)
    assert_fails(done, 2, "does not see", "photos")
    assert not tree(tmp_path / "out")


FAILING = """
from imgconv.jobs.batch.executors import dask as module
from imgconv.jobs.batch.items import failed

def process_one(settings, item):
    row = module.row_of(settings, item)
    return module.ItemResult(item.number, failed(row, OSError("the scratch disk is gone")))

module.process_one = process_one
"""


def test_a_worker_that_fails_at_everything_is_left_out_by_name(cluster, tmp_path):
    make_tree(tmp_path / "photos", [f"{i}.png" for i in range(700)], size=(8, 8))
    (tmp_path / "failing.py").write_text(FAILING)
    cluster.start_worker()
    cluster.start_worker("--preload", str(tmp_path / "failing.py"))
    cluster.wait_for_workers(2)
    report = filter_folder(tmp_path / "photos", tmp_path / "out", RECIPE, cluster=cluster.address)
    assert (report.ok, report.failed) == (700, 0)
    assert {row["status"] for row in rows(tmp_path / "out").values()} == {"ok"}
    (words,) = report.excluded_workers
    assert "failed at all " in words
    assert "the scratch disk is gone" in words


def test_workers_that_fail_at_the_same_pictures_stay(cluster, tmp_path):
    """What every worker fails at is no fault of one of them."""
    photos = make_tree(tmp_path / "photos", [f"{i}.png" for i in range(20)], size=(8, 8))
    for _ in range(2):
        cluster.start_worker()
    cluster.wait_for_workers(2)

    def remove(total):
        for path in photos.iterdir():
            path.rename(tmp_path / path.name)
            path.symlink_to(tmp_path / "nothing")

    options = {"cluster": cluster.address, "on_plan": remove}
    report = filter_folder(photos, tmp_path / "out", RECIPE, **options)
    assert (report.ok, report.failed, report.excluded_workers) == (0, 20, [])
    assert len(rows(tmp_path / "out")) == 20
