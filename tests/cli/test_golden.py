"""`imgconv golden`: record, check and accept, as a repository uses them."""

from __future__ import annotations

import json
import sys

import cv2
import numpy as np
import pytest
from cli.golden_sets import COUNTS, SET, counts, tree
from cli.program import assert_fails, save, written


def test_one_story(run, golden_set, tmp_path):
    goldens = tmp_path / "goldens"
    done = run("golden", "check")
    assert done.code == 6
    assert done.out.decode().splitlines()[0] == "missing: sharp: no golden is recorded"
    assert not goldens.exists()

    done = run("golden", "record")
    assert (done.code, done.out) == (0, b"")
    assert done.err.splitlines() == [
        "recorded: sharp", "recorded: soft", "2 recorded, 0 unchanged"
    ]  # fmt: skip
    recorded = tree(goldens)
    assert sorted(map(str, recorded)) == ["sharp.json", "sharp.png", "soft.json", "soft.png"]
    assert run("golden", "check").code == 0
    assert run("golden", "record").err == "0 recorded, 2 unchanged\n"
    assert tree(goldens) == recorded

    golden_set.write_text(SET.replace("replicate", "wrap"))
    done = run("golden", "check")
    said = done.out.decode()
    assert done.code == 1
    assert said.startswith("failed: sharp: the recipe changed (padding: replicate to wrap)\n")
    assert "likely cause: border only" in said
    assert "same environment as recorded" in said
    assert said.endswith("2 cases: 1 passed, 1 failed, 0 missing; 0 unused\n")
    assert tree(goldens) == recorded

    refused = run("golden", "record")
    assert refused.code == 5
    assert "imgconv golden accept sharp" in refused.err
    assert tree(goldens) == recorded

    done = run("golden", "accept", "sharp")
    assert done.code == 0
    assert "taken: sharp" in done.err
    assert "border only" in done.err
    after = tree(goldens)
    soft = [key for key in recorded if key.name.startswith("soft")]
    assert [after[key] for key in soft] == [recorded[key] for key in soft]
    assert run("golden", "check").code == 0
    result = run("apply", "photo.png", "out.png", "-k", "sharpen", "--padding", "wrap")
    assert result.code == 0
    assert (written(goldens / "sharp.png") == written(tmp_path / "out.png")).all()


def test_the_facts_say_what_was_recorded_with_what(run, golden_set, tmp_path):
    run("golden", "record")
    facts = json.loads((tmp_path / "goldens" / "sharp.json").read_text())
    assert facts["pixels"].startswith("sha256:")
    assert (facts["shape"], facts["dtype"], facts["channels"]) == ([96, 80], "uint8", "gray")
    assert facts["environment"]["opencv"] == cv2.__version__
    assert {"imgconv", "codec png", "codec jpeg", "codec tiff", "cpu"} <= set(facts["environment"])


def test_the_record_says_what_computed_steps_that_are_not_exact(run, photo, tmp_path):
    (tmp_path / "golden.yaml").write_text(
        "version: 1\ngoldens: goldens\ncases:\n  - name: smooth\n    input: photo.png\n"
        "    recipe: {steps: [median, guided, clahe, 'canny:50,90']}\n"
    )
    assert run("golden", "record").code == 0
    path = tmp_path / "goldens" / "smooth.json"
    facts = json.loads(path.read_text())
    libraries = f"opencv {cv2.__version__}, numpy {np.__version__}"
    assert facts["environment"]["step guided"] == f"not exact: {libraries}"
    assert facts["environment"]["step clahe"] == f"not exact: opencv {cv2.__version__}"
    assert [key for key in facts["environment"] if key.startswith("step ")] == [
        "step guided", "step clahe"
    ]  # fmt: skip
    facts["environment"]["numpy"] = "1.0"
    facts["environment"]["step guided"] = "not exact: numpy 1.0"
    facts["pixels"] = "sha256:" + "0" * 64
    facts["picture"] = facts["seal"] = None
    path.write_text(json.dumps(facts))
    said = run("golden", "check").out.decode()
    assert "numpy 1.0 -> " in said
    assert "step guided" not in said


def test_json_has_the_documented_shape(run, golden_set, tmp_path):
    run("golden", "record")
    golden_set.write_text(SET.replace("soft", "old"))
    run("golden", "record")
    golden_set.write_text(SET.replace("replicate", "wrap"))
    done = run("golden", "check", "--json")
    report = json.loads(done.out)
    assert done.err == ""
    assert list(report) == [*COUNTS, "results"]
    assert [report[key] for key in COUNTS] == [2, 1, 1, 0, 1]
    assert [(r["name"], r["status"]) for r in report["results"]] == [
        ("sharp", "failed"), ("soft", "passed"), ("old", "unused")
    ]  # fmt: skip
    failed = report["results"][0]
    assert list(failed) == [
        "name", "status", "differing_pixels", "max_abs_diff", "bounding_box", "causes"
    ]  # fmt: skip
    assert failed["causes"] == ["recipe changed", "border only"]
    assert failed["bounding_box"] == [0, 0, 96, 80]


