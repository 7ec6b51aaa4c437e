"""`imgconv golden` where something is wrong, or is done twice at the same time."""

from __future__ import annotations

import json
import subprocess
import sys

import cv2
import pytest
from cli.golden_sets import SET, counts, tree
from cli.program import assert_fails, save, written

from imgconv import accept_goldens
from imgconv.io.storage import files


def test_a_picture_packed_anew_is_the_same_golden(run, golden_set, tmp_path):
    run("golden", "record")
    path = tmp_path / "goldens" / "sharp.png"
    before = path.read_bytes()
    cv2.imwrite(str(path), written(path), [cv2.IMWRITE_PNG_COMPRESSION, 0])
    assert path.read_bytes() != before
    assert run("golden", "check").code == 0


@pytest.mark.parametrize(
    ("what", "word"),
    [("pixel", "tampered"), ("hash", "tampered"), ("cut", "damaged"), ("gone", "gone"),
     ("facts", "not a golden record")],
)  # fmt: skip
def test_a_golden_tampered_with_fails_and_says_so(run, golden_set, tmp_path, what, word):
    run("golden", "record")
    picture, facts = (tmp_path / "goldens" / f"sharp.{suffix}" for suffix in ("png", "json"))
    if what == "pixel":
        pixels = written(picture)
        pixels[4, 4] ^= 1
        save(picture, pixels)
    elif what == "hash":
        other = json.loads((tmp_path / "goldens" / "soft.json").read_text())["pixels"]
        facts.write_text(json.dumps({**json.loads(facts.read_text()), "pixels": other}))
        golden_set.write_text(SET.replace("sharpen], padding: replicate", "blur]"))
    elif what == "cut":
        picture.write_bytes(picture.read_bytes()[:-20])
    elif what == "gone":
        picture.unlink()
    else:
        facts.write_text(json.dumps({**json.loads(facts.read_text()), "shape": "96 80"}))
    done = run("golden", "check")
    assert done.code == 1
    assert done.out.decode().startswith("failed: sharp: ")
    assert word in done.out.decode().splitlines()[0]
    assert run("golden", "accept", "sharp").code == 0
    assert run("golden", "check").code == 0


def test_an_input_that_cannot_be_read_is_4_and_the_others_are_checked(run, golden_set, tmp_path):
    run("golden", "record")
    soft = SET.index("photo.png", SET.index("soft"))
    golden_set.write_text(SET[:soft] + SET[soft:].replace("photo", "none"))
    done = run("golden", "check")
    assert done.code == 4
    assert "none.png: no such file" in done.out.decode()
    assert counts(run) == (2, 1, 1, 0, 0)
    assert_fails(run("golden", "accept", "--all"), 4, "none.png")


TOP = "version: 1\ngoldens: g\n"
BAD = [
    ("version: 2\ngoldens: g\ncases: []", "2", "version"),
    ("goldens: g\ncases: []", "goldens", "version is missing"),
    (TOP + "metric: ssim/1\ncases: []", "ssim", "levels/1"),
    (TOP + "suite: x\ncases: []", "suite", "unknown key 'suite'"),
    (TOP + "tolerance: {levl: 1}\ncases: []", "levl", "levl"),
    (TOP + "tolerance: {share: 3}\ncases: []", "{share", "share"),
    (TOP + "cases:\n  - {input: a.png}", "{input", "name is missing"),
    (TOP + "cases:\n  - {name: ../x, actual: a}", "../x", "'../x'"),
    (TOP + "cases:\n  - {name: x}", "{name", "one of input, actual, command"),
    (TOP + "cases:\n  - {name: x, input: a, command: [b]}", "{name", "input and command"),
    (TOP + "cases:\n  - {name: x, input: a}", "{name", "recipe is missing"),
    (TOP + "cases:\n  - {name: x, actual: a, recipe: {}}", "recipe", "recipe goes"),
    (TOP + "cases:\n  - {name: x, input: a, recipe: {kernels: [shrp]}}", "shrp", "shrp"),
    (TOP + "cases:\n  - {name: x, input: a, recipe: none.yaml}", "none.yaml", "none.yaml"),
    (TOP + "cases:\n  - {name: x, command: [ls]}", "[ls]", "where its picture"),
    (TOP + "cases:\n  - {name: x, actual: a, ignore: [[1, 2]]}", "[1, 2]", "rectangle"),
    (TOP + "cases:\n  - {name: x, actual: a}\n  - {name: X, actual: a}", "X", "capitals"),
]


@pytest.mark.parametrize(("text", "where", "word"), BAD)
def test_a_bad_file_is_refused_with_its_place(run, tmp_path, text, where, word):
    (tmp_path / "golden.yaml").write_text(text)
    before = text[: text.index(where)].split("\n")
    place = f"golden.yaml:{len(before)}:{len(before[-1]) + 1}: "
    assert_fails(run("golden", "check"), 3, place, word)


def test_what_cannot_be_found(run, golden_set):
    assert_fails(run("golden", "check", "--config", "none.yaml"), 3, "none.yaml", "--config")
    assert_fails(run("golden", "check", "shrp"), 6, "'shrp'", "did you mean sharp?")
    golden_set.write_text(SET.replace("photo.png", "none*.png"))
    assert_fails(run("golden", "check"), 6, "golden.yaml:5:12: no file matches")


