"""Batches behind URLs: the same pictures and rows as on this machine."""

from __future__ import annotations

import os
import time

import pytest
from cli.batches import make_tree, tree
from cli.program import assert_fails

from imgconv import filter_folder, recipe_from
from imgconv.io.storage import remote
from imgconv.io.storage.locations import parse_place
from imgconv.io.storage.output_tree import STATE
from imgconv.io.storage.store import open_store
from imgconv.jobs.spread.planning import known_rows

pytestmark = pytest.mark.services

NAMES = ["a.png", "b.png", "deep/c d.png", "deep/er/ü.png", "deep/er/z.png"]


@pytest.fixture
def pictures(tmp_path):
    make_tree(tmp_path / "photos", NAMES)
    (tmp_path / "photos" / "note.txt").write_text("no picture")
    return tmp_path / "photos"


@pytest.fixture
def uploaded(pictures, folder):
    base = parse_place(f"{folder}/in")
    for path in sorted(pictures.rglob("*")):
        if path.is_file():
            remote.write_whole(base / path.relative_to(pictures).as_posix(), path.read_bytes())
    return str(base)


def outputs(place):
    store = open_store(place)
    return {item.key: store.read(item.key) for item in store.listing()}


def test_the_same_as_a_run_here(pictures, uploaded, folder, tmp_path):
    recipe = recipe_from({"kernels": ["sharpen"]})
    assert filter_folder(pictures, tmp_path / "here", recipe).ok == len(NAMES)
    report = filter_folder(uploaded, f"{folder}/out", recipe, jobs=3)
    assert (report.total, report.ok, report.failed) == (len(NAMES), len(NAMES), 0)
    assert outputs(f"{folder}/out") == tree(tmp_path / "here")
    down = filter_folder(uploaded, tmp_path / "down", recipe)
    assert (down.ok, tree(tmp_path / "down")) == (len(NAMES), tree(tmp_path / "here"))
    up = filter_folder(pictures, f"{folder}/up", recipe)
    assert (up.ok, outputs(f"{folder}/up")) == (len(NAMES), tree(tmp_path / "here"))


def test_running_again_does_what_changed(uploaded, folder):
    out = f"{folder}/out"
    recipe = recipe_from({"kernels": ["blur"]})
    assert filter_folder(uploaded, out, recipe).ok == len(NAMES)
    again = filter_folder(uploaded, out, recipe)
    assert (again.ok, again.skipped) == (0, len(NAMES))
    changed = parse_place(uploaded) / "deep/c d.png"
    other = remote.read_bytes(parse_place(uploaded) / "a.png")
    if folder.startswith("sftp"):
        time.sleep(1.1)  # SFTP tells times in seconds
    remote.write_whole(changed, other, overwrite=True)
    third = filter_folder(uploaded, out, recipe)
    assert (third.ok, third.skipped) == (1, len(NAMES) - 1)
    assert outputs(out)["deep/c d.png"] == outputs(out)["a.png"]
    sharper = filter_folder(uploaded, out, recipe_from({"kernels": ["sharpen"]}))
    assert (sharper.ok, sharper.failed) == (len(NAMES), 0), "our own outputs are replaced"
    assert len(known_rows(open_store(out))) == len(NAMES)


def test_outputs_without_rows_are_taken_over(uploaded, folder):
    """What a run leaves that dies between an output and its rows."""
    recipe = recipe_from({"kernels": ["blur"]})
    filter_folder(uploaded, f"{folder}/out", recipe)
    store = open_store(f"{folder}/out")
    for key in list(store.state()):
        store.remove(key)
    before = outputs(f"{folder}/out")
    report = filter_folder(uploaded, f"{folder}/out", recipe)
    assert (report.ok, report.failed) == (len(NAMES), 0)
    assert outputs(f"{folder}/out") == before


