"""Pipes: `-` is stdin or stdout, data goes to stdout alone, words to stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from cli.program import assert_fails, written

PROGRAM = [sys.executable, "-m", "imgconv"]


def test_a_pipe_gives_the_same_bytes_as_files(imgconv, photo, tmp_path):
    piped = imgconv("apply", "-", "-", "--format", "png", "-k", "blur", stdin=photo.read_bytes())
    assert (piped.code, piped.err) == (0, "")
    assert imgconv("apply", "photo.png", "out.png", "-k", "blur").code == 0
    assert piped.out == (tmp_path / "out.png").read_bytes()


@pytest.mark.parametrize("name", ["png", "jpeg", "tiff", "webp", "bmp", "pgm", "jpg", ".PNG"])
@pytest.mark.sampled(3)
def test_every_format_goes_to_stdout(imgconv, photo, gray, name):
    done = imgconv("apply", photo, "-", "--format", name)
    assert (done.code, done.err) == (0, "")
    pixels = cv2.imdecode(np.frombuffer(done.out, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.shape[:2] == gray.shape


def test_stdin_to_a_file_with_json(imgconv, photo, tmp_path):
    done = imgconv("apply", "-", "out.png", "-k", "9", "--json", stdin=photo.read_bytes())
    report = json.loads(done.out)
    assert (report["source"], report["target"]) == ("stdin", "out.png")
    assert done.err.startswith("Note: ")
    assert written(tmp_path / "out.png").shape == (96, 80)


def test_words_go_to_stderr_and_the_picture_to_stdout(imgconv, photo):
    done = imgconv("binarize", "-", "-", "--format", "png", stdin=photo.read_bytes())
    assert done.out.startswith(b"\x89PNG")
    assert done.err.startswith("threshold ")


def test_compare_reads_stdin(imgconv, photo):
    done = imgconv("compare", "-", "-k", "blur", "--json", stdin=photo.read_bytes())
    assert json.loads(done.out)["pixels"] == 96 * 80


def test_all_of_the_bank_reads_stdin_too(imgconv, photo):
    """`--all` takes IN like any other comparison."""
    done = imgconv("compare", "-", "--all", "--json", stdin=photo.read_bytes())
    assert done.code == 0, done.err
    assert json.loads(done.out)["passed"] > 100


def test_format_wins_over_the_suffix(run, photo, tmp_path):
    assert run("apply", "photo.png", "out.dat", "--format", "bmp").code == 0
    assert run("apply", "photo.png", "out.png", "--format", "bmp").code == 0
    assert (tmp_path / "out.dat").read_bytes().startswith(b"BM")
    assert (tmp_path / "out.png").read_bytes().startswith(b"BM")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["photo.png", "-"], 5, ["--format png"]),
        (["photo.png", "-", "--format", "giff"], 5, ["'giff'", "png", "webp"]),
        (["photo.png", "-", "--format", "png", "--json"], 2, ["--json", "stdout"]),
        (["-", "out.png"], 4, ["stdin", "empty"]),
        (["-", "out.png", "--compare"], 2, ["--compare", "-"]),
    ],
)
def test_streams_that_cannot_be(imgconv, photo, tmp_path, arguments, code, words):
    assert_fails(imgconv("apply", *arguments), code, *words)
    assert not (tmp_path / "out.png").exists()


def test_stdin_that_is_no_picture_is_called_stdin(imgconv):
    done = imgconv("apply", "-", "-", "--format", "png", stdin=b"hello")
    assert_fails(done, 4, "Error: stdin: not an image")


def test_a_terminal_is_not_a_picture(photo, tmp_path):
    master, terminal = os.openpty()
    try:
        for arguments, code, words in (
            (["apply", "-", "out.png"], 4, "stdin is a terminal"),
            (["apply", "photo.png", "-", "--format", "png"], 5, "stdout is a terminal"),
        ):
            done = subprocess.run(
                [*PROGRAM, *arguments],
                cwd=tmp_path,
                stdin=terminal,
                stdout=terminal,
                stderr=subprocess.PIPE,
                check=False,
            )
            assert done.returncode == code
            assert words in done.stderr.decode()
    finally:
        os.close(master)
        os.close(terminal)


@pytest.mark.parametrize(
    "arguments", [["apply", "photo.png", "-", "--format", "bmp"], ["kernels", "list", "--json"]]
)
def test_a_reader_that_has_had_enough_hears_nothing(photo, tmp_path, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, *arguments], cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (5, b"")


def test_a_full_stdout_is_an_output_that_cannot_be_written(photo, tmp_path):
    """/dev/full takes nothing: neither a picture nor JSON."""
    for arguments in (["apply", "photo.png", "-", "--format", "bmp"], ["doctor", "--json"]):
        with open("/dev/full", "wb") as full:  # noqa: PTH123
            done = subprocess.run(
                [*PROGRAM, *arguments],
                cwd=tmp_path,
                stdout=full,
                stderr=subprocess.PIPE,
                check=False,
            )
        assert done.returncode == 5, done.stderr
        assert done.stderr.startswith(b"Error: stdout")
        assert b"Traceback" not in done.stderr


def test_no_stdout_at_all(photo, tmp_path):
    """A shell's `>&-` leaves the program without one; that is not a bug of ours."""
    command = f"{sys.executable} -m imgconv apply photo.png - --format png >&-"
    done = subprocess.run(command, cwd=tmp_path, shell=True, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 5, done.stderr
    assert done.stderr.startswith(b"Error: stdout")


def test_no_colour_codes_and_no_progress_off_a_terminal(imgconv, photo):
    for arguments in (["--help"], ["apply", "missing.png", "out.png"]):
        done = imgconv(*arguments, env={"FORCE_COLOR": ""})
        assert b"\x1b" not in done.out + done.err.encode()
        assert b"\r" not in done.out + done.err.encode()
