"""In place: whoever edits a picture during a run keeps it, and none is filtered twice."""

from __future__ import annotations

import json
import os
import shutil
import stat
import struct

import pytest
from cli.batches import make_tree, rows, tree
from cli.program import assert_fails

from imgconv import filter_folder, recipe_from
from imgconv.io.storage import places, write_through
from imgconv.io.storage.base import InPlaceRules, OutputPlacement
from imgconv.io.storage.local import LocalStorage
from imgconv.model.errors import ImageWriteError
from imgconv.system import durable

NAMES = ["a.png", "b.png", "sub/c.png", "sub/d.png"]
RECIPE = recipe_from({"kernels": ["sharpen"]})


@pytest.fixture
def photos(tmp_path):
    return make_tree(tmp_path / "photos", NAMES)


@pytest.fixture
def calm(photos, tmp_path):
    filter_folder(photos, tmp_path / "calm", RECIPE)
    return tree(tmp_path / "calm")


@pytest.fixture
def edited(tmp_path):
    """Give what a user makes of a picture."""
    return (make_tree(tmp_path / "edits", ["edit.png"], seed=9) / "edit.png").read_bytes()


def in_place(photos, **options):
    return filter_folder(photos, photos, RECIPE, in_place=True, jobs=1, **options)


def replace(path, data):
    """Replace a file as an editor does."""
    path.with_name("editing").write_bytes(data)
    path.with_name("editing").replace(path)


def overwrite(path, data):
    """Write into a file; a new time is sure to differ."""
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("edit", [replace, overwrite])
@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.sampled(3)
def test_an_edit_before_the_commit_wins(photos, calm, edited, edit, exchanges, monkeypatch):
    right = LocalStorage.commit

    def commit(self, placements):
        edit(photos / "a.png", edited)
        monkeypatch.setattr(LocalStorage, "commit", right)
        return right(self, placements)

    monkeypatch.setattr(LocalStorage, "commit", commit)
    if not exchanges:
        monkeypatch.setattr(durable, "_rename", lambda *_: False)
    report = in_place(photos)
    assert (report.ok, report.failed) == (3, 1)
    assert "another program changed it during the run" in report.failures[0].message
    assert tree(photos) == calm | {"a.png": edited}
    again = in_place(photos)
    assert (again.ok, again.skipped, again.failed) == (1, 3, 0), "the edit is filtered then"
    assert (photos / "a.png").read_bytes() not in (edited, calm["a.png"])


@pytest.mark.parametrize("edits", [1, 2])
@pytest.mark.sampled(2)
def test_an_edit_in_the_very_moment_of_the_exchange_wins(photos, calm, edited, edits, monkeypatch):
    """What came out of an exchange is looked at; of two edits the newer stays."""
    right, versions = durable.exchange, [b"first edit", edited][-edits:]
    waiting = list(versions)

    def exchange(part, name, source, target):
        if name == "a.png" and waiting:
            replace(photos / "a.png", waiting.pop(0))
        return right(part, name, source, target)

    monkeypatch.setattr(places.durable, "exchange", exchange)
    report = in_place(photos)
    assert (report.ok, report.failed) == (3, 1)
    assert tree(photos) == calm | {"a.png": versions[-1]}


def test_an_output_that_is_retouched_before_the_commit_stays(photos, tmp_path, monkeypatch):
    filter_folder(photos, tmp_path / "out", RECIPE)
    right = LocalStorage.commit

    def commit(self, placements):
        if placements and (tmp_path / "out/a.png").exists():
            replace(tmp_path / "out" / "a.png", b"retouched")
        return right(self, placements)

    monkeypatch.setattr(LocalStorage, "commit", commit)
    report = filter_folder(photos, tmp_path / "out", recipe_from({"kernels": ["blur"]}))
    assert (report.ok, report.failed) == (3, 1)
    assert (tmp_path / "out" / "a.png").read_bytes() == b"retouched"


ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, rights, who)
    for tag, rights, who in ((1, 6, -1 & 0xFFFFFFFF), (2, 4, 4321), (4, 4, -1 & 0xFFFFFFFF),
                             (16, 4, -1 & 0xFFFFFFFF), (32, 0, -1 & 0xFFFFFFFF))
)  # fmt: skip
"""Of mode 640, with the right to read for user 4321: tag, rights and id of each entry."""


