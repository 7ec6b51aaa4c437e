"""File names as they come: with spaces, line ends, dashes and bytes that are no text."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from cli.program import assert_fails

NAMES = [
    b"with spaces and 'quotes'.png",
    b"two\nlines.png",
    b"\x1b[31mred\x07.png",
    b"not utf-8 \xff\xfe.png",
    "ünïcødé 照片.png".encode(),
    b"UPPER.PNG",
    b"a#b.yaml:c=d.png",
    b"%s%d{}.png",
    b".png.png",
]


def call(folder, *arguments, env=None):
    return subprocess.run(
        [sys.executable, "-m", "imgconv", *arguments],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, **(env or {})},
    )


@pytest.mark.parametrize("name", NAMES, ids=repr)
@pytest.mark.sampled(2)
def test_a_name_is_a_name(photo, gray, tmp_path, name):
    source, target = os.path.join(os.fsencode(tmp_path), name), b"out " + name  # noqa: PTH118
    photo.rename(os.fsdecode(source))
    done = call(tmp_path, "apply", name, target, "-k", "identity", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith("{")
    data = (tmp_path / os.fsdecode(target)).read_bytes()
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(pixels, gray)


@pytest.mark.parametrize("name", NAMES, ids=repr)
@pytest.mark.sampled(2)
def test_a_message_stays_one_line_without_control_characters(tmp_path, name):
    done = call(tmp_path, "apply", name, "out.png")
    assert done.returncode == 4
    text = done.stderr.decode()  # what is no text was written as an escape
    assert text.startswith("Error: ")
    assert text.endswith(": no such file\n")
    assert text[:-1].isprintable()


def test_a_name_that_is_not_ascii_in_a_locale_that_is(photo, tmp_path):
    done = call(tmp_path, "apply", "ü.png", "out.png", env={"LC_ALL": "C", "PYTHONUTF8": "0"})
    assert done.returncode == 4
    assert done.stderr.startswith(b"Error: ")
    assert done.stderr.endswith(b": no such file\n")


def test_a_leading_dash_after_two_dashes(run, photo, tmp_path):
    photo.rename(tmp_path / "-k.png")
    assert run("apply", "--", "-k.png", "--gray").code == 5
    assert run("apply", "--gray", "--", "-k.png", "--out.png").code == 0
    assert (tmp_path / "--out.png").exists()


def test_a_bare_option_word_after_two_dashes_is_a_name(run, photo, tmp_path):
    """After `--` nothing is an option, so `--gray` there is a file."""
    done = run("apply", "--format", "png", "--", "photo.png", "--gray")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "--gray").exists()
    assert run("apply", "photo.png", "--overwrite", "--format", "png", "--", "--binarize").code == 0
    assert (tmp_path / "--binarize").exists()


def test_a_file_called_minus(imgconv, photo, tmp_path):
    """`./-` is what every other program takes for a file of that name."""
    photo.rename(tmp_path / "-")
    done = imgconv("apply", "./-", "out.png")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "out.png").exists()


def test_an_empty_name(run, photo):
    assert_fails(run("apply", "", "out.png"), 4)
    assert_fails(run("apply", "photo.png", "", "--format", "png"), 5)


def test_a_diff_beside_a_name_with_spaces(run, photo, tmp_path):
    options = ("-k", "blur", "--diff", "the diff.png")
    assert run("compare", "photo.png", *options).code == 0
    assert (tmp_path / "the diff.png").exists()
