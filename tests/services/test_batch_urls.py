"""Batches behind URLs: the same pictures and rows as on this machine."""

from __future__ import annotations

import os
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli.batches import events, make_tree, tree
from cli.program import assert_fails
from services.url_batches import NAMES, known_rows, outputs

from imgconv import filter_folder, recipe_from
from imgconv.io.storage import remote, remote_listing
from imgconv.io.storage.base import STATE
from imgconv.io.storage.locations import parse_place
from imgconv.io.storage.opening import open_storage
from imgconv.io.storage.url import UrlStorage
from imgconv.jobs.batch import run as batch_run
from imgconv.model.errors import ImageWriteError


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
    assert len(known_rows(out)) == len(NAMES)


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


@pytest.mark.thorough
def test_shards_add_up(uploaded, folder):
    recipe = recipe_from({"kernels": ["blur"]})
    done = [
        filter_folder(uploaded, f"{folder}/parts", recipe, shard=f"{i}/3").ok for i in (1, 2, 3)
    ]
    assert sum(done) == len(NAMES)
    filter_folder(uploaded, f"{folder}/whole", recipe)
    assert outputs(f"{folder}/parts") == outputs(f"{folder}/whole")
    assert len(known_rows(f"{folder}/parts")) == len(NAMES)


def test_manifests_are_joined_and_checked(run, uploaded, folder):
    out = f"{folder}/out"
    assert_fails(run("manifest", "verify", out), 6, "has no manifest")
    filter_folder(uploaded, out, recipe_from({"kernels": ["blur"]}))
    filter_folder(uploaded, out, recipe_from({"kernels": ["sharpen"]}))
    done = run("manifest", "merge", out)
    assert (done.code, done.err.startswith(f"{len(NAMES)} rows of ")) == (0, True)
    assert open_storage(out).manifests() == ["manifest.jsonl"]
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
    names = [found.url.path.removeprefix(f"{base.path}/") for found in remote_listing.listing(base)]
    rest = [name for name in names if name not in NAMES]
    assert len(rest) == 1
    assert rest[0].startswith(f"{STATE}/manifest-")


def test_from_the_shell(run, uploaded, folder):
    done = run("batch", uploaded, f"{folder}/out", "-k", "blur", "--quiet")
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert_fails(run("batch", uploaded, f"{uploaded}/out", "-k", "blur"), 2, "lies inside")
    assert_fails(run("batch", uploaded, uploaded, "-k", "blur"), 5, "--in-place")
    empty = f"{os.path.dirname(uploaded)}/empty"  # noqa: PTH120
    failed = run("batch", empty, "x", "-k", "blur")
    assert failed.code in (4, 6)


def test_what_a_dry_run_plans_is_what_is_done(run, uploaded, folder):
    out = f"{folder}/out"
    planned = run("batch", uploaded, out, "-k", "blur", "--dry-run")
    assert planned.out.decode().splitlines()[0] == f"filter     {uploaded}/a.png -> {out}/a.png"
    assert len(planned.out.splitlines()) == len(NAMES)
    assert remote_listing.list_names(parse_place(out)) == {}
    filter_folder(uploaded, out, recipe_from({"kernels": ["blur"]}))
    again = run("batch", uploaded, out, "-k", "blur", "--dry-run", "--json")
    assert {event["action"] for event in events(again.out, "plan")} == {"unchanged"}


def test_outputs_that_are_lost_are_made_again(uploaded, folder):
    recipe = recipe_from({"kernels": ["blur"]})
    filter_folder(uploaded, f"{folder}/out", recipe)
    before = outputs(f"{folder}/out")
    remote.remove(parse_place(f"{folder}/out") / "b.png")
    report = filter_folder(uploaded, f"{folder}/out", recipe)
    assert (report.ok, report.skipped) == (1, len(NAMES) - 1)
    assert outputs(f"{folder}/out") == before


def test_several_sources_patterns_and_files(run, uploaded, folder, tmp_path):
    make_tree(tmp_path / "here", ["h.png"])
    done = run("batch", "-r", f"{uploaded}/deep/**/z*.png", f"{uploaded}/b.png", "here", "out")
    assert (done.code, sorted(tree(tmp_path / "out"))) == (0, ["b.png", "er/z.png", "h.png"])
    report = filter_folder([], "listed", listed=(f"{uploaded}/a.png", "here/h.png"))
    assert (report.ok, len(tree(tmp_path / "listed"))) == (2, 2)


