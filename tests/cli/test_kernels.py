"""`imgconv kernels`: the bank, listed, shown and checked."""

from __future__ import annotations

import json

import pytest
from cli.program import assert_fails


@pytest.fixture
def listed(run):
    """Give the names that `kernels list` prints with some options."""

    def names(*options):
        done = run("kernels", "list", *options, "--json")
        assert done.code == 0
        return {kernel["name"]: kernel for kernel in json.loads(done.out)["kernels"]}

    return names


def test_the_kernels_of_the_source_documents_are_there(listed):
    wanted = {"small_blur", "large_blur", "sharpen", "laplacian", "sobel_x", "sobel_y", "emboss"}
    assert wanted <= set(listed())


def test_the_list_has_a_line_for_each_kernel_under_its_family(run, listed):
    lines = run("kernels", "list").out.decode().splitlines()
    names = [line.split()[0].partition(":")[0] for line in lines if line.startswith("  ")]
    families = [line.removesuffix(":") for line in lines if not line.startswith(" ")]
    assert names == list(listed())
    assert families == list(dict.fromkeys(kernel["family"] for kernel in listed().values()))


def test_every_kernel_of_the_bank_has_a_description(listed):
    assert [name for name, kernel in listed().items() if not kernel["description"]] == []


def test_words_family_and_tag_narrow_the_list(listed):
    every = set(listed())
    for options in (["sobel"], ["--family", "emboss"], ["--tag", "blur"]):
        some = set(listed(*options))
        assert set() < some < every, options
    assert "sharpen" not in listed("sobel")
    assert set(listed("SOBEL")) == set(listed("sobel"))
    assert {kernel["family"] for kernel in listed("--family", "emboss").values()} == {"emboss"}
    assert all("blur" in kernel["tags"] for kernel in listed("--tag", "blur").values())


def test_nothing_fits(run):
    done = run("kernels", "list", "no such thing")
    assert_fails(done, 6, "no kernel matches", "imgconv kernels list")
    assert run("kernels", "list").code == 0


def test_an_added_bank_is_listed(listed, bank):
    assert listed("--kernels", "mine.yaml")["edge"]["family"] == "mine"


def test_show_gives_exact_weights(run):
    shown = json.loads(run("kernels", "show", "small_blur", "--json").out)
    assert (shown["scale"], shown["sum"], shown["anchor"]) == ("1/49", "1", [3, 3])
    assert shown["weights"] == [["1"] * 7] * 7


def test_show_says_how_finely_weights_are_rounded(run):
    for spec, bits in (("gaussian:2", 30), ("gaussian:2,precision=fine", 56)):
        assert f"weights are multiples of 2^-{bits}\n" in run("kernels", "show", spec).out.decode()
    assert "multiples" not in run("kernels", "show", "binomial_5").out.decode()


def test_show_gives_a_footprint(run):
    shown = json.loads(run("kernels", "show", "erode:diamond,3", "--json").out)
    assert shown["footprint"] == [[".", "1", "."], ["1", "1", "1"], [".", "1", "."]]


def test_show_explains_in_words(run):
    text = run("kernels", "show", "sobel_x").out.decode()
    assert text.startswith("sobel_x: 3 x 3, anchor 1,1\n")
    assert "-1  0  1\n" in text
    assert "sum 0" in text
    assert "rank 1 (separable)" in text
    assert "-1020 to 1020" in text


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("gaussian:sigma=1.4,size=5", "5 x 5"),
        ("box:5", "5 x 5"),
        ("1/9 1/9 1/9", "1/9 1/9 1/9"),
        ("./mine.yaml#edge", "1 x 2, anchor 0,1"),
        ("sobel", "sobel_y"),
        ("large_blur", "441"),
        ("3x3: 0,-1,0 -1,5,-1 0,-1,0", "3 x 3, anchor 1,1"),
        ("-1,0,1", "1 x 3"),
        ("im:Sobel:90", "-1 -2 -1"),
        ("pil:EMBOSS", "pil_emboss"),
        ("median:cross,3", "    . 1 .\n    1 1 1\n    . 1 .\n"),
        ("hit_or_miss:0 1;-1 1", "     .  1\n    -1  1\n"),
        ("dilate:footprint=0 1;1/2 12,weighted=true", "      .   1\n    1/2  12\n"),
    ],
)
def test_show_takes_whatever_k_takes(run, bank, spec, said):
    done = run("kernels", "show", spec)
    assert done.code == 0
    assert said in done.out.decode()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("sharpn", ["sharpn", "did you mean", "sharpen"]),
        ("qqqqqq", ["qqqqqq", "imgconv kernels list"]),
        ("gaussian:sgma=1", ["sgma", "sigma"]),
        ("gaussian:sigma=-1", ["sigma is -1", "from"]),
        ("gaussian:sigma=wide", ["wide", "number"]),
        ("gaussian:sigma=1,sigma=2", ["sigma", "twice"]),
        ("sharpen:5", ["sharpen", "takes none"]),
        ("1 2; 3", ["1 2; 3", "row"]),
        ("0,-1,0,-1,5,-1,0,-1,0", ["'3x3: 0,-1,0 -1,5,-1 0,-1,0'", "'1x9: 0,-1,0,-1,5,-1,0,-1,0'"]),
        ("vips:sobel", ["use sobel"]),
        ("im:Gaussian:0x1", ["use gaussian:sigma"]),
        ("./none.txt", ["none.txt"]),
        ("1 2 3/0", ["3/0", "zero"]),
        ("./mine.yaml", ["mine.yaml", "2 kernels", "mine.yaml#edge"]),
        ("./mine.yaml#egde", ["egde", "edge"]),
        ("./none.yaml#edge", ["none.yaml"]),
    ],
)
def test_a_wrong_spec_says_the_remedy(run, bank, spec, words):
    assert_fails(run("kernels", "show", spec), 3, *words)


