"""The options that make up a recipe, as people write them."""

from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest
from cli.program import assert_fails, written


@pytest.fixture
def recipe(run):
    """Give the lines that --print-recipe writes for some options."""

    def lines(*options):
        done = run("apply", *options, "--print-recipe")
        assert (done.code, done.err) == (0, ""), done.err
        return done.out.decode().splitlines()

    return lines


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--gray"], "steps: [gray]"),
        (["--gray", "bt709"], 'steps: ["gray:bt709"]'),
        (["--gray=linear"], 'steps: ["gray:linear"]'),
        (["--gray", "--invert"], "steps: [gray, invert]"),
        (["--binarize"], 'steps: ["binarize:otsu"]'),
        (["--binarize", "128"], 'steps: ["binarize:128"]'),
        (["--binarize", "127.5"], 'steps: ["binarize:255/2"]'),
        (["--binarize", "255/2"], 'steps: ["binarize:255/2"]'),
        (["--binarize", "li"], 'steps: ["binarize:li"]'),
        (
            ["--binarize", "sauvola:window=31,k=0.3"],
            'steps: ["binarize:sauvola:window=31,k=3/10"]',
        ),
    ],
)
def test_tone_with_and_without_a_value(recipe, options, line):
    assert line in recipe(*options)


@pytest.mark.parametrize("option", ["--gray", "--binarize"])
def test_a_bare_option_leaves_the_file_names_alone(run, colour, tmp_path, option):
    assert run("apply", option, "colour.png", "out.png").code == 0
    assert written(tmp_path / "out.png").shape == (96, 80)
    assert run("apply", "colour.png", option, "again.png").code == 0
    assert run("apply", "colour.png", "last.png", option).code == 0
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "last.png").read_bytes()


def test_bare_gray_is_opencv_s(run, colour, rgb, tmp_path):
    assert run("apply", "--gray", "colour.png", "out.png").code == 0
    expected = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    assert np.array_equal(written(tmp_path / "out.png"), expected)


@pytest.mark.parametrize(("option", "value"), [("--gray", "bt2020"), ("--binarize", "best")])
def test_a_method_that_is_none_is_named_with_those_that_are(run, colour, option, value):
    done = run("apply", "colour.png", "out.png", f"{option}={value}")
    assert_fails(done, 2, repr(value), {"--gray": "bt601", "--binarize": "sauvola"}[option])


@pytest.mark.parametrize(("option", "value"), [("--gray", "bt2020"), ("--binarize", "best")])
def test_so_is_one_that_stands_apart(run, colour, tmp_path, option, value):
    """IN and OUT are there already, so the word can only be meant as the method."""
    done = run("apply", "colour.png", "out.png", option, value)
    assert_fails(done, 2, value, {"--gray": "bt601", "--binarize": "sauvola"}[option])


@pytest.mark.parametrize("option", ["--padding", "--border"])
@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("replicate", "replicate"),
        ("np:edge", "replicate"),
        ("np:reflect", "reflect101"),
        ("scipy:reflect", "reflect"),
        ("scipy:mirror", "reflect101"),
        ("torch:circular", "wrap"),
        ("im:mirror", "reflect"),
        ("vips:black", "constant"),
        ("cv2:reflect_101", "reflect101"),
        ("ZERO", "constant"),
    ],
)
def test_borders_have_one_option_and_many_names(recipe, option, name, mode):
    assert f"padding: {mode}" in recipe(option, name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mirror", ["'mirror'", "different things", "scipy:mirror", "im:mirror"]),
        ("np:nearest", ["np", "np:edge"]),
        ("round", ["'round'", "replicate"]),
    ],
)
def test_a_border_that_is_none(run, name, words):
    assert_fails(run("apply", "--padding", name, "--print-recipe"), 2, *words)


def test_the_padding_is_what_is_computed(run, photo, gray, tmp_path):
    options = ("-k", "1 0 0", "--padding", "constant", "--border-value", "200")
    assert run("apply", "photo.png", "out.png", *options).code == 0
    shifted = np.pad(gray, ((0, 0), (1, 0)), constant_values=200)[:, :-1]
    assert np.array_equal(written(tmp_path / "out.png"), shifted)


