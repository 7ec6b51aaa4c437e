"""Wrong command lines are answered with a right one, which is typed here."""

from __future__ import annotations

import re
import shlex

import pytest
from cli.program import assert_fails, written

GUESSES = [
    (["photo.png", "b.png", "-k", "sharpen"], "apply photo.png b.png -k sharpen"),
    (["sharpen", "photo.png", "b.png"], "apply photo.png b.png -k sharpen"),
    (["median:5", "photo.png", "b.png"], "apply photo.png b.png -k median:5"),
    (["gaussian:sigma=2", "photo.png", "b.png", "--padding", "wrap"],
     "apply photo.png b.png --padding wrap -k gaussian:sigma=2"),
    (["aply", "photo.png", "b.png", "-k", "blur"], "apply photo.png b.png -k blur"),
    (["-k", "sharpen", "apply", "photo.png", "b.png"], "apply photo.png b.png -k sharpen"),
    (["-k", "sharpen", "photo.png", "b.png"], "apply -k sharpen photo.png b.png"),
    (["apply", "photo.png", "-k", "sharpen"], "apply photo.png photo_new.png -k sharpen"),
    (["apply", "-k", "sharpen", "photo.png"], "apply -k sharpen photo.png photo_new.png"),
    (["gray", "photo.png"], "gray photo.png photo_new.png"),
    (["binarize", "photo.png", "--threshold", "9"],
     "binarize photo.png photo_new.png --threshold 9"),
    (["apply", "photo.png", "--out", "b.png", "-k", "blur"], "apply photo.png b.png -k blur"),
    (["apply", "photo.png", "-k", "blur", "-o", "b.png"], "apply photo.png b.png -k blur"),
    (["apply", "photo.png", "-k", "blur", "--output=b.png"], "apply photo.png b.png -k blur"),
    (["apply", "--gray", "photo.png", "-o", "b.png", "-k", "blur"],
     "apply --gray photo.png b.png -k blur"),
    (["apply", "photo.png", "a.png", "--out", "b.png"], "apply photo.png b.png"),
    (["batch", "photo.png", "--out", "b", "-k", "blur"], "batch photo.png b -k blur"),
    (["batch", "-k", "blur", "photo.png", "--output-dir=b", "--gray"],
     "batch -k blur photo.png b --gray"),
    (["batch", "photo.png", "b", "-k", "blur", "--workers", "1"],
     "batch photo.png b -k blur --jobs 1"),
    (["kernels", "plot", "blur", "sobel_x", "--out", "b.png"],
     "kernels plot blur sobel_x b.png"),
    (["apply", "photo.png", "b.png", "-k", "blur", "--paddin=wrap"],
     "apply photo.png b.png -k blur --padding=wrap"),
    (["apply", "photo.png", "b.png", "-k", "blur", "--Border_Value", "3"],
     "apply photo.png b.png -k blur --border-value 3"),
    (["apply", "photo.png", "b.png", "--grey"], "apply photo.png b.png --gray"),
    (["apply", "photo.png", "b.png", "--greyscale", "bt709"],
     "apply photo.png b.png --gray bt709"),
    (["gray", "photo.png", "b.png", "--gray", "bt709"], "gray photo.png b.png --method bt709"),
    (["apply", "photo.png", "b.png", "-k", "blur", "--force"],
     "apply photo.png b.png -k blur --overwrite"),
    (["kernels", "show", "blur", "--jsn"], "kernels show blur --json"),
    (["kernels", "shw", "blur"], "kernels show blur"),
    (["help", "boarders"], "help borders"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "meant"), GUESSES, ids=lambda words: " ".join(words)[:40])
@pytest.mark.sampled(3)
def test_the_command_of_the_hint_is_the_one_that_is_meant_and_works(
    run, photo, tmp_path, typed, meant
):
    done = run(*typed)
    assert_fails(done, 6 if typed[0] == "help" else 2)
    assert list(tmp_path.iterdir()) == [photo]
    (hint,) = re.findall(r"^Hint: .*?imgconv (.*)$", done.err, re.MULTILINE)
    assert hint == meant
    assert run(*shlex.split(hint)).code == 0


