"""`imgconv binarize`: black and white."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from cli.program import assert_fails, save, written
from skimage import filters

GLOBAL = ["otsu", "triangle", "li", "yen", "isodata", "minimum", "mean"]
LOCAL = ["local-mean", "local-gaussian", "niblack", "sauvola"]


def test_the_default_is_otsu_and_says_its_threshold(run, photo, gray, tmp_path):
    done = run("binarize", "photo.png", "out.png")
    threshold, expected = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    assert np.array_equal(written(tmp_path / "out.png"), expected)
    assert (done.code, done.out, done.err) == (0, b"", f"threshold {threshold:g}\n")


@pytest.mark.parametrize("method", GLOBAL)
def test_global_methods_choose_what_scikit_image_chooses(run, photo, gray, tmp_path, method):
    chosen = json.loads(run("binarize", "photo.png", "out.png", "--method", method, "--json").out)
    theirs = getattr(filters, f"threshold_{method}")(gray)
    assert np.array_equal(written(tmp_path / "out.png"), np.where(gray > theirs, 255, 0))
    assert chosen["threshold"] == pytest.approx(float(theirs))


@pytest.mark.parametrize("method", LOCAL)
def test_local_methods_have_no_one_threshold(run, photo, tmp_path, method):
    done = run("binarize", "photo.png", "out.png", "--method", method, "--window", "15", "--json")
    assert json.loads(done.out)["threshold"] is None
    assert np.unique(written(tmp_path / "out.png")).tolist() == [0, 255]


def test_the_window_matters(run, photo, tmp_path):
    for window in (5, 31):
        options = ("--method", "sauvola", "--window", window)
        assert run("binarize", "photo.png", f"{window}.png", *options).code == 0
    assert not np.array_equal(written(tmp_path / "5.png"), written(tmp_path / "31.png"))


@pytest.mark.parametrize(("invert", "expected"), [([], [0, 0, 255]), (["--invert"], [255, 255, 0])])
def test_white_is_what_is_greater_than_the_threshold(run, tmp_path, invert, expected):
    save(tmp_path / "in.png", np.array([[127, 128, 129]], np.uint8))
    assert run("binarize", "in.png", "out.png", "--threshold", "128", *invert).code == 0
    assert written(tmp_path / "out.png").tolist() == [expected]


def test_colour_becomes_gray_first(run, tmp_path):
    save(tmp_path / "in.png", np.array([[[200, 100, 50]]], np.uint8))
    options = ("--threshold", "150", "--gray")
    assert run("binarize", "in.png", "red.png", *options, "red").code == 0
    assert run("binarize", "in.png", "green.png", *options, "green").code == 0
    assert written(tmp_path / "red.png").tolist() == [[255]]
    assert written(tmp_path / "green.png").tolist() == [[0]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--method", "sauvola", "--window", "4"], ["window is 4", "odd"]),
        (["--method", "sauvola", "--window", "1"], ["window is 1", "at least 3"]),
        (["--method", "otsu", "--window", "5"], ["otsu", "window"]),
        (["--method", "otsu", "--threshold", "5"], ["otsu", "threshold"]),
        (["--threshold", "much"], ["much", "number"]),
        (["--threshold", "1/0"], ["1/0", "zero"]),
        (["--method", "best"], ["best", "sauvola"]),
        (["--gray=pink"], ["pink", "bt601"]),
    ],
)
def test_wrong_parameters_are_wrong_usage(run, photo, tmp_path, options, words):
    assert_fails(run("binarize", "photo.png", "out.png", *options), 2, *words)
    assert not (tmp_path / "out.png").exists()
