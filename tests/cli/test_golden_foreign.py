"""`imgconv golden` among files that it did not record: they stay as they are."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from cli.golden_sets import SET, counts, tree
from cli.program import assert_fails, save, written

from imgconv.io.storage import files
from imgconv.model.errors import ImageWriteError


@pytest.fixture
def foreign(golden_set, tmp_path):
    """Give the folder of a golden set that is its own folder of goldens, among other files."""
    golden_set.write_text(SET.replace("goldens: goldens", "goldens: ."))
    (tmp_path / "package.json").write_text('{"name": "app", "format": 1}')
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "list.json").write_text("[1, 2]")
    for name in ("logo.png", "docs/scan.tiff"):
        save(tmp_path / name, np.full((5, 6), 9, np.uint8))
    return tmp_path


def test_record_accept_and_prune_pass_over_other_files(run, foreign):
    before = tree(foreign)
    assert run("golden", "record").code == 0
    assert counts(run) == (2, 2, 0, 0, 0)
    config = foreign / "golden.yaml"
    config.write_text(config.read_text().replace("replicate", "wrap").replace("soft", "mild"))
    before[config.relative_to(foreign)] = tree(foreign)[config.relative_to(foreign)]
    assert counts(run) == (2, 0, 1, 1, 1)
    done = run("golden", "accept", "--all", "--prune")
    assert done.code == 0
    lines = done.err.splitlines()
    assert lines[:2] == ["deleting: soft.png", "deleting: soft.json"]
    assert "deleted: soft" in lines
    after = tree(foreign)
    assert {path: after[path] for path in before} == before
    new = {str(path) for path in after.keys() - before.keys()}
    assert new == {"sharp.json", "sharp.png", "mild.json", "mild.png"}


@pytest.mark.parametrize("name", ["photo.png", "mine.png", "mine.tiff", "mine.json"])
@pytest.mark.parametrize("action", [["record"], ["accept", "--all", "--prune"], ["accept", "mine"]])
def test_a_file_in_the_way_stays_and_nothing_is_written(run, foreign, name, action):
    if not name.startswith("photo"):
        (foreign / name).write_bytes((foreign / "logo.png").read_bytes())
    config = foreign / "golden.yaml"
    config.write_text(config.read_text().replace("soft", name.partition(".")[0]))
    before = tree(foreign)
    words = [word.replace("mine", name.partition(".")[0]) for word in action]
    done = run("golden", *words)
    assert_fails(done, 5, f"{name} exists, and imgconv did not record it", "move it away")
    assert tree(foreign) == before


def test_a_case_with_the_name_of_its_input_replaces_nothing(run, tmp_path, photo):
    save(tmp_path / "logo.png", np.full((5, 6), 9, np.uint8))
    (tmp_path / "golden.yaml").write_text(
        "version: 1\ngoldens: .\ncases:\n"
        "  - {name: photo, input: photo.png, recipe: {kernels: [sharpen]}}\n"
        "  - {name: logo, input: photo.png, recipe: {kernels: [blur]}}\n"
    )
    before = tree(tmp_path)
    assert_fails(run("golden", "record"), 5, "photo.png exists")
    assert_fails(run("golden", "accept", "--all"), 5, "photo.png exists")
    assert tree(tmp_path) == before
    assert run("golden", "record", "--hash-only").code == 0
    assert run("golden", "check").code == 0
    assert {path: tree(tmp_path)[path] for path in before} == before


def test_pictures_beside_a_hash_alone_are_not_its_own(run, golden_set, tmp_path):
    run("golden", "record", "--hash-only")
    for name in ("sharp.png", "soft.tiff"):
        save(tmp_path / "goldens" / name, np.zeros((3, 3), np.uint8))
    before = tree(tmp_path / "goldens")
    golden_set.write_text(SET.replace("replicate", "wrap").replace("soft", "mild"))
    assert run("golden", "accept", "--all", "--prune").code == 0
    after = tree(tmp_path / "goldens")
    names = {str(path) for path in after}
    assert names == {"sharp.json", "sharp.png", "soft.tiff", "mild.json", "mild.png"}
    pictures = [path for path in before if path.suffix != ".json"]
    assert [after[path] for path in pictures] == [before[path] for path in pictures]


@pytest.mark.parametrize("links", [False, True])
def test_goldens_outside_are_written_only_when_told(run, tmp_path, photo, links, monkeypatch):
    inner = tmp_path / "inner"
    inner.mkdir()
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (inner / "link").symlink_to(outside)
    (inner / "photo.png").write_bytes(photo.read_bytes())
    goldens = "link" if links else "../elsewhere"
    (inner / "golden.yaml").write_text(SET.replace("goldens: goldens", f"goldens: {goldens}"))
    monkeypatch.chdir(inner)
    for words in (["record"], ["accept", "sharp"], ["accept", "--all", "--prune"]):
        assert_fails(run("golden", *words), 3, "golden.yaml:2:10: ", goldens, "--goldens-outside")
    assert tree(outside) == {}
    assert run("golden", "record", "--goldens-outside").code == 0
    assert len(tree(outside)) == 4
    assert run("golden", "check").code == 0
    done = run("golden", "accept", "--all", "--prune", "--goldens-outside")
    assert done.code == 0


WRONG = [
    ("picture", "."), ("picture", "a\0b"), ("picture", "\ud800"), ("picture", "../soft.png"),
    ("picture", "soft.png"), ("picture", ["sharp.png"]), ("pixels", 3), ("pixels", "sha256:x"),
    ("seal", 1), ("shape", [1, "2"]), ("shape", 4), ("shape", [True, 2]), ("dtype", None),
    ("channels", {}), ("environment", []), ("environment", {"cpu": 1}), ("format", True),
    ("format", "1"), ("more", 1),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_wrong_field_is_a_damaged_golden(run, golden_set, tmp_path, key, value):
    run("golden", "record")
    path = tmp_path / "goldens" / "sharp.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    done = run("golden", "check")
    assert done.code == 1
    said = done.out.decode().splitlines()[0]
    assert said.startswith("failed: sharp: ")
    assert "another version" in said if key == "format" else f"'{key}'" in said
    before = tree(tmp_path / "goldens")
    golden_set.write_text(SET.replace("sharp", "other", 1))
    assert run("golden", "accept", "--all", "--prune").code == 0
    after = tree(tmp_path / "goldens")
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize("text", ["{", '{"format": 1}', "[]", "[" * 100_000, '{"pixels": "x"}'])
def test_what_is_not_recognised_is_neither_taken_nor_recorded(run, golden_set, tmp_path, text):
    run("golden", "record")
    (tmp_path / "goldens" / "sharp.json").write_text(text)
    before = tree(tmp_path / "goldens")
    assert run("golden", "check").code == 1
    for words in (["accept", "sharp"], ["record"], ["accept", "--all", "--prune"]):
        assert_fails(run("golden", *words), 5, "sharp.json exists", "move it away")
    assert tree(tmp_path / "goldens") == before


@pytest.mark.parametrize("suffix", ["json", "png"])
@pytest.mark.parametrize("kind", ["pipe", "device", "link"])
def test_only_regular_files_are_read_and_written(run, golden_set, tmp_path, suffix, kind):
    run("golden", "record")
    path = tmp_path / "goldens" / f"sharp.{suffix}"
    kept = path.rename(tmp_path / f"kept.{suffix}")
    data = kept.read_bytes()
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else kept)
    golden_set.write_text(SET.replace("replicate", "wrap"))
    done = run("golden", "check")
    assert done.code == 1
    assert ("regular" in done.out.decode()) == (kind != "link")
    assert_fails(run("golden", "accept", "sharp"), 5, f"sharp.{suffix} exists")
    golden_set.write_text(SET.replace("sharp", "other", 1))
    assert run("golden", "accept", "--all", "--prune").code == 0
    assert os.path.lexists(path)
    assert kept.read_bytes() == data


def test_an_accept_cut_short_leaves_the_old_picture(run, golden_set, tmp_path, monkeypatch):
    run("golden", "record")
    place = tmp_path / "goldens"
    before = tree(place)
    golden_set.write_text(SET.replace("replicate", "wrap"))
    write = files.write_whole

    def stop(path, data, *, overwrite=False):
        write(path, data, overwrite=overwrite)
        raise ImageWriteError(f"{path}: the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_whole", stop)
        assert_fails(run("golden", "accept", "sharp"), 5, "the power is gone")
    after = tree(place)
    assert after.keys() == before.keys()
    assert [path.name for path in before if after[path] != before[path]] == ["sharp.json"]
    assert run("golden", "check").code == 1
    assert run("golden", "accept", "sharp").code == 0
    assert run("golden", "check").code == 0


def test_another_depth_replaces_the_picture_that_was_recorded(run, golden_set, tmp_path):
    run("golden", "record")
    golden_set.write_text(SET.replace("replicate", "replicate, depth: i16"))
    save(tmp_path / "goldens" / "soft.tiff", np.zeros((3, 3), np.uint8))
    assert run("golden", "accept", "sharp").code == 0
    names = {str(path) for path in tree(tmp_path / "goldens")}
    assert names == {"sharp.json", "sharp.tiff", "soft.json", "soft.png", "soft.tiff"}
    assert written(tmp_path / "goldens" / "sharp.tiff").dtype == np.int16
    golden_set.write_text(SET.replace("[blur]", "[blur], depth: i16"))
    before = tree(tmp_path / "goldens")
    assert_fails(run("golden", "accept", "soft"), 5, "soft.tiff exists")
    assert tree(tmp_path / "goldens") == before