@pytest.mark.parametrize(
    ("matrix", "weights"),
    [
        ("0 -1 0; -1 5 -1; 0 -1 0", [["0", "-1", "0"], ["-1", "5", "-1"], ["0", "-1", "0"]]),
        ("1/9 -2/3", [["1/9", "-2/3"]]),
        ("0.1, 0.2", [["1/10", "1/5"]]),
        ("-1", [["-1"]]),
        ("1e-2 .5", [["1/100", "1/2"]]),
        ("1;2;", [["1"], ["2"]]),
        ("1 2\n3 4", [["1", "2"], ["3", "4"]]),
    ],
)
def test_inline_matrices_are_exact(run, matrix, weights):
    """As `-k` everywhere: `kernels show` shows what was understood."""
    shown = json.loads(run("kernels", "show", "--json", "--", matrix).out)
    assert shown["weights"] == weights


def test_a_matrix_may_begin_with_a_minus(recipe):
    assert recipe("-k", "-1 0 1")[0] == 'steps: ["-1 0 1"]'
    assert recipe("--kernel=-1 0 1")[0] == 'steps: ["-1 0 1"]'


def test_a_kernel_of_a_file(run, photo, gray, bank, tmp_path):
    options = ("--depth", "i16", "--padding", "replicate")
    assert run("apply", "photo.png", "out.tiff", "-k", "./mine.yaml#edge", *options).code == 0
    wide = gray.astype(np.int16)
    expected = np.diff(wide, axis=1, prepend=wide[:, :1])
    assert np.array_equal(written(tmp_path / "out.tiff"), expected)


def test_a_bank_from_an_option_or_from_the_environment(run, bank, monkeypatch):
    assert_fails(run("kernels", "show", "soft"), 3, "'soft'")
    assert run("kernels", "show", "soft", "--kernels", "mine.yaml").code == 0
    assert run("kernels", "show", "soft", "--kernels", bank.parent).code == 0
    monkeypatch.setenv("IMGCONV_KERNELS", str(bank))
    assert run("kernels", "show", "soft").code == 0
    assert run("kernels", "show", "sharpen").code == 0


def test_a_later_bank_hides_an_earlier_one(run, tmp_path, monkeypatch):
    for name in ("environment", "first", "second"):
        text = f"kernels:\n  sharpen: {{description: {name}, weights: [[1]]}}\n"
        (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.setenv("IMGCONV_KERNELS", "environment.yaml")

    def shown(*options):
        return json.loads(run("kernels", "show", "sharpen", "--json", *options).out)["description"]

    assert shown() == "environment"
    assert shown("--kernels", "first.yaml") == "first"
    assert shown("--kernels", "first.yaml", "--kernels", "second.yaml") == "second"


def test_a_bank_that_is_not_there(run, monkeypatch):
    assert_fails(run("apply", "--kernels", "no.yaml", "-k", "blur", "--print-recipe"), 3, "no.yaml")
    monkeypatch.setenv("IMGCONV_KERNELS", "nowhere")
    assert_fails(run("apply", "-k", "blur", "--print-recipe"), 3, "nowhere")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--stride", "0"),
        ("--stride", "1,2,3"),
        ("--dilation", "-1"),
        ("--dilation", "1.5"),
        ("--size", "large"),
        ("--size", "1,2"),
        ("--size", "-1"),
        ("--range", "auto"),
        ("--depth", "u32"),
        ("--rounding", "up"),
        ("--border-value", "red"),
        ("--anchor", "1"),
        ("--anchor", "a,b"),
        ("--threads", "0"),
    ],
)
def test_a_wrong_value_is_wrong_usage_and_is_named(run, photo, tmp_path, option, value):
    done = run("apply", "photo.png", "out.png", "-k", "blur", f"{option}={value}")
    assert_fails(done, 2, value)
    assert not (tmp_path / "out.png").exists()


def test_an_anchor_outside_the_kernel(run, photo, tmp_path):
    done = run("apply", "photo.png", "out.png", "-k", "blur", "--anchor", "3,0")
    assert_fails(done, 3, "3,0" if "3,0" in done.err else "(3, 0)")
    assert not (tmp_path / "out.png").exists()


def test_a_picture_of_indices_says_that_it_looks_black_and_how_to_see_it(run, photo, tmp_path):
    done = run("apply", photo, "i.png", "-k", "kirsch:output=index")
    said = re.fullmatch(
        r"Note: the values are 0 to 7, which look black; imgconv (.*) shows them\n", done.err
    )
    assert said, done.err
    assert run(*said[1].split()).code == 0
    assert written(tmp_path / "seen.png").max() == 255
    assert "black" not in run("apply", photo, "o.png", "-k", "kirsch").err
    assert run("apply", photo, "q.png", "-k", "kirsch:output=index", "-q").err == ""