def test_mode_owner_and_attributes_are_kept(photos, calm):
    path = photos / "a.png"
    path.chmod(0o640)
    os.setxattr(path, "user.comment", b"from the holidays")
    os.setxattr(path, "system.posix_acl_access", ACL)
    if os.geteuid() == 0:
        os.chown(path, 1234, 2345)
    before = path.stat()
    assert in_place(photos).ok == 4
    after = path.stat()
    assert path.read_bytes() == calm["a.png"]
    assert after.st_ino != before.st_ino
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert os.getxattr(path, "system.posix_acl_access") == ACL
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert os.getxattr(path, "user.comment") == b"from the holidays"


def test_hard_links_are_refused_or_split(photos, calm, tmp_path):
    os.link(photos / "a.png", tmp_path / "other name.png")
    before = (photos / "a.png").read_bytes()
    report = in_place(photos)
    assert (report.ok, report.failed) == (3, 1)
    assert "it has 2 hard links" in report.failures[0].message
    assert (photos / "a.png").read_bytes() == before
    assert in_place(photos, hard_links="split").ok == 1
    assert tree(photos) == calm
    assert (tmp_path / "other name.png").read_bytes() == before


def test_hard_links_are_kept(photos, calm, tmp_path):
    other = tmp_path / "other name.png"
    os.link(photos / "a.png", other)
    before = other.read_bytes()
    assert in_place(photos, hard_links="keep", backup=".orig").ok == 4
    assert other.samefile(photos / "a.png")
    assert other.read_bytes() == calm["a.png"]
    assert (photos / "a.png.orig").read_bytes() == before
    assert (in_place(photos).ok, in_place(photos).skipped) == (0, 4)
    (photos / ".imgconv" / "manifest.jsonl").unlink()
    assert (in_place(photos).ok, tree(photos)["a.png"]) == (0, calm["a.png"])


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("pieces", [0, 1, 3])
@pytest.mark.sampled(3)
def test_a_kill_while_a_file_with_hard_links_is_written(
    photos, calm, tmp_path, monkeypatch, pieces, edited
):
    """The next run finishes it; what somebody wrote since stays, and is filtered."""
    other = tmp_path / "other name.png"
    os.link(photos / "a.png", other)
    before, left, write = other.read_bytes(), pieces, os.pwrite

    def write_or_die(*arguments):
        nonlocal left
        if not left:
            raise Killed
        left -= 1
        return write(*arguments)

    class Killed(BaseException):
        pass

    monkeypatch.setattr(write_through, "_PIECE", 40)
    monkeypatch.setattr(os, "pwrite", write_or_die)
    monkeypatch.setattr(os, "unlink", lambda *_, **__: None)  # a killed process cleans nothing up
    monkeypatch.setattr(LocalStorage, "_sweep", lambda _: None)
    with pytest.raises(Killed):
        with_links(photos, calm)
    monkeypatch.undo()
    assert other.read_bytes() == calm["a.png"][: 40 * pieces] + before[40 * pieces :]
    if edited:
        other.write_bytes((photos / "b.png").read_bytes())
    with LocalStorage(str(photos)).exclusive():
        pass
    if edited:
        assert other.read_bytes() == (photos / "b.png").read_bytes()
    else:
        assert other.read_bytes() == calm["a.png"]
    assert other.samefile(photos / "a.png")


def with_links(photos, calm):
    """Put a result into a.png as a run does that keeps hard links."""
    storage = LocalStorage(str(photos), rules=InPlaceRules(hard_links="keep"))
    with storage.exclusive():
        content = storage.read("a.png")
        staged = storage.stage(calm["a.png"], "a.png")
        placed = OutputPlacement("a.png", staged, True, content.identity, in_place=True)
        storage.commit([placed])


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.sampled(2)
def test_backups(photos, calm, exchanges, monkeypatch):
    if not exchanges:
        monkeypatch.setattr(durable, "_rename", lambda *_: False)
    before = tree(photos)
    (photos / "a.png.orig").write_text("of somebody")
    report = in_place(photos, backup=".orig")
    assert (report.ok, report.failed) == (3, 1)
    assert "a.png.orig exists" in report.failures[0].message
    expected = {f"{name}.orig": data for name, data in before.items() if name != "a.png"}
    expected |= {name: calm[name] for name in NAMES if name != "a.png"}
    assert tree(photos) == {**expected, "a.png": before["a.png"], "a.png.orig": b"of somebody"}


