"""`imgconv batch`: folders in, a mirrored folder out, and a manifest."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from cli.batches import events, make_tree, rows, tree
from cli.program import assert_fails, written

NAMES = ["a.png", "b.jpg", "sub/c.png", "sub/deeper/d.bmp"]


@pytest.fixture
def photos(tmp_path):
    return make_tree(tmp_path / "photos", NAMES)


def batch(run, *arguments):
    return run("batch", *arguments, "-j", "1")


def test_a_folder_is_mirrored_with_the_bytes_that_apply_writes(run, photos, tmp_path):
    done = batch(run, "-r", "photos", "out", "-k", "sharpen")
    assert (done.code, done.out) == (0, b"")
    assert "4 done, 0 failed, 0 skipped" in done.err
    out = tree(tmp_path / "out")
    assert sorted(out) == NAMES
    for name in NAMES:
        single = f"single{Path(name).suffix}"
        assert run("apply", f"photos/{name}", single, "-k", "sharpen", "--overwrite").code == 0
        assert (tmp_path / single).read_bytes() == out[name]


def test_the_manifest_has_a_row_for_each_input(run, photos, tmp_path):
    batch(run, "-r", "photos", "out", "-k", "sharpen")
    found = rows(tmp_path / "out")
    assert sorted(found) == NAMES
    for name, row in found.items():
        source, target = photos / name, tmp_path / "out" / name
        assert row["source"] == name
        assert row["status"] == "ok"
        assert row["input_sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
        assert row["output_sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
        assert row["input_mtime_ns"] == source.stat().st_mtime_ns
        assert row["output_mtime_ns"] == target.stat().st_mtime_ns
        assert row["seconds"] > 0
        assert "OpenCV" in row["engine"]
    assert len({row["recipe"] for row in found.values()}) == 1
    assert not (tmp_path / "out" / ".imgconv" / "parts").exists()


@pytest.mark.thorough
def test_one_job_equals_eight(run, photos, tmp_path):
    make_tree(photos, [f"more/{i}.jpg" for i in range(20)], size=(40, 50))
    assert run("batch", "-r", "photos", "one", "-k", "sobel", "-j", "1").code == 0
    assert run("batch", "-r", "photos", "eight", "-k", "sobel", "-j", "8").code == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "eight")


def test_a_second_run_reads_nothing(run, photos, tmp_path):
    batch(run, "-r", "photos", "out", "-k", "sharpen")
    before = tree(tmp_path / "out"), rows(tmp_path / "out")
    for path in photos.rglob("*"):  # whoever decodes these would see that they are no pictures
        if path.is_file():
            status = path.stat()
            path.write_bytes(bytes(status.st_size))
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    done = batch(run, "-r", "photos", "out", "-k", "sharpen")
    assert done.code == 0
    assert "0 done, 0 failed, 4 skipped" in done.err
    assert (tree(tmp_path / "out"), rows(tmp_path / "out")) == before


def test_a_touched_input_is_hashed_not_done_again(run, photos, tmp_path):
    batch(run, "-r", "photos", "out", "-k", "sharpen")
    inode = (tmp_path / "out" / "a.png").stat().st_ino
    os.utime(photos / "a.png", ns=(1, 1))
    done = batch(run, "-r", "photos", "out", "-k", "sharpen", "--json")
    assert len(events(done.out, "skipped")) == 4
    assert (tmp_path / "out" / "a.png").stat().st_ino == inode
    assert rows(tmp_path / "out")["a.png"]["input_mtime_ns"] == 1


@pytest.mark.parametrize("what", ["input", "recipe", "engine", "output lost", "row lost"])
@pytest.mark.sampled(4)
def test_a_second_run_does_what_changed_and_nothing_else(run, photos, tmp_path, what):
    batch(run, "-r", "photos", "out", "-k", "sharpen")
    manifest = tmp_path / "out" / ".imgconv" / "manifest.jsonl"
    kernel, expected = "sharpen", ["a.png"]
    match what:
        case "input":
            make_tree(photos, ["a.png"], seed=5)
        case "recipe":
            kernel, expected = "blur", NAMES
        case "engine":
            manifest.write_text(manifest.read_text().replace("OpenCV", "OpenCV 1 not"))
            expected = NAMES
        case "output lost":
            (tmp_path / "out" / "a.png").unlink()
        case "row lost":
            kept = [line for line in manifest.read_text().splitlines(True) if '"a.png"' not in line]
            manifest.write_text("".join(kept))
            (tmp_path / "out" / "a.png").unlink()
    done = batch(run, "-r", "photos", "out", "-k", kernel, "--json")
    assert done.code == 0
    assert sorted(event["target"] for event in events(done.out, "ok")) == expected
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
    batch(run, "-r", "photos", "fresh", "-k", kernel)
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")
    assert sorted(rows(tmp_path / "out")) == NAMES


@pytest.mark.thorough
def test_a_kernel_of_the_same_name_and_other_weights_is_another_recipe(run, photos, tmp_path):
    bank = tmp_path / "mine.yaml"
    text = "kernels:\n  mine:\n    description: Mine.\n    weights: [[1, 2, 1]]\n    scale: 1/%d\n"
    for scale in (4, 8):
        bank.write_text(text % scale)
        done = batch(run, "-r", "photos", "out", "-k", "mine", "--kernels", bank, "--json")
        assert len(events(done.out, "ok")) == 4


@pytest.mark.thorough
def test_another_quality_is_another_recipe_and_notes_are_kept(run, photos, tmp_path):
    assert batch(run, "-r", "photos", "out").code == 0
    done = batch(run, "-r", "photos", "out", "--quality", "40", "--json")
    assert len(events(done.out, "ok")) == 4
    assert run("apply", "photos/b.jpg", "b.jpg", "--quality", "40").code == 0
    assert (tmp_path / "b.jpg").read_bytes() == (tmp_path / "out" / "b.jpg").read_bytes()
    make_tree(photos, ["many.png"], size=(40, 40))
    assert batch(run, "photos/many.png", "gif", "--format", "gif").code == 0
    assert "256 colours" in rows(tmp_path / "gif")["many.gif"]["notes"][0]
    limited = batch(run, "-r", "photos", "small", "--max-pixels", "100")
    assert limited.err.count("the limit is 100") == 5
    assert_fails(batch(run, "-r", "photos", "x", "--quality", "9", "--lossless"), 2, "not both")


@pytest.mark.thorough
def test_what_others_wrote_is_not_overwritten(run, photos, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_text("mine")
    done = batch(run, "-r", "photos", "out", "-k", "sharpen")
    assert done.code == 1
    assert "Failed: out/a.png" in done.err
    assert (tmp_path / "out" / "a.png").read_text() == "mine"
    assert rows(tmp_path / "out")["a.png"]["error"] == "OutputExistsError"
    assert batch(run, "-r", "photos", "out", "-k", "sharpen").code == 1
    assert batch(run, "-r", "photos", "out", "-k", "sharpen", "--overwrite").code == 0
    assert written(tmp_path / "out" / "a.png").shape == (12, 10, 3)


def test_an_output_that_was_changed_since_is_somebody_elses(run, photos, tmp_path):
    batch(run, "-r", "photos", "out", "-k", "sharpen")
    (tmp_path / "out" / "a.png").write_text("retouched by hand")
    done = batch(run, "-r", "photos", "out", "-k", "sharpen")
    assert done.code == 1
    assert (tmp_path / "out" / "a.png").read_text() == "retouched by hand"


def test_in_place_once_and_not_twice(run, photos, tmp_path):
    assert_fails(batch(run, "-r", "photos", "photos", "-k", "sharpen"), 5, "--in-place")
    batch(run, "-r", "photos", "out", "-k", "sharpen")
    for _ in range(2):
        done = batch(run, "-r", "photos", "photos", "-k", "sharpen", "--in-place")
        assert done.code == 0
        assert tree(photos) == tree(tmp_path / "out")
    assert "4 skipped" in done.err


def test_names_follow_the_template_and_the_format(run, photos, tmp_path):
    template = "{stem}_{kernel}{ext}"
    options = ("-k", "gaussian:sigma=1.4", "--name", template, "--format", "png")
    assert batch(run, "photos/a.png", "photos/b.jpg", "out", *options).code == 0
    assert sorted(tree(tmp_path / "out")) == [
        "a_gaussian_sigma_1.4.png",
        "b_gaussian_sigma_1.4.png",
    ]


@pytest.mark.parametrize(
    "template",
    ["../{stem}", "/{stem}", "{stem}/x{ext}", "{stem.__class__}", "{0}", "{stem!r}", "same.png",
     "{stem", "{stem:>9}", "-{stem}{ext}", "{stem}\n", "{other}{stem}"],
)  # fmt: skip
def test_unsafe_templates_are_refused(run, photos, tmp_path, template):
    assert_fails(batch(run, "-r", "photos", "out", "--name", template), 2, "--name")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["A/x.png", "a/X.png"], [], ["A/x.png", "a/X.png", "differ in case"]),
        (["cafe\u0301.png", "caf\u00e9.png"], [], ["cafe\u0301.png", "Unicode form"]),
        (["STRASSE.png", "stra\u00dfe.png"], [], ["STRASSE.png"]),
        (["x.jpg", "x.png"], ["--format", "png"], ["x.jpg", "x.png"]),
    ],
)
@pytest.mark.sampled(6)
def test_of_outputs_that_would_collide_the_first_is_written(run, tmp_path, names, options, words):
    make_tree(tmp_path / "photos", [*names, "other.png"])
    calm = batch(run, f"photos/{names[0]}", "photos/other.png", "calm", *options)
    assert calm.code == 0
    for count in (2, 0):  # again: the first still holds, and the second still fails
        done = batch(run, "-r", "photos", "out", *options, "--json")
        assert (done.code, len(events(done.out, "ok"))) == (1, count)
        (failure,) = events(done.out, "failed")
        assert failure["source"] == names[1]
        assert all(word in failure["message"] for word in words)
    out = tree(tmp_path / "out")
    assert sorted(map(os.path.basename, out)) == sorted(tree(tmp_path / "calm"))
    assert sorted(out.values()) == sorted(tree(tmp_path / "calm").values())
    assert run("manifest", "verify", "out").code == 0


def test_two_folders_with_one_name_in_both_collide(run, tmp_path):
    make_tree(tmp_path / "one", ["x.png"])
    make_tree(tmp_path / "two", ["x.png", "y.png"])
    done = batch(run, "-r", "one", "two", "out")
    assert done.code == 1
    assert "Failed: x.png: its output, x.png, would be that of one/x.png too" in done.err
    assert sorted(tree(tmp_path / "out")) == ["x.png", "y.png"]


def test_a_file_where_a_folder_of_outputs_must_be(run, tmp_path):
    make_tree(tmp_path / "one", ["x.png"])
    make_tree(tmp_path / "two", ["x.png/y.png"])
    done = batch(run, "-r", "one", "two", "out")
    assert done.code == 1
    assert "x.png/y.png: its folder, x.png, has the name of the output of one/x.png" in done.err
    assert list(tree(tmp_path / "out")) == ["x.png"]
    done = batch(run, "-r", "two", "one", "swapped")
    assert (done.code, done.err.count("has the name of a folder of outputs")) == (1, 1)
    assert list(tree(tmp_path / "swapped")) == ["x.png/y.png"]


def test_outputs_inside_the_inputs(run, photos, tmp_path):
    assert_fails(batch(run, "-r", "photos", "photos/out"), 2, "inside", "photos/out")
    assert_fails(batch(run, "-r", ".", "out"), 2, "inside")
    assert not (tmp_path / "out").exists()
    other = ("--name", "{stem}_x{ext}")
    assert_fails(batch(run, "-r", "photos", "photos", "--in-place", *other), 2, "inside")
    assert_fails(batch(run, "photos/a.png", "photos"), 5, "its own output", "--in-place")


def test_links_that_lead_out(run, photos, tmp_path):
    make_tree(tmp_path, ["secret.png"])
    (photos / "link.png").symlink_to("../secret.png")
    (photos / "inner.png").symlink_to("a.png")
    done = batch(run, "-r", "photos", "out", "--json")
    assert done.code == 0
    assert [e["target"] for e in events(done.out, "skipped")] == ["link.png"]
    assert "inner.png" in tree(tmp_path / "out")
    assert rows(tmp_path / "out")["link.png"]["status"] == "skipped"

    (tmp_path / "away").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "sub").symlink_to("../away")
    assert_fails(batch(run, "-r", "photos", "new"), 5, "new/sub", "leads out")
    assert not list((tmp_path / "away").iterdir())


def test_a_list_on_stdin_and_a_pattern(imgconv, photos, tmp_path):
    listed = b"photos/a.png\0./photos/sub/../sub/c.png\0"
    assert imgconv("batch", "--from0", "out", "-q", stdin=listed).code == 0
    assert sorted(tree(tmp_path / "out")) == ["photos/a.png", "photos/sub/c.png"]
    assert imgconv("batch", "photos/**/*.png", "globbed", "-q").code == 0
    assert sorted(tree(tmp_path / "globbed")) == ["a.png", "sub/c.png"]
    assert imgconv("batch", "--from0", "out", stdin=b"../x.png\0").code == 2


def test_nothing_matched(run, tmp_path):
    (tmp_path / "empty").mkdir()
    assert_fails(batch(run, "-r", "empty", "out"), 6, "no pictures")
    assert_fails(batch(run, "*.png", "out"), 6, "no pictures")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["out"], ["DST is missing", "batch SRC... DST"]),
        ([], ["SRC and DST are missing"]),
        (["-r", "photos", "out", "--shard", "3/2"], ["'3/2'"]),
        (["-r", "photos", "out", "--shard", "half"], ["'half'"]),
        (["-r", "photos", "out", "--max-memory", "lots"], ["'lots'"]),
    ],
)
def test_wrong_usage(run, photos, arguments, words):
    assert_fails(run("batch", *arguments), 2, *words)


def test_a_dry_run_writes_nothing(run, photos, tmp_path):
    done = batch(run, "-r", "photos", "out", "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert done.out.decode().splitlines()[0] == "filter     photos/a.png -> out/a.png"
    assert len(done.out.splitlines()) == 4
    assert not (tmp_path / "out").exists()
    batch(run, "photos/a.png", "out")
    (tmp_path / "out" / "b.jpg").touch()
    planned = events(batch(run, "-r", "photos", "out", "--dry-run", "--json").out, "plan")
    assert [plan["action"] for plan in planned] == ["unchanged", "fail", "filter", "filter"]


def test_json_streams_events(run, photos, tmp_path):
    (photos / "bad.png").write_bytes(b"")
    done = batch(run, "-r", "photos", "out", "--json")
    assert (done.code, done.err) == (1, "")
    told = [json.loads(line) for line in done.out.splitlines()]
    assert told[0] == {"event": "plan", "total": 5}
    assert (told[-1]["event"], told[-1]["ok"], told[-1]["failed"]) == ("summary", 4, 1)
    assert events(done.out, "failed")[0]["message"].startswith("bad.png: ")


def test_quiet_says_failures_only(run, photos):
    assert batch(run, "-r", "photos", "out", "--quiet").err == ""
    (photos / "bad.png").write_bytes(b"")
    assert batch(run, "-r", "photos", "out", "--quiet").err.startswith("Failed: bad.png: ")


@pytest.mark.thorough
def test_shards_make_the_tree_of_one_run(run, photos, tmp_path):
    make_tree(photos, [f"{i}.png" for i in range(12)])
    whole = batch(run, "-r", "photos", "whole", "-k", "sharpen", "--json")
    done = 0
    for shard in ("1/3", "2/3", "3/3"):
        part = batch(run, "-r", "photos", "out", "-k", "sharpen", "--shard", shard, "--json")
        done += len(events(part.out, "ok"))
    assert done == len(events(whole.out, "ok")) == 16
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")
    names = sorted(path.name for path in (tmp_path / "out" / ".imgconv").glob("manifest*.jsonl"))
    assert names == [f"manifest-{i}-of-3.jsonl" for i in (1, 2, 3)]

    merged = run("manifest", "merge", "out", "--json")
    assert json.loads(merged.out) == {"rows": 16, "manifests": 3}
    assert sorted(rows(tmp_path / "out")) == sorted(tree(tmp_path / "whole"))
    assert "16 skipped" in batch(run, "-r", "photos", "out", "-k", "sharpen").err


def test_verify_finds_what_is_missing_and_changed(run, photos, tmp_path):
    assert_fails(run("manifest", "verify", "photos"), 6, "no manifest")
    batch(run, "-r", "photos", "out")
    done = run("manifest", "verify", "out")
    assert (done.code, done.out) == (0, b"")
    (tmp_path / "out" / "a.png").unlink()
    (tmp_path / "out" / "b.jpg").write_bytes(b"x")
    done = run("manifest", "verify", "out", "--json")
    assert done.code == 1
    found = json.loads(done.out)["findings"]
    told = sorted((finding["kind"], finding["target"]) for finding in found)
    assert told == [("changed", "b.jpg"), ("missing", "a.png")]
    assert "4 rows, 2 findings\n" in run("manifest", "verify", "out").err


def test_one_row_is_not_rows(run, photos, tmp_path):
    batch(run, "photos/a.png", "out")
    assert run("manifest", "verify", "out").err == "1 row, 0 findings\n"
    (tmp_path / "out" / "a.png").unlink()
    assert run("manifest", "verify", "out").err == "1 row, 1 finding\n"
    assert run("manifest", "repair", "out").err == "0 rows, 1 dropped\n"


def test_from_python(photos, tmp_path):
    import imgconv

    told = []
    report = imgconv.filter_folder(
        photos, tmp_path / "out", kernels=["blur"], padding="wrap", jobs=1, on_event=told.append
    )
    assert (report.ok, report.failed, report.total) == (4, 0, 4)
    assert sorted(event.entry.target for event in told) == NAMES
    planned = imgconv.plan_folder(photos, tmp_path / "out", kernels=["blur"], padding="wrap")
    assert {plan.action for plan in planned} == {"unchanged"}
    with pytest.raises(imgconv.ImgconvError, match="not both"):
        imgconv.filter_folder(photos, tmp_path / "o", imgconv.Recipe(), gray="bt709")


def test_the_program_stays_light_until_workers_start(tmp_path):
    import subprocess
    import sys

    code = "import imgconv.cli.batch, imgconv.jobs.batch.run, sys; "
    code += "print(sorted({'numpy', 'cv2', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"[]\n"
