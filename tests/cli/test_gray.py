"""`imgconv gray`: tone alone."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from cli.program import assert_fails, save, written


def test_the_default_is_that_of_opencv(run, colour, rgb, tmp_path):
    done = run("gray", "colour.png", "out.png")
    assert (done.code, done.out, done.err) == (0, b"", "")
    expected = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    assert np.array_equal(written(tmp_path / "out.png"), expected)


@pytest.mark.parametrize(
    ("method", "level"),
    [
        ("bt601", 124),
        ("bt709", 118),
        ("average", 117),
        ("lightness", 125),
        ("linear", 128),
        ("red", 200),
        ("green", 100),
        ("blue", 50),
    ],
)
def test_methods_on_one_pixel(run, tmp_path, method, level):
    save(tmp_path / "in.png", np.array([[[200, 100, 50]]], np.uint8))
    assert run("gray", "in.png", "out.png", "--method", method).code == 0
    assert written(tmp_path / "out.png").tolist() == [[level]]


def test_invert_is_the_negative(run, photo, gray, tmp_path):
    assert run("gray", "photo.png", "out.png", "--invert").code == 0
    assert np.array_equal(written(tmp_path / "out.png"), 255 - gray)


def test_16_bit_colour_stays_16_bit(run, tmp_path):
    save(tmp_path / "in.png", np.array([[[60000, 30000, 1000]]], np.uint16))
    assert run("gray", "in.png", "out.png", "--method", "average").code == 0
    result = written(tmp_path / "out.png")
    assert (result.dtype, result.tolist()) == (np.uint16, [[30333]])


def test_json_describes_the_result(run, colour):
    report = json.loads(run("gray", "colour.png", "out.png", "--json").out)
    assert report["source"] == "colour.png"
    assert report["target"] == "out.png"
    assert report["shape"] == [96, 80]
    assert report["depth"] == "u8"
    assert "steps: [gray]" in report["recipe"]


def test_an_unknown_method_names_those_that_are(run, colour, tmp_path):
    assert_fails(run("gray", "colour.png", "out.png", "--method", "bt2020"), 2, "bt601", "linear")
    assert not (tmp_path / "out.png").exists()