def test_missing_unused_and_empty_are_failures(run, golden_set, tmp_path):
    run("golden", "record", "sharp")
    assert counts(run) == (2, 1, 0, 1, 0)
    assert run("golden", "check").code == 6
    assert run("golden", "check", "sharp").code == 0
    run("golden", "record")
    assert run("golden", "check").code == 0
    golden_set.write_text(SET[: SET.index("  - name: soft")])
    done = run("golden", "check")
    assert done.code == 6
    assert "unused: soft" in done.out.decode()
    golden_set.write_text("version: 1\ngoldens: goldens\ncases: []\n")
    assert_fails(run("golden", "check"), 6, "there are no cases")
    assert_fails(run("golden", "record"), 6, "there are no cases")


def test_only_an_unfiltered_accept_deletes_and_only_when_told(run, golden_set, tmp_path):
    run("golden", "record")
    before = tree(tmp_path / "goldens")
    golden_set.write_text(SET.replace("soft", "softer").replace("replicate", "wrap"))
    assert_fails(run("golden", "accept", "sharp", "--prune"), 2, "--prune goes with --all")
    assert_fails(run("golden", "accept"), 2, "--all")
    assert_fails(run("golden", "accept", "sharp", "--all"), 2, "--all")
    assert tree(tmp_path / "goldens") == before
    assert run("golden", "accept", "--all").code == 0
    names = {path.stem for path in (tmp_path / "goldens").iterdir()}
    assert names == {"sharp", "soft", "softer"}
    assert counts(run) == (2, 2, 0, 0, 1)
    done = run("golden", "accept", "--all", "--prune")
    assert "deleted: soft\n" in done.err
    assert run("golden", "check").code == 0


def test_all_keeps_what_is_within_its_tolerance_and_a_name_takes_it(run, golden_set, gray, photo):
    golden_set.write_text(SET.replace("goldens: goldens", "goldens: goldens\ntolerance: loose"))
    run("golden", "record")
    speckled = gray.copy()
    speckled[3, 3] += 1
    save(photo, speckled)
    golden_set.write_text(
        golden_set.read_text().replace("sharpen", "identity").replace("blur", "identity")
    )
    run("golden", "accept", "--all")
    save(photo, gray)
    before = tree(golden_set.parent / "goldens")
    done = run("golden", "accept", "--all")
    assert "kept: sharp\n  within the tolerance" in done.err
    assert tree(golden_set.parent / "goldens") == before
    assert "taken: sharp" in run("golden", "accept", "sharp").err


@pytest.mark.parametrize(("answers", "taken"), [(b"y\nn\n", "sharp"), (b"n\ny\n", "soft")])
@pytest.mark.sampled(2)
def test_interactive_takes_what_is_answered_yes(imgconv, golden_set, answers, taken):
    assert imgconv("golden", "record").code == 0
    golden_set.write_text(SET.replace("sharpen", "emboss").replace("blur", "outline"))
    done = imgconv("golden", "accept", "--interactive", stdin=answers)
    assert done.code == 0
    assert f"taken: {taken}" in done.err
    assert "1 taken" in done.err
    left = json.loads(imgconv("golden", "check", "--json").out)["results"]
    assert [r["name"] for r in left if r["status"] == "failed"] == [
        name for name in ("sharp", "soft") if name != taken
    ]
    assert imgconv("golden", "accept", "--interactive").code == 130  # nobody answers


def test_interactive_stops_at_q_and_deletes_nothing(imgconv, golden_set, tmp_path):
    assert imgconv("golden", "record").code == 0
    golden_set.write_text(SET.replace("sharpen", "emboss").replace("name: soft", "name: mild"))
    before = tree(tmp_path / "goldens")
    words = ("golden", "accept", "--all", "--prune", "--interactive")
    done = imgconv(*words, stdin=b"q\n")
    assert done.code == 0
    assert "0 taken, 0 deleted, 2 left as they are" in done.err
    assert tree(tmp_path / "goldens") == before
    done = imgconv(*words, stdin=b"y\nq\n")
    assert "taken: sharp" in done.err
    assert "1 taken, 0 deleted, 1 left as they are" in done.err


def test_hash_only(run, golden_set, tmp_path):
    run("golden", "record", "--hash-only")
    assert {p.suffix for p in (tmp_path / "goldens").iterdir()} == {".json"}
    assert run("golden", "check").code == 0
    golden_set.write_text(SET.replace("replicate", "wrap"))
    done = run("golden", "check")
    assert done.code == 1
    assert "the hash alone" in done.out.decode()
    run("golden", "accept", "sharp")
    assert {p.suffix for p in (tmp_path / "goldens").iterdir()} == {".json"}
    golden_set.write_text(SET.replace("cases:", "tolerance: loose\ncases:"))
    assert_fails(run("golden", "record", "--hash-only"), 2, "need the picture")