@pytest.mark.parametrize("suffix", [".png", "/x", ".or\nig"])
def test_a_suffix_that_makes_pictures_of_backups(run, photos, suffix):
    options = ("-k", "sharpen", "--in-place", "--backup", suffix)
    assert_fails(run("batch", "-r", "photos", "photos", *options), 2, "--backup")


def remove(state):
    (state / "manifest.jsonl").unlink()


def remove_all(state):
    shutil.rmtree(state)


def cut(state):
    lines = (state / "manifest.jsonl").read_bytes().splitlines(True)
    (state / "manifest.jsonl").write_bytes(b"".join(lines[:2]))


def empty(state):
    (state / "manifest.jsonl").write_bytes(b"")


def edit(state):
    text = (state / "manifest.jsonl").read_text()
    (state / "manifest.jsonl").write_text(text.replace('"a.png"', '"x.png"'))


def drop_first(state):
    lines = (state / "manifest.jsonl").read_bytes().splitlines(True)
    (state / "manifest.jsonl").write_bytes(b"".join(lines[1:]))


def garble(state):
    (state / "manifest.jsonl").write_bytes(b"\0" * 3000 + b"\n")


LOSSES = [remove, remove_all, cut, empty, edit, drop_first, garble]


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.sampled(9)
def test_what_has_a_mark_is_not_filtered_again(photos, calm, lose):
    in_place(photos)
    assert tree(photos) == calm
    lose(photos / ".imgconv")
    for _ in range(2):
        report = in_place(photos)
        assert (report.ok, report.skipped, report.failed) == (0, 4, 0)
        assert tree(photos) == calm
    assert len(rows(photos)) == 4


@pytest.mark.parametrize("lose", [lose for lose in LOSSES if lose is not remove_all])
@pytest.mark.sampled(3)
def test_without_marks_a_run_whose_rows_were_lost_stops(run, photos, calm, lose, monkeypatch):
    """On a file system without extended attributes."""
    monkeypatch.setattr(LocalStorage, "mark", lambda *_: b"")
    monkeypatch.setattr(LocalStorage, "keeps_marks", lambda _: False)
    assert in_place(photos, assume_new=True).ok == 4
    assert in_place(photos).skipped == 4
    lose(photos / ".imgconv")
    for _ in range(2):
        done = run("batch", "-r", "photos", "photos", "-k", "sharpen", "--in-place")
        assert_fails(done, 5, "may have been filtered in place before", "--assume-new")
    assert tree(photos) == calm


def test_without_marks_or_a_manifest_a_first_run_must_be_said_to_be_one(photos, monkeypatch):
    monkeypatch.setattr(LocalStorage, "keeps_marks", lambda _: False)
    before = tree(photos)
    with pytest.raises(ImageWriteError, match="has no manifest"):
        in_place(photos)
    assert tree(photos) == before
    assert in_place(photos, assume_new=True).ok == 4
    make_tree(photos, ["new.png"], seed=3)
    assert in_place(photos).ok == 1, "with all rows there, a file without one is new"


def test_an_edit_is_filtered_though_it_keeps_the_mark(photos, calm, edited):
    in_place(photos)
    (photos / "a.png").write_bytes(edited)  # the same file, so its attributes stay
    report = in_place(photos)
    assert (report.ok, report.skipped) == (1, 3)
    assert (photos / "a.png").read_bytes() not in (edited, calm["a.png"])


@pytest.mark.thorough
def test_a_repaired_manifest_does_not_forget_that_rows_were_lost(run, photos, calm, monkeypatch):
    in_place(photos)
    monkeypatch.setattr(LocalStorage, "mark", lambda *_: b"")
    cut(photos / ".imgconv")
    done = run("manifest", "repair", "photos", "--json")
    assert json.loads(done.out)["dropped"] == ["manifest.jsonl: lines at its end are missing"]
    done = run("batch", "-r", "photos", "photos", "-k", "sharpen", "--in-place")
    assert_fails(done, 5, "may have been filtered in place before")
    assert tree(photos) == calm
    done = run("batch", "-r", "photos", "photos", "-k", "sharpen", "--in-place", "--assume-new")
    assert (done.code, len(rows(photos))) == (0, 4)
    monkeypatch.undo()
    assert in_place(photos).skipped == 4
