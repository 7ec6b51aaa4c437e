"""Limits that are hit before the work, and what messages quote."""

from __future__ import annotations

import numpy as np
import pytest
from cli.program import assert_fails, save

from imgconv import recipe_from
from imgconv.model.errors import LimitError
from imgconv.ops.explain.explain import explain

NO_NUMBER = {
    "a list": ("bias: [1/0]", ":3:12: '1/0' divides by zero"),
    "a text": ("bias: 1/0", ":3:11: '1/0' divides by zero"),
    "numbers": ("bias: 2, x", "is not a number"),
    "by name": ("bias: {blur: 1/0}", "divides by zero"),
}


@pytest.mark.parametrize("name", NO_NUMBER)
@pytest.mark.parametrize("weights", ["filters: [blur]", "weights: [[[[1, 2]]]]"])
def test_a_bias_that_is_no_number_is_told_by_its_place(run, tmp_path, gray, name, weights):
    bias, words = NO_NUMBER[name]
    if name == "by name" and weights.startswith("weights"):
        weights = "weights: {blur: [[1, 2]]}"
    save(tmp_path / "in.png", gray)
    (tmp_path / "net.yaml").write_text(f"layers:\n  - {weights}\n    {bias}\n")
    assert_fails(
        run("layer", "in.png", "out.npy", "--weights", "net.yaml"), 3, "net.yaml:3:", words
    )


@pytest.mark.parametrize("bias", ["1/0", "x", "1e999"])
def test_a_bias_on_the_command_line_is_told(run, tmp_path, gray, bias):
    save(tmp_path / "in.png", gray)
    assert run("layer", "in.png", "out.npy", "-k", "blur", "--bias", bias).code == 2


@pytest.mark.thorough
def test_a_pixel_of_a_giant_window_is_not_explained(run, tmp_path, gray):
    save(tmp_path / "in.png", gray)
    done = run("explain", "in.png", "-k", "box:999", "--at", "3,3")
    assert_fails(done, 7, "has 998001 weights; a pixel is explained of 65536 at most")
    image = np.arange(20.0, dtype=np.float32).reshape(4, 5)
    assert len(explain(image, recipe_from({"kernels": ["box:255"]}), (1, 1)).stages) == 1
    for kernels in (["box:257"], ["identity", "median:301"]):
        with pytest.raises(LimitError, match="a pixel is explained of 65536 at most"):
            explain(image, recipe_from({"kernels": kernels}), (1, 1))


LONG = "x" * 5000


@pytest.mark.parametrize(
    "words",
    [
        (LONG, "out.png", "-k", "blur"), ("in.png", LONG, "-k", "blur"),
        ("in.png", "out.png", "-k", LONG), ("in.png", "out.png", "-k", f"./{LONG}.yaml"),
        ("in.png", "out.png", f"--{LONG}"), ("in.png", "out.png", "--padding", LONG),
        ("in.png", "out.png", "-k", f"blur:{LONG}=3"), ("in.png", "out.png", "--recipe", LONG),
        ("in.png", "out.png", "-k", "1," * 5000 + "z"), ("in.png", "out.png", "--mask", LONG),
    ],
    ids=range(10),
)  # fmt: skip
def test_messages_quote_little_of_what_was_given(run, tmp_path, gray, words):
    save(tmp_path / "in.png", gray)
    done = run("apply", *words)
    assert done.code in (2, 3, 4, 5)
    for line in done.err.splitlines():
        assert max(map(len, line.split())) <= 200
        assert len(line) < 2100


@pytest.mark.parametrize(
    "words",
    [
        ("diff", "in.png", "other.png", "--html", LONG), ("golden", "init", LONG),
        ("layer", "in.png", LONG, "-k", "blur"),
        ("batch", "in.png", "-k", "blur", "o", "--mask", LONG),
        ("batch", LONG, "-k", "blur", "o"), ("recover", "in.png", LONG),
    ],
    ids=range(6),
)  # fmt: skip
def test_a_name_that_is_too_long_is_told_everywhere(run, tmp_path, gray, words):
    save(tmp_path / "in.png", gray)
    save(tmp_path / "other.png", gray[::-1])
    done = run(*words)
    assert 0 < done.code < 70
    assert max(map(len, done.err.split())) <= 200
