"""Recipes: printed, read back, overridden, and refused with their place."""

from __future__ import annotations

import pytest
from cli.program import assert_fails

from imgconv.io.config.recipes import read_recipe
from imgconv.io.kernels.bank import KernelBank

OPTIONS = [
    [],
    ["-k", "sharpen"],
    ["-k", "gaussian:sigma=1.4", "-k", "sobel_x"],
    ["-k", "sobel:output=orientation"],
    ["-k", "-1 0 1"],
    ["-k", "1/9 1/9 1/9; 0.5 1 2"],
    ["-k", "1 2; 3 4", "--anchor", "0,1"],
    ["-k", "./mine.yaml#edge"],
    ["-k", "./a folder #1/mïne's.yaml#edge"],
    ["-k", "soft", "--kernels", "mine.yaml"],
    ["--convolve", "-k", "emboss"],
    ["--gray"],
    ["--gray", "lightness", "--invert"],
    ["--binarize", "128"],
    ["--binarize=-1/3"],
    ["--binarize", "fixed"],
    ["--binarize", "niblack:window=31,k=-0.2", "--binarize-after", "-k", "blur"],
    ["--binarize", "local-mean:offset=1/3"],
    ["--padding", "np:edge"],
    ["--padding", "constant", "--border-value", "-7"],
    ["--padding", "constant", "--border-value", "0.1"],
    ["--padding", "constant", "--border-value", "1e-7"],
    ["--stride", "2,3", "--dilation", "4"],
    ["--size", "valid"],
    ["--size", "2"],
    ["--size", "1,2,0,3"],
    ["--depth", "i16", "--rounding", "half-up", "--range", "abs"],
    ["--depth", "f32", "--range", "rescale"],
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_what_is_printed_is_read_back_as_the_same_recipe(run, tmp_path, bank, options):
    odd = tmp_path / "a folder #1"
    odd.mkdir()
    (odd / "mïne's.yaml").write_text(bank.read_text())
    banks = ["--kernels", "mine.yaml"] if "--kernels" in options else []
    printed = run("apply", *options, "--print-recipe")
    assert (printed.code, printed.err) == (0, "")
    (tmp_path / "recipe.yaml").write_bytes(printed.out)
    again = run("apply", "--recipe", "recipe.yaml", *banks, "--print-recipe")
    assert (again.code, again.out, again.err) == (0, printed.out, "")


def test_the_same_recipe_means_the_same_kernels(run, tmp_path, bank):
    """The text alone could lie: weights, scale and anchor are read back too."""
    options = ("-k", "1/3 2; 3 4", "-k", "small_blur", "-k", "./mine.yaml#edge")
    (tmp_path / "recipe.yaml").write_bytes(run("apply", *options, "--print-recipe").out)
    kernels = read_recipe("recipe.yaml", KernelBank.standard()).kernels
    assert [str(weight) for weight in kernels[0].weights[0]] == ["1/3", "2"]
    assert str(kernels[1].scale) == "1/49"
    assert kernels[2].anchor == (0, 1)


@pytest.mark.parametrize("anchor", ["", ", anchor: [0, 1]"])
def test_a_kernel_in_the_recipe_itself(run, tmp_path, anchor):
    text = f"kernels: [{{weights: [[1, 2]], scale: 1/3, offset: 5{anchor}}}]\n"
    (tmp_path / "recipe.yaml").write_text(text)
    printed = run("apply", "--recipe", "recipe.yaml", "--print-recipe")
    (tmp_path / "again.yaml").write_bytes(printed.out)
    first, second = read_recipe("recipe.yaml"), read_recipe("again.yaml")
    assert first == second
    assert str(first.kernels[0].scale) == "1/3"


def test_options_win_over_the_file(run, tmp_path):
    (tmp_path / "recipe.yaml").write_text(
        "kernels: [blur, sharpen]\ngray: bt709\npadding: wrap\nstride: 2\ndepth: i16\n"
    )
    options = ("-k", "emboss", "--padding", "replicate", "--stride", "3", "--depth", "same")
    printed = run("apply", "--recipe", "recipe.yaml", *options, "--print-recipe")
    assert printed.out.decode().splitlines() == [
        'steps: ["gray:bt709", emboss]',
        "padding: replicate",
        "stride: [3, 3]",
    ]


def test_the_recipe_is_what_is_done(run, colour, tmp_path):
    options = ("--gray", "-k", "gaussian:sigma=1.4", "-k", "sobel_x", "--range", "abs")
    (tmp_path / "recipe.yaml").write_bytes(run("apply", *options, "--print-recipe").out)
    assert run("apply", "colour.png", "a.png", *options).code == 0
    assert run("apply", "colour.png", "b.png", "--recipe", "recipe.yaml").code == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    done = run("compare", "colour.png", *options, "--print-recipe")
    assert done.out == (tmp_path / "recipe.yaml").read_bytes()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("kernel: blur\n", "1:1", ["unknown key 'kernel'", "kernels"]),
        ("kernels: [blur,\n  blr]\n", "2:3", ["'blr'", "blur"]),
        ("kernels: [[1, 2]]\n", "1:11", []),
        ("gray: bt601\ngray: bt709\n", "2:1", ["twice"]),
        ("gray: pink\n", "1:7", ["'pink'", "bt601"]),
        ("invert: yes\n", "1:9", ["true or false"]),
        ("stride: [0, 1]\n", "1:9", ["stride"]),
        ("padding: wrap\nborder: wrap\n", "2:", ["border", "padding"]),
        ("kernels:\n - weights: [[1], [x]]\n", "2:20", ["'x'"]),
        ("- blur\n", "1:1", ["mapping"]),
        ("kernels: blur\nanchor: [9, 9]\n", "", ["anchor"]),
        ("", "1:1", ["empty"]),
        ("gray: {a: 1}\n", "1:7", []),
    ],
)
def test_a_wrong_recipe_says_where(run, photo, tmp_path, text, place, words):
    (tmp_path / "recipe.yaml").write_text(text)
    done = run("apply", "photo.png", "out.png", "--recipe", "recipe.yaml")
    assert_fails(done, 3, f"recipe.yaml:{place}", *words)
    assert not (tmp_path / "out.png").exists()


def test_a_missing_recipe(run, photo):
    assert_fails(run("apply", "photo.png", "out.png", "--recipe", "no.yaml"), 3, "no.yaml")