def test_check_passes_a_good_bank(run, bank):
    done = run("kernels", "check", "mine.yaml")
    assert (done.code, done.err) == (0, "")
    assert done.out.decode().splitlines()[-1].startswith("2 kernels, 0 errors")


def test_check_passes_the_bank_itself(run):
    from imgconv.io.kernels.bank import built_in_directory

    done = run("kernels", "check", built_in_directory(), "--json")
    report = json.loads(done.out)
    assert (done.code, report["errors"]) == (0, 0)
    assert report["kernels"] > 100


@pytest.mark.parametrize(
    ("entry", "level", "said"),
    [
        (
            "weights: [[1, 2], [3]]",
            "error",
            "mine.yaml:2:29: the rows differ in length: 1 here, 2 in",
        ),
        ("weights: [[1]], sum: 2", "error", "mine.yaml:2:32: sum says 2"),
        ("weights: [[1]], anchor: [1, 0]", "error", "mine.yaml:2:35:"),
        ("weights: ones 2 2, scale: 1/4", "warning", "no centre"),
        ("weights: [[0.33, 0.33, 0.33]]", "warning", "nearly 1"),
        ("weights: [[5]]", "note", "can clip"),
        ("weights: [[1]]", "note", "no description"),
        ("set: [a, b], combine: max", "error", "'a'"),
    ],
)
def test_check_finds(run, tmp_path, entry, level, said):
    (tmp_path / "mine.yaml").write_text(f"kernels:\n  thing: {{{entry}}}\n")
    done = run("kernels", "check", "mine.yaml")
    assert done.code == (3 if level == "error" else 0)
    found = [line for line in done.out.decode().splitlines() if said in line]
    assert [line.partition(":")[0] for line in found] == [level]
    assert "mine.yaml:2:" in found[0]


def test_check_warns_of_a_kernel_that_hides_a_built_in_one(run, tmp_path):
    (tmp_path / "mine.yaml").write_text("kernels:\n  sharpen: {weights: [[1]]}\n")
    done = run("kernels", "check", "mine.yaml")
    assert done.code == 0
    assert "warning: mine.yaml:2:" in done.out.decode()


def test_check_goes_on_after_the_first_error(run, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "kernels:\n  a: {weights: [[x]]}\n  b: {weights: [[1]]}\n  c: {wights: [[1]]}\n"
    )
    done = run("kernels", "check", "mine.yaml", "--json")
    report = json.loads(done.out)
    assert (done.code, report["errors"]) == (3, 2)
    places = [f["message"].split(": ")[0] for f in report["findings"] if f["level"] == "error"]
    assert places == ["mine.yaml:2:18", "mine.yaml:4:7"]


def test_check_looks_through_a_folder_for_names_given_twice(run, tmp_path):
    folder = tmp_path / "bank"
    folder.mkdir()
    for name in ("one.yaml", "two.yml"):
        (folder / name).write_text("kernels:\n  same: {weights: [[1]]}\n")
    done = run("kernels", "check", "bank")
    assert done.code == 3
    assert "twice" in done.out.decode()


@pytest.mark.parametrize("place", ["missing.yaml", "empty"])
def test_check_of_nothing(run, tmp_path, place):
    (tmp_path / "empty").mkdir()
    assert_fails(run("kernels", "check", place), 3, place)


def test_a_file_is_a_kernel_for_every_command(run, photo, tmp_path):
    """`apply`, `show`, `identify` and `export` read the same files."""
    (tmp_path / "k.csv").write_text("0,-1,0\n-1,5,-1\n0,-1,0\n")
    assert "sharpen" in run("kernels", "identify", "k.csv").out.decode()
    assert run("kernels", "show", "./k.csv").out.startswith(b"./k.csv: 3 x 3")
    exported = run("kernels", "export", "k.csv", "--format", "imagemagick")
    assert exported.out == b"3x3+1+1: 0,-1,0 -1,5,-1 0,-1,0\n"
    done = run("apply", "colour.png", "out.png", "-k", "k.csv", "--print-recipe")
    assert done.code == 0, done


def test_what_show_writes_as_json_is_a_kernel(run, tmp_path):
    (tmp_path / "k.json").write_bytes(run("kernels", "show", "emboss_128", "--json").out)
    one, other = (
        json.loads(run("kernels", "show", name, "--json").out) for name in ("k.json", "emboss_128")
    )
    for key in ("weights", "scale", "offset", "anchor"):
        assert one[key] == other[key]