STEPS = [
    (["-k", "gaussian(2)"], "gaussian:2"),
    (["-k", "gaussian 2"], "gaussian:2"),
    (["-k", "Gaussian(sigma = 2)"], "gaussian:sigma=2"),
    (["-k", "gaussian", "2"], "gaussian:2"),
    (["-k", "median(5)"], "median:5"),
    (["--sigma", "2"], "gaussian:sigma=2"),
    (["-k", "log", "--sigma", "2"], "log:sigma=2"),
    (["-k", "disk", "--radius=3"], "disk:radius=3"),
    (["--blur"], "blur"),
    (["--median", "5"], "median:5"),
    (["blur"], "blur"),
    (["-k", "gauss"], "gaussian:sigma=1"),
    (["-k", "despeckle"], "median:3"),
    (["-k", "negate"], "invert"),
    (["-k", "grayscale"], "gray"),
    (["-k", "otsu"], "binarize:otsu"),
    (["-k", "medain"], "median"),
    (["-k", "sobel_x+sobel_y"], "sobel_x + sobel_y"),
]


@pytest.mark.parametrize(("typed", "meant"), STEPS, ids=str)
@pytest.mark.sampled(3)
def test_the_step_of_the_hint_is_the_one_that_is_meant_and_works(run, photo, typed, meant):
    done = run("apply", "photo.png", "b.png", *typed)
    assert_fails(done, 3 if typed[0] == "-k" and len(typed) == 2 else 2)
    hint = done.err.splitlines()[1].removeprefix("Hint: ")
    spec = shlex.split(hint.partition("-k ")[2])[0] if "-k " in hint else hint.partition(": ")[2]
    assert spec == meant
    assert run("apply", "photo.png", "b.png", "-k", spec).code == 0


@pytest.mark.parametrize("spec", ["Sharpen", "SHARPEN", "Small-Blur", "Median:5", "Unsharp mask"])
def test_case_and_hyphens_of_a_name_do_not_matter(run, photo, spec):
    written_as = spec.lower().replace("-", "_").replace(" ", "_")
    assert run("apply", "photo.png", "a.png", "-k", spec).code == 0
    assert run("apply", "photo.png", "b.png", "-k", written_as).code == 0
    assert (photo.parent / "a.png").read_bytes() == (photo.parent / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "where"), [(["--nothing"], ""), (["kernels", "-k", "blur"], " kernels")]
)
def test_options_without_a_command(run, words, where):
    assert_fails(run(*words), 2, "no command stands before -", f"see: imgconv{where} --help")


@pytest.mark.parametrize("name", ["wiener", "butterworth", "Richardson-Lucy", "qqq"])
def test_nothing_is_suggested_where_there_is_nothing(run, photo, name):
    done = run("apply", "photo.png", "b.png", "-k", name)
    assert_fails(done, 3, repr(name))
    assert "did you mean" not in done.err


def test_several_inputs_are_for_batch(run, photo, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(photo.read_bytes())
    done = run("apply", "a.png", "b.png", "photo.png", "-k", "blur")
    assert_fails(done, 2, "3 files", "imgconv batch a.png b.png ... DST -k blur")
    assert run("batch", "a.png", "b.png", "photo.png", "DST", "-k", "blur", "-q").code == 0


def test_two_pictures_for_compare(run, photo):
    done = run("compare", "photo.png", "other.png")
    assert_fails(done, 2, "compare takes one picture")
    hint = done.err.partition("imgconv ")[2]
    assert run(*shlex.split(hint)).code in (0, 1, 4)


def test_an_existing_folder_as_output_takes_the_name_of_the_input(run, photo, tmp_path):
    (tmp_path / "out").mkdir()
    for words in (["apply", "-k", "blur"], ["apply", "-k", "blur", "--format", "jpeg"]):
        assert run(words[0], "photo.png", "out", *words[1:]).code == 0
    assert run("gray", "photo.png", "out/", "--overwrite").code == 0
    assert run("binarize", "photo.png", tmp_path / "out", "--overwrite").code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"photo.png", "photo.jpg"}
    assert_fails(run("apply", "photo.png", "out", "-k", "blur"), 5, "out/photo.png exists")
    assert_fails(run("apply", "photo.png", ".", "-k", "blur"), 5, "photo.png")


