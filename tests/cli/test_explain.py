"""`imgconv explain` through the program."""

from __future__ import annotations

import json

import pytest
from cli.program import assert_fails, written
from PIL import Image

TABLE = """\
sharpen at row 0, column 2 of its output
  3 x 3, anchor 1,1
    tap  reads  pixel  weight  product
    0,0   -1,1    {a}       0        0  outside: reflect101 reads 1,1
"""


def test_the_table(run, photo, gray):
    done = run("explain", "photo.png", "-k", "sharpen", "--at", "0,2")
    assert (done.code, done.err) == (0, "")
    text = done.out.decode()
    assert text.startswith(TABLE.format(a=gray[1, 1]))
    assert run("apply", "photo.png", "out.png", "-k", "sharpen").code == 0
    assert f"  written by the engine: {written(photo.with_name('out.png'))[0, 2]}\n" in text


def test_json_adds_up(run, photo):
    words = ("-k", "gaussian:1", "-k", "emboss", "--padding", "constant", "--border-value", "9")
    done = run("explain", "photo.png", *words, "--at", "0,0", "--json")
    data = json.loads(done.out)
    assert (done.code, done.err, len(data["stages"])) == (0, "", 2)
    assert data["sum"] == sum(tap["product"] for tap in data["taps"])
    assert {"row", "col", "source", "pixel", "weight", "product"} <= data["taps"][0].keys()
    assert data["taps"][0]["source"] is None
    assert data["taps"][4]["source"] == [0, 0]
    assert run("apply", "photo.png", "out.png", *words).code == 0
    assert data["value"] == written(photo.with_name("out.png"))[0, 0]


def test_colour_has_a_number_for_each_channel(run, colour, rgb):
    data = json.loads(run("explain", "colour.png", "-k", "blur", "--at", "1,1", "--json").out)
    assert data["taps"][0]["pixel"] == rgb[0, 0].tolist()
    assert data["sum"] == rgb[:3, :3].reshape(9, 3).sum(axis=0).tolist()


def test_tone_and_steps_are_named(run, colour):
    words = ("--gray", "-k", "blur", "-k", "sobel", "--range", "abs", "--at", "3,4")
    text = run("explain", "colour.png", *words).out.decode()
    for said in (
        "before the kernels: gray bt601",
        "step 1 of 2",
        "step 2 of 2",
        "sobel_y, 3 x 3",
        "root_sum_squares, absolute: ",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-k", "blur"], 2, "say what to explain"),
        (["-k", "blur", "--gif", "x.gif", "--crop", "0,0,3"], 2, "is not top,left,rows,columns"),
        (["-k", "blur", "--at", "5"], 2, "'5' is not a row and a column"),
        (["-k", "blur", "--at", "96,0"], 2, "96,0 lies outside the output of 96 x 80"),
        (["--at", "0,0"], 2, "there is no kernel to explain"),
        (["-k", "nosuch", "--at", "0,0"], 3, "nosuch"),
    ],
)
def test_what_cannot_be_explained(run, photo, words, code, said):
    assert_fails(run("explain", "photo.png", *words), code, said)


@pytest.mark.parametrize(("kind", "form"), [("gif", "GIF"), ("apng", "PNG")])
@pytest.mark.sampled(2)
def test_an_animation(run, colour, tmp_path, kind, form):
    done = run("explain", "colour.png", "-k", "sharpen", f"--{kind}", "window", "--crop", "2,3,5,4")
    assert (done.code, done.out) == (0, b"")
    assert "window: 20 frames over the 5 x 4 pixels at row 2, column 3" in done.err
    with Image.open(tmp_path / "window") as animation:
        assert (animation.format, animation.n_frames) == (form, 20)
        assert animation.info["loop"] == 0
        assert animation.info["duration"] == 700
        before = animation.convert("RGB").tobytes()
        animation.seek(19)
        assert animation.convert("RGB").tobytes() != before
    assert (tmp_path / "window").stat().st_size < 1_000_000
    again = run("explain", "colour.png", "-k", "sharpen", f"--{kind}", "window")
    assert_fails(again, 5, "window exists", "--overwrite")


@pytest.mark.thorough
def test_the_default_animation_is_small(run, colour, tmp_path):
    assert run("explain", "colour.png", "-k", "blur", "--gif", "a.gif", "--apng", "a.png").code == 0
    assert (tmp_path / "a.gif").stat().st_size < 2_000_000
    assert (tmp_path / "a.png").stat().st_size < 2_000_000