@pytest.mark.thorough
def test_a_codec_that_crashes_costs_one_file(uploaded, folder, tmp_path, monkeypatch):
    crashing = (
        "import os\n"
        "from imgconv.jobs.batch import process_one as module\n"
        "right = module.filter_bytes\n"
        "def deadly(data, *arguments, **options):\n"
        "    if options['source'] == 'b.png':\n"
        "        os._exit(9)\n"
        "    return right(data, *arguments, **options)\n"
        "module.filter_bytes = deadly\n"
    )
    (tmp_path / "sitecustomize.py").write_text(crashing)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = filter_folder(uploaded, f"{folder}/out", recipe_from({"kernels": ["blur"]}), jobs=2)
    assert (report.ok, report.failed) == (len(NAMES) - 1, 1)
    assert report.failures[0].source == "b.png"
    assert "its process died" in report.failures[0].message


@pytest.mark.thorough
def test_two_runs_at_a_time_do_no_harm(uploaded, folder):
    recipe, out = recipe_from({"kernels": ["blur"]}), f"{folder}/out"
    reports = []

    def run():
        reports.append(filter_folder(uploaded, out, recipe, jobs=1))

    runs = [threading.Thread(target=run) for _ in range(2)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert [report.failed for report in reports] == [0, 0]
    assert sum(report.ok + report.skipped for report in reports) == 2 * len(NAMES)
    assert sorted(known_rows(out)) == sorted(outputs(out)) == sorted(NAMES)
    assert filter_folder(uploaded, out, recipe).skipped == len(NAMES)


@pytest.mark.services
@pytest.mark.parametrize("place", [STATE, f"{STATE}/parts"])
def test_what_a_killed_run_left_on_a_server_is_removed_later(uploaded, sftp_server, place):
    base = parse_place(f"{sftp_server}/left-{uuid.uuid4().hex}")
    parts = base / place
    recipe = recipe_from({"kernels": ["blur"]})
    for name in (".old.part", ".new.part"):
        remote.write_whole(parts / name, b"half", overwrite=True)
    os.utime(Path(parts.path, ".old.part"), (1, 1))
    assert filter_folder(uploaded, str(base), recipe).ok == len(NAMES)
    assert [path.name for path in Path(parts.path).glob("*.part")] == [".new.part"]
    Path(parts.path, ".new.part").unlink()


def test_notes_of_runs_that_were_killed_long_ago_are_removed(tmp_path):
    from fsspec.implementations.memory import MemoryFileSystem

    base = f"memory://{uuid.uuid4().hex}"
    storage = open_storage(base)
    for name in ("nonce-old", "nonce-new"):
        storage.write_note(name, name)
    (old,) = (key for key in MemoryFileSystem.store if key.endswith("/nonce-old"))
    MemoryFileSystem.store[old].created = datetime(2001, 1, 1, tzinfo=UTC)
    photos = make_tree(tmp_path / "photos", ["a.png"])
    assert filter_folder(photos, base, recipe_from({"kernels": ["blur"]})).ok == 1
    assert (storage.read_note("nonce-old"), storage.read_note("nonce-new")) == ("", "nonce-new")


def test_what_is_not_complete_has_a_folder_of_its_own(tmp_path, monkeypatch):
    """Outputs and rows alike, so that the next run finds what a kill leaves."""
    photos, right = make_tree(tmp_path / "photos", NAMES), remote._write_aside
    aside = set()

    def write_aside(files, path, blocks, overwrite, folder):
        aside.add(folder.rpartition("/out/")[2])
        right(files, path, blocks, overwrite, folder)

    monkeypatch.setattr(remote, "_write_aside", write_aside)
    for kernel in ("blur", "sharpen"):
        recipe = recipe_from({"kernels": [kernel]})
        assert filter_folder(photos, f"file://{tmp_path}/out", recipe).ok == len(NAMES)
    assert aside == {f"{STATE}/parts"}


@pytest.mark.parametrize("error", [PermissionError("denied"), OSError("503 SlowDown")])
@pytest.mark.sampled(2)
def test_a_listing_that_fails_is_a_failure(run, monkeypatch, tmp_path, error):
    from fsspec.implementations.memory import MemoryFileSystem

    make_tree(tmp_path / "photos", NAMES)
    filter_folder(tmp_path / "photos", "memory://listing/in", recipe_from({}))
    right, refused = MemoryFileSystem.ls, ["/deep"]

    def ls(self, path, detail=True, **options):
        if any(path.rstrip("/").endswith(word) for word in refused):
            raise error
        return right(self, path, detail, **options)

    monkeypatch.setattr(MemoryFileSystem, "ls", ls)
    done = run("batch", "memory://listing/in", "out", "-k", "blur", "--json")
    assert (done.code, len(events(done.out, "ok"))) == (1, 2)
    (failure,) = events(done.out, "failed")
    assert failure["message"].startswith("deep: this folder cannot be listed")
    refused.append("/in")
    assert_fails(
        run("batch", "memory://listing/in", "out2", "-k", "blur"), 4, "memory://listing/in"
    )
    assert not (tmp_path / "out2").exists()


def away(monkeypatch, times):
    """Let a store fail so many times to give a file; give the count of those left, in a list."""
    from fsspec.implementations.memory import MemoryFileSystem

    right, left = MemoryFileSystem._open, [times]

    def opened(self, path, mode="rb", **options):
        if mode == "rb" and "/in/" in path and left[0]:
            left[0] -= 1
            raise OSError("503 SlowDown")
        return right(self, path, mode, **options)

    monkeypatch.setattr(MemoryFileSystem, "_open", opened)
    monkeypatch.setattr(remote, "_PAUSES", (0, 0, 0))
    return left


def test_a_store_that_fails_now_and_then_is_asked_again(tmp_path, monkeypatch):
    make_tree(tmp_path / "photos", NAMES)
    filter_folder(tmp_path / "photos", "memory://hiccup/in", recipe_from({}))
    left = away(monkeypatch, 3)
    report = filter_folder("memory://hiccup/in", tmp_path / "out", recipe_from({}))
    assert (report.ok, report.failed) == (len(NAMES), 0)
    assert left == [0]


def test_a_store_that_is_away_is_one_failure(run, tmp_path, monkeypatch):
    make_tree(tmp_path / "photos", [f"{i:03}.png" for i in range(100)])
    filter_folder(tmp_path / "photos", "memory://away/in", recipe_from({}))
    away(monkeypatch, 1 << 30)
    done = run("batch", "memory://away/in", "out", "-q")
    assert done.code == 4
    assert done.err.count("Failed: ") < 8
    assert done.err.count("Error: memory://away/in/") == 1
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert filter_folder("memory://away/in", "out", recipe_from({})).failed == 0
    assert len(tree(tmp_path / "out")) == 100


def test_rows_that_a_run_writes_during_a_merge_stay(run, folder, monkeypatch):
    def row(name):
        return {"target": name, "source": name, "status": "failed"}

    log = open_storage(folder).open_log("manifest.jsonl", 0)
    log.append([row("a.png")])
    right = UrlStorage.write_rows

    def write_rows(self, *arguments, **options):
        right(self, *arguments, **options)
        log.append([row("b.png")])

    monkeypatch.setattr(UrlStorage, "write_rows", write_rows)
    assert run("manifest", "merge", folder).code == 0
    monkeypatch.undo()
    log.check()
    assert sorted(known_rows(folder)) == ["a.png", "b.png"]
    assert run("manifest", "merge", folder).code == 0
    assert open_storage(folder).manifests() == ["manifest.jsonl"]


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.sampled(2)
def test_rows_that_others_remove_during_a_run_end_it(uploaded, folder, cut):
    recipe, out, done = recipe_from({"kernels": ["blur"]}), f"{folder}/out", []

    def on_event(event):
        if not done:
            (name,) = open_storage(out).manifests()
            remote.remove(parse_place(out) / STATE / name)
            if cut:
                remote.write_whole(parse_place(out) / STATE / name, b"")
        done.append(event)

    words = "was changed" if cut else "was removed"
    with pytest.raises(ImageWriteError, match=rf"{STATE}/manifest-.* {words} during the run"):
        filter_folder(uploaded, out, recipe, on_event=on_event, jobs=1)
    again = filter_folder(uploaded, out, recipe)
    assert (again.ok + again.skipped, again.failed) == (len(NAMES), 0)
    assert sorted(known_rows(out)) == sorted(NAMES)


def test_outputs_of_another_run_that_appear_meanwhile_are_taken(uploaded, folder, monkeypatch):
    recipe, out = recipe_from({"kernels": ["blur"]}), f"{folder}/out"
    read = batch_run.read_manifest

    def read_and_wait(storage):
        manifest = read(storage)
        monkeypatch.undo()
        assert filter_folder(uploaded, out, recipe, jobs=1).ok == len(NAMES)
        return manifest

    monkeypatch.setattr(batch_run, "read_manifest", read_and_wait)
    report = filter_folder(uploaded, out, recipe, jobs=1)
    assert (report.ok, report.failed) == (len(NAMES), 0)


def test_a_stranger_s_output_stays(uploaded, folder):
    recipe, out = recipe_from({"kernels": ["blur"]}), f"{folder}/out"
    theirs = parse_place(out) / NAMES[0]
    remote.write_whole(theirs, b"theirs", overwrite=False)
    report = filter_folder(uploaded, out, recipe, jobs=1)
    assert [(row.target, row.error) for row in report.failures] == [(NAMES[0], "OutputExistsError")]
    assert remote.read_bytes(theirs) == b"theirs"