def test_reports_replace_their_own_and_nothing_else_unasked(run, golden_set, tmp_path):
    reports = ("--html", "r.html", "--junit", "j.xml", "--failures", "fail")
    assert run("golden", "check", *reports).code == 6
    first = (tmp_path / "r.html").read_bytes()
    assert (tmp_path / "fail" / "sharp" / "actual.png").exists()
    run("golden", "record")
    assert run("golden", "check", *reports).code == 0
    assert (tmp_path / "r.html").read_bytes() != first
    assert [path.name for path in (tmp_path / "fail").rglob("*")] == [".imgconv-failures"]
    for name in ("r.html", "j.xml"):
        (tmp_path / name).write_text('<testsuites name="other">')
        assert_fails(run("golden", "check", *reports), 5, f"{name} exists", "--overwrite")
        assert run("golden", "check", *reports, "--overwrite").code == 0
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "photo.png").write_bytes(b"mine")
    assert_fails(run("golden", "check", "--failures", "own"), 5, "own exists", "--overwrite")
    assert_fails(run("golden", "check", "--html", "no/r.html"), 5, "does not exist")


def test_failures_hold_the_pictures_of_this_run_only(run, golden_set, tmp_path):
    run("golden", "check", "--failures", "fail")
    assert {path.name for path in (tmp_path / "fail").iterdir()} == {
        "sharp", "soft", ".imgconv-failures"
    }  # fmt: skip
    (tmp_path / "fail" / "soft" / "note.txt").write_text("mine")
    (tmp_path / "outside").mkdir()
    save(tmp_path / "outside" / "actual.png", written(tmp_path / "photo.png"))
    listed = (tmp_path / "fail" / ".imgconv-failures").read_text()
    (tmp_path / "fail" / ".imgconv-failures").write_text(
        listed + "../outside/actual.png\nsoft/note.txt\n"
    )
    run("golden", "record")
    golden_set.write_text(SET.replace("replicate", "wrap"))
    assert run("golden", "check", "--failures", "fail").code == 1
    kept = {path.relative_to(tmp_path / "fail").as_posix()
            for path in (tmp_path / "fail").rglob("*") if path.is_file()}  # fmt: skip
    assert kept == {
        "sharp/expected.png", "sharp/actual.png", "sharp/difference.png", "soft/note.txt",
        ".imgconv-failures",
    }  # fmt: skip
    assert (tmp_path / "outside" / "actual.png").exists()


@pytest.mark.thorough
def test_checks_at_the_same_time_agree_and_write_nothing(golden_set, imgconv, tmp_path):
    assert imgconv("golden", "record").code == 0
    before = tree(tmp_path / "goldens")
    words = [sys.executable, "-m", "imgconv", "golden", "check", "--json"]
    running = [subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE) for _ in range(4)]
    answers = {process.communicate(timeout=60)[0] for process in running}
    assert len(answers) == 1
    assert {process.returncode for process in running} == {0}
    assert tree(tmp_path / "goldens") == before


@pytest.mark.thorough
def test_recorders_at_the_same_time_leave_whole_goldens(golden_set, imgconv, tmp_path):
    words = [sys.executable, "-m", "imgconv", "golden", "record"]
    running = [subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(3)]
    assert [process.communicate(timeout=60) and process.returncode for process in running] == [
        0
    ] * 3
    assert imgconv("golden", "check").code == 0
    assert len(list((tmp_path / "goldens").iterdir())) == 4


def test_an_accept_that_is_killed_between_record_and_picture_loses_nothing(
    run, golden_set, tmp_path, monkeypatch
):
    run("golden", "record")
    old = (tmp_path / "goldens" / "sharp.png").read_bytes()
    golden_set.write_text(SET.replace("replicate", "wrap"))
    right, named = files.name_unnamed, []

    class Killed(BaseException):
        pass

    def name_or_die(file, target, *, replace):
        if target.suffix == ".png":
            raise Killed
        named.append(target.name)
        right(file, target, replace=replace)

    monkeypatch.setattr(files, "name_unnamed", name_or_die)
    with pytest.raises(Killed):
        accept_goldens(golden_set, ["sharp"])
    monkeypatch.setattr(files, "name_unnamed", right)
    assert named == ["sharp.json"]
    assert (tmp_path / "goldens" / "sharp.png").read_bytes() == old
    done = run("golden", "check")
    assert (done.code, done.out.startswith(b"failed: sharp: ")) == (1, True)
    assert run("golden", "accept", "sharp").code == 0
    assert run("golden", "check").code == 0


def test_goldens_that_may_only_be_read(run, golden_set, tmp_path, monkeypatch):
    run("golden", "record")
    golden_set.write_text(SET.replace("replicate", "wrap"))

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    before = tree(tmp_path / "goldens")
    monkeypatch.setattr("imgconv.io.storage.files._replacing", refuse)
    assert run("golden", "check").code == 1
    assert_fails(run("golden", "accept", "sharp"), 5, "sharp.png", "permission denied")
    assert tree(tmp_path / "goldens") == before
