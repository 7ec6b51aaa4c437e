"""`imgconv compare`: how a result stands against cv2.filter2D's."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cli.program import assert_fails, save, written

PROMISED = {
    "equal", "pixels", "max_abs_diff", "max_at", "mean_abs_diff", "rmse", "psnr", "ssim", "border",
    "interior", "causes", "tolerance", "within_tolerance", "opencv",
}  # fmt: skip
HALVES = "0 0 0; 1/2 1/2 0; 0 0 0"
NAIVE = ("--against", "naive", "--padding", "replicate")


@pytest.fixture
def ties(tmp_path):
    """Give a picture whose mean of two is a tie everywhere: truncation differs from rounding."""
    columns = np.arange(20, dtype=np.uint8) % 2 * 3
    return save(tmp_path / "ties.png", np.tile(columns, (16, 1)))


def test_what_opencv_does_not_have_is_not_called_equal(run, photo):
    done = run("compare", "photo.png", "-k", "mode")
    assert done.code == 0
    said = done.out.decode()
    assert "nothing to compare with (mode was done as here: OpenCV has no function for it)" in said
    assert "equal" not in said
    said = run("compare", "photo.png", "-k", "mode", "-k", "blur").out.decode()
    assert "  note: mode was done as here" in said
    assert json.loads(run("compare", "photo.png", "-k", "mode", "--json").out)["calls"] == []


def test_equal_is_exit_0_with_everything_that_was_promised(run, photo):
    done = run("compare", "photo.png", "-k", "sharpen", "--padding", "replicate", "--json")
    report = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert set(report) >= PROMISED
    assert report["equal"] == report["pixels"] == 96 * 80
    assert (report["max_abs_diff"], report["rmse"], report["psnr"]) == (0, 0, None)
    assert report["within_tolerance"] is True
    assert report["causes"] == []
    assert report["tolerance"] == 1
    assert report["max_at"] is None, "no place is where equal pictures differ most"
    assert b"greatest difference  0\n" in run("compare", "photo.png", "-k", "sharpen").out


def test_a_difference_is_counted_placed_and_explained(run, ties):
    options = ("-k", HALVES, *NAIVE, "--tolerance", "0", "--json")
    done = run("compare", "ties.png", *options)
    report = json.loads(done.out)
    assert done.code == 1
    assert report["within_tolerance"] is False
    assert report["equal"] < report["pixels"] == 320
    assert report["max_abs_diff"] == 1
    row, column = report["max_at"]
    assert 0 <= row < 16
    assert 0 <= column < 20
    assert report["causes"]
    assert sum(cause["pixels"] for cause in report["causes"]) >= 320 - report["equal"]
    assert report["border"]["pixels"] + report["interior"]["pixels"] == 320


def test_the_tolerance_decides(run, ties):
    options = ("-k", HALVES, *NAIVE)
    assert run("compare", "ties.png", *options, "--tolerance", "1").code == 0
    assert run("compare", "ties.png", *options, "--tolerance", "0.5").code == 1


METRIC_LIMITS = [
    (["--psnr", "40"], 0), (["--psnr", "60"], 1), (["--ssim", "0.9"], 0), (["--ssim", "1"], 1),
    (["--ciede2000", "9"], 0), (["--ciede2000", "0.01"], 1), (["--flip", "0.2"], 0),
    (["--flip", "0.0001"], 1), (["--psnr", "40", "--tolerance", "0.5"], 1),
    (["--antialias", "ignore"], 0), (["--antialias", "ignore", "--tolerance", "0"], 1),
]  # fmt: skip


@pytest.mark.parametrize(("options", "code"), METRIC_LIMITS)
def test_metrics_are_limits_too(run, ties, options, code):
    """Truncation changes every second value by one level."""
    done = run("compare", "ties.png", "-k", HALVES, *NAIVE, *options, "--json")
    report = json.loads(done.out)
    assert done.code == code
    assert report["within_tolerance"] is (code == 0)
    assert bool(report["broken"]) is (code == 1)
    names = [word[2:] for word in options if word in ("--psnr", "--ssim", "--ciede2000", "--flip")]
    assert list(report["metrics"]) == names


def test_a_limit_that_is_broken_is_named_with_its_version(run, ties):
    done = run("compare", "ties.png", "-k", HALVES, *NAIVE, "--psnr", "60", "--ssim", "0.5")
    verdict = done.out.decode().splitlines()[-1]
    assert verdict.startswith("  NOT within the limits: psnr/1 is 48.")
    assert verdict.endswith(", at least 60 must be")
    done = run("compare", "ties.png", "-k", "blur", "--flip", "0.5")
    assert done.out.decode().splitlines()[-1] == "  within the limits: flip/1 is 0"
    assert_fails(run("compare", "ties.png", "-k", "blur", "--ssim", "2"), 2, "from 0 to 1")


def test_the_words_name_the_version_and_the_verdict(run, ties):
    done = run("compare", "ties.png", "-k", HALVES, *NAIVE, "--tolerance", "0")
    text = done.out.decode()
    assert "OpenCV" in text
    assert "NOT within the tolerance of 0" in text
    assert "why: " in text


@pytest.mark.parametrize("padding", ["constant", "replicate", "reflect", "reflect101", "wrap"])
def test_every_padding_agrees_with_opencv(run, photo, padding):
    options = ("-k", "sobel_x", "--padding", padding, "--border-value", "77", "--json")
    report = json.loads(run("compare", "photo.png", *options).out)
    assert report["equal"] == report["pixels"]


def test_diff_writes_a_picture_whose_greatest_value_is_white(run, ties, tmp_path):
    options = ("-k", HALVES, *NAIVE, "--diff", "diff.png")
    done = run("compare", "ties.png", *options)
    picture = written(tmp_path / "diff.png")
    assert picture.shape == (16, 20)
    assert picture.max() == 255
    assert "diff.png" in done.err


def test_diff_overwrites_nothing_unasked(run, ties, tmp_path):
    (tmp_path / "diff.png").write_text("mine")
    options = ("-k", "blur", "--diff", "diff.png")
    assert_fails(run("compare", "ties.png", *options), 5, "diff.png exists", "--overwrite")
    assert (tmp_path / "diff.png").read_text() == "mine"
    assert run("compare", "ties.png", *options, "--overwrite").code == 0
    assert written(tmp_path / "diff.png").shape == (16, 20)


def test_all_is_a_table_of_the_whole_bank(run, tmp_path, gray):
    save(tmp_path / "in.png", gray[:24, :20])
    entries = json.loads(run("kernels", "list", "--json").out)["kernels"]
    names = [entry["name"] for entry in entries if entry["kind"] != "step"]
    done = run("compare", "in.png", "--all")
    lines = done.out.decode().splitlines()
    assert done.code == 0
    assert [line.split()[0] for line in lines[1:-1]] == names
    assert lines[-1].startswith(f"{len(names)} of {len(names)} kernels")


def test_all_as_json(run, tmp_path, gray):
    save(tmp_path / "in.png", gray[:8, :9])
    done = run("compare", "in.png", "--all", "--json")
    report = json.loads(done.out)
    assert done.code == 0
    assert report["passed"] == len(report["kernels"]) > 100


def test_all_goes_without_kernels_of_its_own(run, photo):
    assert_fails(run("compare", "photo.png", "--all", "-k", "blur"), 2, "--all", "-k")


@pytest.mark.parametrize("tolerance", ["-1", "nan", "inf"])
def test_a_tolerance_is_a_number_of_levels(run, photo, tolerance):
    """Infinity would pass whatever comes; NaN would fail whatever comes."""
    assert_fails(
        run("compare", "photo.png", "-k", "blur", "--tolerance", tolerance), 2, "--tolerance"
    )


def test_report_is_one_page_with_all_four_pictures(run, ties, tmp_path):
    words = ("compare", "ties.png", "-k", HALVES, *NAIVE, "--report", "page.html")
    done = run(*words)
    data = (tmp_path / "page.html").read_text().partition('id="data">')[2].partition("</script>")[0]
    (entry,) = json.loads(data)["entries"]
    assert [view["label"] for view in entry["views"]] == [
        "original", "the script's", "ours", "difference"
    ]  # fmt: skip
    assert entry["words"][0] == done.out.decode().splitlines()[0]
    assert_fails(run(*words), 5, "page.html exists")
    assert run(*words, "--overwrite").code == done.code