def test_other_people_s_files_stay(uploaded, folder):
    remote.write_whole(parse_place(f"{folder}/out") / "a.png", b"mine")
    report = filter_folder(uploaded, f"{folder}/out", recipe_from({"kernels": ["blur"]}))
    assert (report.ok, report.failed) == (len(NAMES) - 1, 1)
    assert report.failures[0].error == "OutputExistsError"
    assert outputs(f"{folder}/out")["a.png"] == b"mine"
    redone = filter_folder(
        uploaded, f"{folder}/out", recipe_from({"kernels": ["blur"]}), overwrite=True
    )
    assert (redone.ok, redone.skipped) == (1, len(NAMES) - 1)


def test_a_bad_file_costs_one_file(uploaded, folder):
    remote.write_whole(parse_place(uploaded) / "bad.png", b"\x89PNG\r\n\x1a\n damaged")
    report = filter_folder(uploaded, f"{folder}/out", recipe_from({"kernels": ["blur"]}))
    assert (report.ok, report.failed) == (len(NAMES), 1)
    assert "bad.png" in report.failures[0].message
    assert "bad.png" not in outputs(f"{folder}/out")


def test_shards_add_up(uploaded, folder):
    recipe = recipe_from({"kernels": ["blur"]})
    done = [
        filter_folder(uploaded, f"{folder}/parts", recipe, shard=f"{i}/3").ok for i in (1, 2, 3)
    ]
    assert sum(done) == len(NAMES)
    filter_folder(uploaded, f"{folder}/whole", recipe)
    assert outputs(f"{folder}/parts") == outputs(f"{folder}/whole")
    assert len(known_rows(open_store(f"{folder}/parts"))) == len(NAMES)


def test_manifests_are_joined_and_checked(run, uploaded, folder):
    out = f"{folder}/out"
    assert_fails(run("manifest", "verify", out), 6, "has no manifest")
    filter_folder(uploaded, out, recipe_from({"kernels": ["blur"]}))
    filter_folder(uploaded, out, recipe_from({"kernels": ["sharpen"]}))
    done = run("manifest", "merge", out)
    assert (done.code, done.err.startswith(f"{len(NAMES)} rows of ")) == (0, True)
    assert list(open_store(out).state()) == [f"{STATE}/manifest.jsonl"]
    assert run("manifest", "verify", out).code == 0
    assert filter_folder(uploaded, out, recipe_from({"kernels": ["sharpen"]})).skipped == len(NAMES)
    remote.write_whole(parse_place(out) / "a.png", b"something else", overwrite=True)
    remote.remove(parse_place(out) / "b.png")
    done = run("manifest", "verify", out)
    assert (done.code, sorted(done.out.decode().splitlines())) == (
        1,
        ["changed: a.png", "missing: b.png"],
    )


def test_nothing_is_left_but_outputs_and_rows(uploaded, folder):
    filter_folder(uploaded, f"{folder}/out", recipe_from({"kernels": ["blur"]}))
    base = parse_place(f"{folder}/out")
    names = [found.url.path.removeprefix(f"{base.path}/") for found in remote.listing(base)]
    rest = sorted(name for name in names if name not in NAMES)
    assert all(name.startswith(f"{STATE}/manifest-") for name in rest)


def test_from_the_shell(run, uploaded, folder):
    done = run("batch", uploaded, f"{folder}/out", "-k", "blur", "--quiet")
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert_fails(run("batch", uploaded, f"{uploaded}/out", "-k", "blur"), 2, "lies in")
    assert_fails(run("batch", uploaded, "x", "-k", "blur", "--in-place"), 2, "--in-place is for")
    assert_fails(run("batch", uploaded, uploaded, "x", "-k", "blur"), 2, "one SRC is taken")
    assert_fails(run("batch", uploaded, "x", "-k", "blur", "--dry-run"), 2, "a plan is made for")
    empty = f"{os.path.dirname(uploaded)}/empty"  # noqa: PTH120
    failed = run("batch", empty, "x", "-k", "blur")
    assert failed.code in (4, 6)
