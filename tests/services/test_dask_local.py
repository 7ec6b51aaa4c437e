"""Batches on two local Dask workers: the same outputs and rows as on this machine."""

from __future__ import annotations

import contextlib
import socket
import sys

import pytest
from cli.batches import make_tree, rows, tree
from cli.program import assert_fails

from imgconv import filter_folder, recipe_from
from imgconv.model.errors import ImgconvError

RECIPE = recipe_from({"kernels": ["sharpen"]})


def test_two_workers_make_what_one_machine_makes(run, tmp_path):
    names = [f"{i % 3}/{i}.png" for i in range(20)]
    make_tree(tmp_path / "photos", names)
    (tmp_path / "photos" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    make_tree(tmp_path / "photos", ["0/A.png", "0/a.png"], seed=1)
    assert filter_folder(tmp_path / "photos", tmp_path / "calm", RECIPE).failed == 2
    done = run("batch", "photos", "out", "-k", "sharpen", "--cluster", "local:2")
    assert (done.code, done.out) == (1, b"")
    assert "21 done, 2 failed" in done.err
    assert "0/a.png: its output, 0/a.png, would be that of" in done.err
    assert tree(tmp_path / "out") == tree(tmp_path / "calm")
    calm, found = rows(tmp_path / "calm"), rows(tmp_path / "out")
    same = ("source", "status", "input_sha256", "output_sha256", "recipe", "engine", "input_size")
    for target, row in calm.items():
        assert [row.get(key) for key in same] == [found[target].get(key) for key in same]
    again = filter_folder(tmp_path / "photos", tmp_path / "out", RECIPE)
    assert (again.ok, again.skipped) == (0, 21), "a run here continues what a cluster began"


def test_a_second_cluster_at_a_time_says_nothing(tmp_path):
    """The port that Dask serves pages at by itself is taken."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # somebody has it already
            held.enter_context(socket.create_server(("127.0.0.1", 8787)))
        make_tree(tmp_path / "photos", ["a.png"])
        report = filter_folder(tmp_path / "photos", tmp_path / "out", RECIPE, cluster="local:1")
        assert report.ok == 1


def test_a_picture_that_is_too_large_for_a_worker(tmp_path):
    make_tree(tmp_path / "photos", ["large.png"], size=(1200, 1200))
    make_tree(tmp_path / "photos", ["small.png"])
    report = filter_folder(
        tmp_path / "photos", tmp_path / "out", RECIPE, cluster="local:1", max_memory="8M"
    )
    assert (report.ok, report.failed) == (1, 1)
    assert report.failures[0].error == "LimitError"


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        ("local:none", 2, "is not local:N"),
        ("tcp://127.0.0.1:9", 7, "no scheduler answers"),
        ("nonsense://x", 7, "no scheduler answers"),
    ],
)
def test_clusters_that_are_none(run, tmp_path, monkeypatch, address, code, words):
    monkeypatch.setattr("imgconv.jobs.dask_cluster._LONGEST_SILENCE", 1)
    make_tree(tmp_path / "photos", ["a.png"])
    assert_fails(run("batch", "photos", "out", "-k", "blur", "--cluster", address), code, words)


def test_without_dask(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImgconvError, match="--cluster needs Dask") as caught:
        filter_folder(tmp_path, tmp_path / "out", RECIPE, cluster="local:2")
    assert caught.value.hint == "pip install 'imgconv[cluster]'"
