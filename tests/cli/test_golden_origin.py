"""`imgconv golden` names what a golden was made of, and keeps to the goldens of its own set."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from cli.golden_sets import SET, counts, tree
from cli.program import assert_fails, save, written


def first_lines(done):
    return [line for line in done.out.decode().splitlines() if not line.startswith(" ")]


def test_a_recipe_that_changed_is_named(run, golden_set):
    run("golden", "record")
    golden_set.write_text(SET.replace("[sharpen]", "[sharpen_8]"))
    done = run("golden", "check")
    assert first_lines(done)[0] == (
        "failed: sharp: the recipe changed (steps: sharpen to sharpen_8)"
    )
    assert "unexplained" not in done.out.decode()
    golden_set.write_text(SET.replace("replicate}", "replicate, stride: 2}"))
    assert "the recipe changed (stride: default to 2, 2)" in run("golden", "check").out.decode()


def test_an_input_that_changed_is_named(run, golden_set, photo, gray):
    run("golden", "record")
    save(photo, gray[::-1])
    done = run("golden", "check")
    assert first_lines(done)[0] == "failed: sharp: the input changed (photo.png)"
    report = json.loads(run("golden", "check", "--json").out)
    assert [r["causes"][0] for r in report["results"]] == ["input changed"] * 2


def test_an_input_packed_anew_and_an_engine_that_changed_are_told_apart(run, golden_set, tmp_path):
    run("golden", "record")
    path = tmp_path / "goldens" / "sharp.json"
    record = json.loads(path.read_text())
    record["environment"]["opencv"] = "4.9.0"
    picture = written(tmp_path / "goldens" / "sharp.png")
    picture[5, 5] ^= 64
    save(tmp_path / "other.png", picture)
    golden_set.write_text(
        SET.replace("- name: soft\n    input: photo.png\n    recipe: {kernels: [blur]}",
                    "- {name: other, actual: other.png}")
    )  # fmt: skip
    run("golden", "record")
    other = json.loads((tmp_path / "goldens" / "other.json").read_text())
    record |= {"pixels": other["pixels"], "seal": None}
    path.write_text(json.dumps(record))
    save(tmp_path / "goldens" / "sharp.png", picture)
    line = first_lines(run("golden", "check", "sharp"))[0]
    assert line.startswith("failed: sharp: imgconv, OpenCV or the machine changed (opencv 4.9.0")
    record["input"]["pixels"] = other["pixels"]
    path.write_text(json.dumps(record))
    line = first_lines(run("golden", "check", "sharp"))[0]
    assert line.startswith("failed: sharp: the input is decoded differently (photo.png has")


def test_a_deleted_input_is_gone_and_its_golden_is_not_called_unused(run, tmp_path, photo):
    save(tmp_path / "phone.png", np.full((9, 9), 7, np.uint8))
    text = "version: 1\ngoldens: goldens\ncases:\n  - {name: a, input: 'pho*.png', recipe: {}}\n"
    (tmp_path / "golden.yaml").write_text(text)
    run("golden", "record")
    (tmp_path / "phone.png").unlink()
    done = run("golden", "check")
    assert done.code == 6
    assert first_lines(done)[0] == "missing: a/phone: the input is gone: phone.png"
    assert "records what is missing" not in done.out.decode()
    assert counts(run) == (2, 1, 0, 1, 0)
    (tmp_path / "golden.yaml").write_text(text.replace("pho*.png", "phone.png"))
    assert "the input is gone: phone.png: no such file" in first_lines(run("golden", "check"))[0]


def without_origin(folder):
    """Make records of format 1, as they were before they said whose they are."""
    for path in folder.rglob("*.json"):
        record = json.loads(path.read_text())
        for key in ("owner", "recipe", "input"):
            record.pop(key)
        path.write_text(json.dumps({**record, "format": 1}))


def test_records_of_format_1_stay_valid(run, golden_set, tmp_path):
    run("golden", "record")
    without_origin(tmp_path / "goldens")
    before = tree(tmp_path / "goldens")
    assert counts(run) == (2, 2, 0, 0, 0)
    assert run("golden", "record").err == "0 recorded, 2 unchanged\n"
    assert tree(tmp_path / "goldens") == before
    golden_set.write_text(SET.replace("replicate", "wrap").replace("soft", "mild"))
    done = run("golden", "check")
    assert done.out.decode().startswith("failed: sharp: 3")
    assert "unused: soft" in done.out.decode()
    assert run("golden", "accept", "--all", "--prune").code == 0
    assert json.loads((tmp_path / "goldens" / "sharp.json").read_text())["format"] == 2
    assert counts(run) == (2, 2, 0, 0, 0)


WRONG = [
    ("owner", 3), ("owner", ""), ("owner", "a\0b"), ("owner", "\ud800"), ("recipe", "x"),
    ("recipe", {"hash": "x"}), ("recipe", {"hash": "x", "text": 1}), ("input", {}),
    ("input", {"path": "a", "file": "b", "pixels": "c"}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_wrong_origin_is_a_damaged_golden(run, golden_set, tmp_path, key, value):
    run("golden", "record")
    path = tmp_path / "goldens" / "sharp.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    done = run("golden", "check")
    assert done.code == 1
    assert f"not a golden record: '{key}'" in done.out.decode()


@pytest.fixture
def nested(run, golden_set, tmp_path, photo, monkeypatch):
    """Give a set that has its own folder for goldens, and another one in a folder below."""
    golden_set.write_text(SET.replace("goldens: goldens", "goldens: ."))
    inner = tmp_path / "inner"
    inner.mkdir()
    shutil.copy(photo, inner)
    (inner / "golden.yaml").write_text(SET.replace("goldens: goldens", "goldens: ."))
    assert run("golden", "record").code == 0
    monkeypatch.chdir(inner)
    assert run("golden", "record").code == 0
    monkeypatch.chdir(tmp_path)
    return inner


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("config", ["golden.yaml", "pictures.yml"])
def test_goldens_of_another_set_below_are_not_unused(run, nested, tmp_path, old, config):
    if config != "golden.yaml":
        (nested / "golden.yaml").rename(nested / config)
    if old:
        without_origin(nested)
    before = tree(nested)
    assert counts(run) == (2, 2, 0, 0, 0)
    done = run("golden", "accept", "--all", "--prune")
    assert (done.code, "deleting" in done.err) == (0, False)
    assert tree(nested) == before
    done = run("golden", "check", "--config", f"inner/{config}")
    assert done.code == 0
    config_file = tmp_path / "golden.yaml"
    config_file.write_text(config_file.read_text().replace("soft", "mild"))
    done = run("golden", "accept", "--all", "--prune")
    assert [line for line in done.err.splitlines() if line.startswith("deleting")] == [
        "deleting: soft.png", "deleting: soft.json"
    ]  # fmt: skip
    assert tree(nested) == before


@pytest.mark.parametrize("old", [False, True])
def test_two_sets_with_one_folder_keep_to_their_own(run, golden_set, tmp_path, old):
    (tmp_path / "second.yaml").write_text(SET.replace("sharp\n", "third\n").replace("soft", "4th"))
    run("golden", "record")
    assert run("golden", "record", "--config", "second.yaml").code == 0
    assert counts(run) == (2, 2, 0, 0, 0)
    before = tree(tmp_path / "goldens")
    golden_set.write_text(SET.replace("soft", "mild"))
    assert run("golden", "accept", "--all", "--prune").code == 0
    after = tree(tmp_path / "goldens")
    gone = {str(path) for path in before.keys() - after.keys()}
    assert gone == {"soft.json", "soft.png"}


def test_a_golden_of_another_set_is_replaced_only_after_adopting(run, nested, tmp_path):
    config = tmp_path / "golden.yaml"
    config.write_text(config.read_text().replace("name: soft", "name: inner/soft"))
    config.write_text(config.read_text().replace("[blur]", "[outline]"))
    before = tree(nested)
    for words in (["record"], ["accept", "--all"], ["accept", "inner/soft"]):
        done = run("golden", *words)
        assert_fails(done, 5, "inner/soft: this golden was recorded for inner/golden.yaml")
        assert "golden adopt inner/soft" in done.err
    assert tree(nested) == before
    done = run("golden", "adopt", "inner/soft")
    assert done.err == "adopted: inner/soft: recorded for golden.yaml before\n"
    assert run("golden", "accept", "inner/soft").code == 0
    assert run("golden", "check", "inner/soft").code == 0


def test_a_picture_made_by_hand_is_adopted(run, golden_set, tmp_path, gray):
    (tmp_path / "goldens").mkdir()
    picture = save(tmp_path / "goldens" / "sharp.png", gray)
    data = picture.read_bytes()
    assert_fails(run("golden", "record"), 5, "sharp.png exists", "imgconv golden adopt sharp takes")
    done = run("golden", "adopt", "sharp")
    assert (done.code, done.err) == (0, "adopted: sharp: the picture sharp.png\n")
    assert picture.read_bytes() == data
    done = run("golden", "check", "sharp")
    assert done.code == 1
    assert "since the recording" not in done.out.decode()
    assert_fails(run("golden", "adopt", "soft"), 6, "there is no picture goldens/soft.png")
    (tmp_path / "goldens" / "soft.json").write_text("{}")
    assert_fails(run("golden", "adopt", "soft"), 5, "soft.json exists")
    (tmp_path / "goldens" / "soft.json").unlink()
    for suffix in ("png", "tiff"):
        save(tmp_path / "goldens" / f"soft.{suffix}", gray)
    assert_fails(run("golden", "adopt", "soft"), 5, "move one of them away")
    (tmp_path / "goldens" / "soft.tiff").unlink()
    (tmp_path / "goldens" / "soft.png").write_bytes(b"no picture")
    assert_fails(run("golden", "adopt", "soft"), 4, "not an image")


def test_the_list_has_every_state(run, golden_set, tmp_path, photo):
    run("golden", "record")
    (tmp_path / "goldens" / "bad.json").write_text("{}")
    golden_set.write_text(
        SET.replace("name: soft", "name: new")
        + "  - {name: bad, actual: photo.png}\n"
        + "  - {name: own, actual: photo.png, expected: photo.png}\n"
    )
    before = tree(tmp_path)
    done = run("golden", "list")
    assert (done.code, done.err) == (0, "")
    lines = done.out.decode().splitlines()
    assert [tuple(line.split()[:2]) for line in lines[:3]] == [
        ("recorded", "sharp"), ("missing", "new"), ("damaged", "bad")
    ]  # fmt: skip
    assert lines[3].startswith("own file  own")
    assert lines[4] == "unused    soft"
    rows = json.loads(run("golden", "list", "sharp", "--json").out)
    assert rows == [{
        "name": "sharp", "state": "recorded", "line": 4,
        "source": "photo.png: steps: [sharpen], padding: replicate",
    }]  # fmt: skip
    assert tree(tmp_path) == before


def test_a_first_set_is_written_and_records(run, tmp_path, photo, colour):
    shutil.copy(photo, tmp_path / "1: odd #name.png")
    words = ("golden", "init", "photo.png", "colour.png", "1: odd #name.png", "-k", "sharpen")
    done = run(*words, "--padding", "wrap")
    assert (done.code, done.err) == (
        0, "golden.yaml: 3 cases; imgconv golden record records them\n"
    )  # fmt: skip
    assert run("golden", "record").err.endswith("3 recorded, 0 unchanged\n")
    assert counts(run) == (3, 3, 0, 0, 0)
    assert_fails(run(*words), 5, "golden.yaml exists")
    assert_fails(run("golden", "init", "none.png", "--config", "n.yaml"), 4, "none.png")
    (tmp_path / "sub").mkdir()
    shutil.copy(photo, tmp_path / "sub" / "PHOTO.png")
    twice = ("golden", "init", "photo.png", "sub/PHOTO.png", "--config", "n.yaml")
    assert_fails(run(*twice), 2, "would both be")