def test_globs_files_of_recipes_and_own_files(run, tmp_path, photo, colour):
    (tmp_path / "edges.yaml").write_text("kernels: [sobel_x]\ndepth: i16\n")
    (tmp_path / "golden.yaml").write_text(
        "version: 1\ngoldens: goldens\ncases:\n"
        "  - {name: edges, input: '*o*.png', recipe: edges.yaml}\n"
        "  - {name: plot, actual: photo.png}\n"
        "  - {name: twins, actual: photo.png, expected: twin.png}\n"
    )
    run("golden", "record")
    assert counts(run) == (4, 3, 0, 1, 0)  # the twin is missing
    (tmp_path / "twin.png").write_bytes(photo.read_bytes())
    assert counts(run) == (4, 4, 0, 0, 0)
    assert counts(run, "edges") == (2, 2, 0, 0, 0)
    assert counts(run, "edges/c*") == (1, 1, 0, 0, 0)
    assert (tmp_path / "goldens" / "edges" / "colour.tiff").exists()
    assert_fails(run("golden", "accept", "twins"), 2, "files of yours")


def test_ignored_parts_do_not_count(run, golden_set, tmp_path, gray, photo):
    mask = np.zeros(gray.shape, np.uint8)
    mask[50:60, 50:60] = 255
    save(tmp_path / "mask.png", mask)
    text = SET.replace("[sharpen], padding: replicate", "[identity]").replace(
        "[blur]", "[identity]"
    )
    golden_set.write_text(
        text.replace("  - name: soft", "    ignore: [[0, 0, 5, 80], mask.png]\n  - name: soft")
    )
    run("golden", "record")
    stamped = gray.copy()
    stamped[2, 3] ^= 255
    stamped[55, 55] ^= 255
    save(photo, stamped)
    assert counts(run) == (2, 1, 1, 0, 0)
    stamped[20, 20] ^= 255
    save(photo, stamped)
    done = run("golden", "check", "sharp")
    assert done.code == 1
    assert "one pixel at row 20, column 20" in done.out.decode()


def test_commands_run_only_when_they_are_allowed(run, tmp_path, photo):
    case = "  - {{name: {}, command: [{}, -c, \"{}\", '{{output}}']}}\n"
    copy = "import shutil, sys; shutil.copy('photo.png', sys.argv[1])"
    (tmp_path / "golden.yaml").write_text(
        "version: 1\ngoldens: goldens\ncases:\n"
        + case.format("copy", sys.executable, copy)
        + case.format("bad", sys.executable, "raise SystemExit('no ink')")
    )
    for action in ("record", "check"):
        assert_fails(run("golden", action), 2, "copy", "--allow-commands")
    assert_fails(run("golden", "accept", "--all"), 2, "copy", "--allow-commands")
    assert not (tmp_path / "goldens").exists()
    assert run("golden", "record", "copy", "--allow-commands").code == 0
    done = run("golden", "check", "--allow-commands")
    assert done.code == 4
    assert "ended with code 1: no ink" in done.out.decode()
    assert counts(run, "--allow-commands") == (2, 1, 1, 0, 0)


def test_pictures_of_failures_are_those_that_differ(run, golden_set, tmp_path):
    run("golden", "record")
    golden_set.write_text(SET.replace("replicate", "wrap"))
    run("golden", "check", "--failures", "fail")
    place = tmp_path / "fail" / "sharp"
    assert sorted(p.name for p in place.iterdir()) == [
        "actual.png",
        "difference.png",
        "expected.png",
    ]
    assert (written(place / "expected.png") == written(tmp_path / "goldens" / "sharp.png")).all()
    differ = written(place / "expected.png") != written(place / "actual.png")
    red = (written(place / "difference.png") == [0, 0, 225]).sum()
    assert red > 0
    coloured = np.ptp(written(place / "difference.png"), axis=2) > 0
    assert (coloured == differ).all()


def test_annotations(run, golden_set, tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    run("golden", "record")
    golden_set.write_text(SET.replace("replicate", "wrap"))
    assert run("golden", "check").err == ""
    always = run("golden", "check", "--annotate", "always").err
    assert always.startswith("::error file=golden.yaml,line=4,title=golden failed%3A sharp::")
    assert always.count("\n") == 1
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run("golden", "check").err == always
    assert run("golden", "check", "--annotate", "never").err == ""


def test_one_job_is_as_many(run, golden_set):
    run("golden", "record", "-j", "1")
    reports = [run("golden", "check", "--json", "-j", jobs).out for jobs in "14"]
    assert reports[0] == reports[1]


def test_the_environment_that_changed_is_named(run, golden_set, tmp_path):
    run("golden", "record")
    path = tmp_path / "goldens" / "sharp.json"
    facts = json.loads(path.read_text())
    facts["environment"]["opencv"] = "4.9.0"
    path.write_text(json.dumps(facts))
    assert run("golden", "check").code == 0
    golden_set.write_text(SET.replace("replicate", "wrap"))
    said = run("golden", "check").out.decode()
    assert f"since the recording: opencv 4.9.0 -> {cv2.__version__}" in said