def test_in_place_needs_the_name_once(run, photo, gray):
    assert run("apply", "photo.png", "--in-place", "-k", "invert").code == 0
    assert (written(photo) == 255 - gray).all()


@pytest.mark.parametrize(
    "words",
    [
        ["apply", "--paddin", "x", "--help"],
        ["apply", "a.png", "-k", "nothing", "-h"],
        ["apply", "--help", "a", "b", "c"],
        ["--help", "apply"],
        ["-h", "apply"],
    ],
)
def test_help_may_be_anywhere(run, words):
    done = run(*words)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(b"Usage: imgconv apply ")


def test_options_may_be_anywhere_behind_the_command(run, photo, tmp_path):
    lines = [
        ["-k", "blur", "photo.png", "a.png"],
        ["photo.png", "-k", "blur", "a.png"],
        ["photo.png", "a.png", "-k", "blur"],
        ["--kernel", "blur", "photo.png", "a.png"],
    ]
    results = set()
    for words in lines:
        assert run("apply", *words, "--overwrite").code == 0
        results.add((tmp_path / "a.png").read_bytes())
    assert len(results) == 1


@pytest.mark.parametrize(
    ("option", "value", "line"),
    [
        ("--gray", "BT709", "bt709"),
        ("--padding", "Replicate", "replicate"),
        ("--range", "ABS", "abs"),
        ("--depth", "I16", "i16"),
        ("--rounding", "Half-Up", "half-up"),
        ("--alpha", "KEEP", "keep"),
        ("--size", "Valid", "valid"),
        ("--binarize", "Otsu", "otsu"),
    ],
)
def test_case_of_a_choice_does_not_matter(run, option, value, line):
    done = run("apply", option, value, "--print-recipe")
    assert (done.code, done.err) == (0, "")
    assert line in done.out.decode()


@pytest.mark.parametrize(
    "words",
    [
        ["gray", "photo.png", "a.png", "--method", "BT709"],
        ["binarize", "photo.png", "a.png", "--method", "Li", "--gray", "Average"],
        ["compare", "photo.png", "-k", "blur", "--against", "OpenCV"],
        ["kernels", "export", "blur", "--format", "OpenCV"],
    ],
)
def test_case_of_a_choice_of_other_commands_does_not_matter(run, photo, words):
    assert run(*words).code == 0


def said(run, *words):
    done = run("apply", "photo.png", "out.png", "--overwrite", *words)
    assert done.code == 0, done.err
    return done.err


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ([], "no step is given"),
        (["-k", "blur", "--border-value", "3"], "--border-value has no effect"),
        (["-k", "blur", "--quality", "80"], "--quality has no effect on PNG"),
        (["-k", "blur", "--subsampling", "420"], "--subsampling has no effect on PNG"),
        (["--gray", "--padding", "wrap"], "--padding has no effect without a kernel"),
        (["--gray", "--convolve"], "--convolve has no effect without a kernel"),
    ],
)
def test_what_has_no_effect_is_named(run, photo, words, note):
    assert note in said(run, *words)
    assert said(run, *words, "--quiet") == ""


