"""`imgconv sheet` through the program."""

from __future__ import annotations

import json

import pytest
from cli.program import assert_fails, written


def test_a_sheet(run, photo, tmp_path):
    done = run("sheet", "photo.png", "sheet.png", "-k", "laplacian_9", "-k", "blur", "--json")
    assert done.code == 0
    data = json.loads(done.out)
    assert [kernel["name"] for kernel in data["kernels"]] == ["laplacian_9", "blur"]
    assert data["kernels"][1]["differing_pixels"] == 0
    assert done.err == "sheet.png: 2 kernels; 1 differs from OpenCV\n"
    assert written(tmp_path / "sheet.png").shape[2] == 3


def test_families_and_the_whole_bank(run, photo, tmp_path):
    done = run("sheet", "photo.png", "edges.png", "--family", "emboss", "--columns", "3")
    assert done.code == 0
    everything = run("sheet", "photo.png", "all.jpg", "--all", "--columns", "8", "--json")
    assert len(json.loads(everything.out)["kernels"]) > 190
    larger = run("sheet", "photo.png", "print.png", "-k", "blur", "--for", "print")
    assert larger.code == 0
    assert written(tmp_path / "print.png").shape[1] > 3 * 300


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "a sheet needs a kernel"),
        (["--family", "nosuch"], 3, "no family is called 'nosuch'"),
        (["-k", "blur", "--columns", "0"], 2, "--columns"),
    ],
)
def test_what_cannot_be_drawn(run, photo, words, code, said):
    assert_fails(run("sheet", "photo.png", "sheet.png", *words), code, said)
    assert not photo.with_name("sheet.png").exists()


def test_a_target_that_is_taken(run, photo):
    assert_fails(run("sheet", "photo.png", "photo.png", "-k", "blur"), 5, "photo.png exists")


def test_without_opencv_it_is_a_grid_that_begins_with_the_original(run, photo, gray, tmp_path):
    words = ("sheet", photo, "s.png", "-k", "identity", "-k", "invert", "--columns", "3")
    done = run(*words, "--no-opencv")
    assert (done.code, done.err) == (0, "s.png: 2 kernels\n")
    picture = written(tmp_path / "s.png")
    assert picture.shape[:2] == (26 + 160 + 16, 3 * (133 + 16))
    panels = [picture[26:186, 8 + i * 149 : 8 + i * 149 + 133].astype(int) for i in range(3)]
    assert (panels[0] == panels[1]).all()
    assert (panels[0] + panels[2] == 255).all()
    both = run(*words, "--overwrite")
    assert both.err == "s.png: 2 kernels; none differs from OpenCV, 1 not in OpenCV\n"
    missing = run("sheet", photo, "s.png", "-k", "mode", "--overwrite")
    assert missing.err == "s.png: 1 kernel; none differs from OpenCV, 1 not in OpenCV\n"
