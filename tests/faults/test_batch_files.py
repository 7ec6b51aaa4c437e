"""Folders with bad files in them: each costs itself, and the rest goes on."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest
from cli.batches import events, make_tree, rows, tree
from cli.program import assert_fails

import imgconv as package


@pytest.fixture
def photos(tmp_path):
    return make_tree(tmp_path / "photos", ["a.png", "b.jpg", "sub/c.png"])


def batch(run, *arguments):
    return run("batch", "-r", "photos", "out", "-k", "sharpen", "-j", "2", *arguments)


def test_every_tenth_of_a_thousand_is_damaged(run, tmp_path):
    names = [f"{i:03}.png" for i in range(1000)]
    photos = make_tree(tmp_path / "photos", names, size=(5, 4))
    bad = names[::10]
    for name in bad:
        data = (photos / name).read_bytes()
        (photos / name).write_bytes(data[: len(data) * 2 // 3])
    done = batch(run, "--json")
    assert done.code == 1
    assert sorted(event["target"] for event in events(done.out, "failed")) == bad
    assert sorted(tree(tmp_path / "out")) == sorted(set(names) - set(bad))
    found = rows(tmp_path / "out")
    assert len(found) == 1000
    for name in bad:
        assert (found[name]["status"], found[name]["error"]) == ("failed", "ImageReadError")
        assert "damaged" in found[name]["message"]

    again = batch(run, "--json")  # what is damaged stays so: nothing is decoded for it
    assert again.code == 1
    assert (len(events(again.out, "failed")), len(events(again.out, "skipped"))) == (100, 900)
    assert rows(tmp_path / "out") == found


def test_a_damaged_file_that_was_mended_is_done(run, photos, tmp_path):
    good = (photos / "a.png").read_bytes()
    (photos / "a.png").write_bytes(good[:-20])
    assert batch(run).code == 1
    (photos / "a.png").write_bytes(good)
    assert batch(run).code == 0
    assert rows(tmp_path / "out")["a.png"]["status"] == "ok"


@pytest.mark.thorough
def test_a_file_that_is_damaged_later_leaves_its_output_ours(run, photos, tmp_path):
    good = (photos / "a.png").read_bytes()
    assert batch(run).code == 0
    (photos / "a.png").write_bytes(good[:-20])
    assert batch(run).code == 1
    make_tree(photos, ["a.png"], seed=7)
    assert batch(run).code == 0


@pytest.mark.parametrize(
    ("limit", "least"), [(["--fail-fast"], 1), (["--max-failures", "3"], 3), ([], 600)]
)
@pytest.mark.sampled(2)
def test_stopping_early(run, tmp_path, limit, least):
    photos = make_tree(tmp_path / "photos", ["zz.png"])
    for i in range(600):
        (photos / f"{i:03}.png").write_bytes(b"no picture")
    done = batch(run, *limit)
    assert done.code == 1
    failed = done.err.count("Failed: ")
    assert least <= failed <= (300 if limit else 600)  # what was in flight then is told too
    assert ("stopped early" in done.err) == bool(limit)
    assert len(tree(tmp_path / "out")) == (0 if limit else 1)
    assert len(rows(tmp_path / "out")) == failed + (not limit)


def test_things_that_are_no_files(run, photos, tmp_path):
    os.mkfifo(photos / "fifo.png")
    (photos / "empty.png").touch()
    (photos / "folder.png").mkdir()
    (photos / "loop.png").symlink_to("loop.png")
    make_tree(photos, ["folder.png/inside.png"])
    done = batch(run, "--json")
    assert done.code == 1
    failed = {event["target"]: event["message"] for event in events(done.out, "failed")}
    assert sorted(failed) == ["empty.png", "fifo.png", "loop.png"]
    assert "not a regular file" in failed["fifo.png"]
    assert "empty" in failed["empty.png"]
    assert "folder.png/inside.png" in tree(tmp_path / "out")


def test_a_file_that_becomes_a_fifo_is_not_waited_for(photos, tmp_path):
    def swap(total):
        (photos / "a.png").unlink()
        os.mkfifo(photos / "a.png")

    report = package.filter_folder(photos, tmp_path / "out", on_plan=swap, jobs=1)
    assert (report.ok, report.failed) == (2, 1)
    assert "not a regular file" in report.failures[0].message


def test_a_file_that_vanishes_after_the_plan(photos, tmp_path):
    def vanish(total):
        (photos / "a.png").unlink()

    report = package.filter_folder(photos, tmp_path / "out", on_plan=vanish, jobs=1)
    assert (report.ok, report.failed) == (2, 1)
    assert report.failures[0].message.endswith("no such file")


def test_an_output_that_appears_meanwhile_is_not_overwritten(photos, tmp_path):
    def appear(event):
        if not (tmp_path / "out" / "b.jpg").exists():
            (tmp_path / "out" / "b.jpg").write_text("theirs")

    make_tree(photos, [f"{i:03}.png" for i in range(300)])
    (photos / "b.jpg").rename(photos / "zz.jpg")
    (photos / "zz.jpg").rename(photos / "b.jpg")
    report = package.filter_folder(photos, tmp_path / "out", on_event=appear, jobs=1)
    theirs = (tmp_path / "out" / "b.jpg").read_bytes() == b"theirs"
    assert report.failed == int(theirs)
    assert report.ok == 303 - report.failed


def test_names_with_line_ends_and_bytes_that_are_no_text(run, photos, tmp_path):
    names = ["line\nend.png", "b\udcffd.png", " .png", "'; rm -rf x.png", "-k.png", "\u00e9.png"]
    for name in names:
        (photos / name).write_bytes((photos / "a.png").read_bytes())
    (photos / "line\nbad.png").write_bytes(b"")
    (photos / "b\udcfebad.png").write_bytes(b"")
    done = batch(run)
    assert done.code == 1
    lines = [line for line in done.err.splitlines() if " images/s, " not in line]
    assert len(lines) == 2
    assert r"Failed: line\nbad.png: " in done.err
    assert set(names) <= set(tree(tmp_path / "out"))
    assert set(names) <= set(rows(tmp_path / "out"))
    assert batch(run, "--json").code == 1
    assert run("manifest", "verify", "out").code == 1


def test_a_target_that_takes_nothing(run, photos, tmp_path):
    assert_fails(run("batch", "-r", "photos", "/proc/out"), 5, "/proc/out")
    (tmp_path / "file").touch()
    assert_fails(run("batch", "-r", "photos", "file"), 5, "file is not a folder")
    assert_fails(run("batch", "-r", "photos", "file/out"), 5, "file/out")


def test_a_folder_where_an_output_must_be(run, photos, tmp_path):
    (tmp_path / "out" / "a.png").mkdir(parents=True)
    (tmp_path / "out" / "sub").touch()
    for options in ([], ["--overwrite"]):
        done = batch(run, *options)
        assert (done.code, done.err.count("Failed: ")) == (1, 2)
        assert (tmp_path / "out" / "a.png").is_dir()
        assert tree(tmp_path / "out").keys() == {"b.jpg", "sub"}


def test_a_disk_that_is_full(imgconv, tmp_path):
    photos = make_tree(tmp_path / "photos", ["small.png"])
    make_tree(photos, ["large.bmp"], size=(200, 200))
    arguments = ("batch", "-r", "photos", "out", "-k", "sharpen")

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 14, 1 << 14))

    done = imgconv(*arguments, preexec_fn=small_files)
    assert done.code == 1
    assert "Failed: large.bmp: the file would be larger" in done.err
    assert list(tree(tmp_path / "out")) == ["small.png"]
    assert imgconv(*arguments).code == 0
    assert list(tree(tmp_path / "out")) == ["large.bmp", "small.png"]


def test_a_manifest_that_cannot_grow_ends_the_run(imgconv, tmp_path):
    make_tree(tmp_path / "photos", [f"{i}.png" for i in range(30)])

    def tiny_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    done = imgconv("batch", "-r", "photos", "out", preexec_fn=tiny_files)
    assert done.code == 5
    assert "manifest.jsonl" in done.err
    assert imgconv("batch", "-r", "photos", "out").code == 0
    assert len(rows(tmp_path / "out")) == len(tree(tmp_path / "out")) == 30


@pytest.mark.thorough
def test_a_small_disk(tmp_path, imgconv):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small disk")
    try:
        make_tree(tmp_path / "photos", [f"{i}.bmp" for i in range(8)], size=(200, 200))
        done = imgconv("batch", "-r", "photos", "disk", "-k", "sharpen")
        assert done.code == 1
        assert "the disk is full" in done.err
        whole = tree(disk)
        assert 0 < len(whole) < 8
        assert {len(data) for data in whole.values()} == {120054}
        subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
        assert imgconv("batch", "-r", "photos", "disk", "-k", "sharpen").code == 0
        assert len(tree(disk)) == len(rows(disk)) == 8
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        (tmp_path / "photos" / "0.bmp").unlink()
        assert_fails(imgconv("batch", "-r", "photos", "disk"), 5, "read-only")
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.thorough
def test_a_torn_line_and_a_damaged_one(run, photos, tmp_path):
    batch(run)
    manifest = tmp_path / "out" / ".imgconv" / "manifest.jsonl"
    lines = manifest.read_bytes().splitlines(True)
    torn = {line.split(b'"')[3] for line in lines[1:]}
    manifest.write_bytes(lines[0] + b"{[\n" + lines[1] + lines[2][:-9])
    (tmp_path / "out" / torn.pop().decode()).unlink()
    (tmp_path / "out" / torn.pop().decode()).unlink()
    assert batch(run).code == 0
    assert len(rows(tmp_path / "out")) == 3
    assert run("manifest", "verify", "out").code == 0


def test_two_runs_into_one_folder(photos, tmp_path):
    from imgconv.io.storage.local import LocalStorage

    with LocalStorage(str(tmp_path / "out")).exclusive():
        code = "import imgconv; imgconv.filter_folder('photos', 'out')"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False
        )
    assert b"another imgconv batch" in done.stderr