@pytest.mark.parametrize(
    "words",
    [
        ["-k", "blur", "--border-value", "3", "--padding", "constant"],
        ["-k", "blur", "--compression", "9"],
        ["--strip"],
        ["--gray"],
        ["-k", "median", "--padding", "wrap"],
    ],
)
def test_what_has_an_effect_is_not_named(run, photo, words):
    assert said(run, *words) == ""


def test_batch_names_them_too(run, photo):
    assert "no step is given" in run("batch", "photo.png", "out").err
    assert (
        "--border-value" in run("batch", "photo.png", "o2", "-k", "blur", "--border-value", 1).err
    )


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["-k", "sobel_x"], "--range abs, offset or rescale"),
        (["-k", "sobel_x", "--range", "abs"], None),
        (["-k", "sobel_x", "--range", "offset"], None),
        (["-k", "sharpen"], None),
        (["-k", "emboss_128"], None),  # its own offset does what --range offset would
        (["-k", "sharpen", "-k", "5 0 0"], "--depth i16 or f32"),
    ],
)
def test_a_note_on_clipping_advises_what_helps_this_recipe(run, photo, words, advice):
    err = said(run, *words)
    assert ("clipped" in err) == (advice is not None)
    if advice:
        assert advice in err
        assert said(run, *words, "-q") == ""


def test_the_advice_on_clipping_works(run, photo):
    for choice in ("abs", "offset", "rescale"):
        assert "clipped" not in said(run, "-k", "sobel_x", "--range", choice)
    done = run("apply", "photo.png", "out.tiff", "-k", "sobel_x", "--depth", "i16")
    assert (done.code, done.err) == (0, "")


def test_quiet_compare_answers_by_its_exit_code(run, photo):
    done = run("compare", "photo.png", "-k", "blur", "-q")
    assert (done.out, done.err) == (b"", "")
    assert done.code == run("compare", "photo.png", "-k", "blur").code


def test_a_folder_without_r_gives_its_own_pictures_and_names_the_others(run, photo, tmp_path):
    (tmp_path / "photos" / "sub").mkdir(parents=True)
    for name in ("a.png", "sub/b.png"):
        (tmp_path / "photos" / name).write_bytes(photo.read_bytes())
    done = run("batch", "photos", "out", "-k", "sharpen")
    assert done.code == 0
    assert "photos: 1 subfolder is not included; -r includes them" in done.err
    assert sorted(p.name for p in (tmp_path / "out").rglob("*.png")) == ["a.png"]
    assert run("batch", "-r", "photos", "out", "-k", "sharpen", "-q").code == 0
    found = sorted(p.name for p in (tmp_path / "out").rglob("*.png"))
    assert found == ["a.png", "b.png"]


def test_missing_arguments_are_named(run, photo):
    assert_fails(run("layer"), 2, "IN is missing", "imgconv layer")
    assert_fails(run("sheet", "photo.png", "-k", "blur"), 2, "OUT is missing")
    assert_fails(run("kernels", "show"), 2, "KERNEL is missing")
    assert_fails(run("batch", "-r"), 2, "SRC and DST are missing")
    assert_fails(run("samples"), 2, "DIR is missing")
    assert_fails(run("kernels", "plot"), 2, "KERNEL... and OUT are missing")
    assert_fails(run("kernels", "plot", "blur"), 2, "Error: OUT is missing")


def test_an_option_without_its_value_names_the_help_of_the_command(run, photo):
    done = run("diff", photo, photo, "--level")
    assert_fails(done, 2, "--level needs a value: ", "see: imgconv diff --help")
    done = run("apply", "photo.png", "b.png", "-k")
    assert_fails(done, 2, "-k needs a value: STEP", "see: imgconv apply --help")


def test_an_option_that_resembles_none_names_the_help_of_the_command(run, photo):
    for words in (["--nonsense"], ["-x"]):
        done = run("apply", "photo.png", "b.png", *words)
        assert_fails(
            done, 2, f"imgconv apply has no option {words[0]}", "see: imgconv apply --help"
        )
        assert "did you mean" not in done.err
