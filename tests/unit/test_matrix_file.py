"""A kernel from a file, whatever its format."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

from imgconv.io.config.recipes import recipe_from
from imgconv.io.kernels.spec import load_kernel
from imgconv.model.errors import KernelError

ROWS = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]


def exact(kernel):
    return [[kernel.scale * weight for weight in row] for row in kernel.weights]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("k.txt", "0 -1 0\n-1 5 -1\n0 -1 0\n"),
        ("k.txt", "# sharpen\n0 -1 0 # above\n\n-1, 5, -1\n0 -1 0"),
        ("k.txt", "3x3: 0 -1 0 -1 5 -1 0 -1 0"),
        ("k.txt", "3x3+1+1: 0,-1,0 -1,5,-1 0,-1,0"),
        ("k.TXT", "[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]"),
        ("k.dat", "ffmpeg:0 -1 0 -1 5 -1 0 -1 0"),
        ("k.csv", "0,-1,0\n-1,5,-1\n0,-1,0\n"),
        ("k.csv", "\ufeff0;-1;0\r\n-1;5;-1\r\n0;-1;0\r\n"),
        ("k.csv", '"0", "-1", "0"\n-1, 5, -1\n0, -1, 0\n'.replace(", ", ",")),
        ("k.csv", "0 -1 0\n-1 5 -1\n0 -1 0\n"),
        ("k.tsv", "0\t-1\t0\n-1\t5\t-1\n0\t-1\t0\n"),
        ("k.json", "[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]"),
        ("k.json", '{"weights": [[0, "-2", 0], [-2, 10, -2], [0, -2.0, 0]], "scale": 0.5}'),
        ("k.mat", "3 3\n0 -1 0\n-1 5 -1\n0 -1 0\n"),
        ("k.mat", "3 3 2 0\n0 -2 0\n-2 10 -2\n0 -2 0\n"),
        ("k.mat", "3,3\n0,-1,0\n-1,5,-1\n0,-1,0\n"),
        ("k.py", "import numpy as np\n\nk = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])\n"),
        ("k.yaml", "kernels: {mine: {weights: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]}}"),
    ],
)
def test_every_format(tmp_path, monkeypatch, name, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(text.encode())
    for spec in (f"./{name}", name, str(tmp_path / name)):
        kernel = load_kernel(spec)
        assert exact(kernel) == ROWS
        assert exact(load_kernel(kernel.name)) == ROWS
    assert exact(recipe_from({"kernels": [name]}).kernels[0]) == ROWS


@pytest.mark.parametrize("dtype", ["u1", "i2", "<i8", ">i4", "f2", "f4", ">f8"])
def test_npy(tmp_path, dtype):
    path = tmp_path / "k.npy"
    weights = np.array([[1, 2], [3, 0.1 if "f" in dtype else 4]], dtype)
    np.save(path, np.asfortranarray(weights))
    kernel = load_kernel(str(path))
    assert kernel.weights[0] == (1, 2)
    assert kernel.weights[1][1] == Fraction(weights[1, 1].item())  # not 1/10


def test_decimals_of_text_are_decimals(tmp_path):
    for name, text in (("k.txt", "0.1"), ("k.csv", "0.1"), ("k.json", "[[0.1]]")):
        (tmp_path / name).write_text(text)
        assert load_kernel(str(tmp_path / name)).weights == ((Fraction(1, 10),),)


def test_offset_and_anchor(tmp_path):
    (tmp_path / "k.mat").write_text("2 1 4 128\n1 3\n")
    kernel = load_kernel(str(tmp_path / "k.mat"))
    assert (exact(kernel), kernel.offset) == ([[Fraction(1, 4), Fraction(3, 4)]], 128)
    found = {"weights": [["1/3", 2]], "offset": 5, "anchor": [0, 0]}
    (tmp_path / "k.json").write_text(json.dumps(found))
    kernel = load_kernel(str(tmp_path / "k.json"))
    assert (kernel.weights, kernel.offset, kernel.anchor) == (((Fraction(1, 3), 2),), 5, (0, 0))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("k.txt", "0 -1 0 -1 5 -1 0 -1 0", "9 numbers without row marks"),
        ("k.csv", "0,-1,0,-1,5,-1,0,-1,0", "9 numbers without row marks"),
        ("k.json", "[0, -1, 0, -1, 5, -1, 0, -1, 0]", "9 numbers without row marks"),
        ("k.txt", "", "the file is empty"),
        ("k.txt", "# nothing", "the file is empty"),
        ("k.txt", "1 2\n3", "the rows differ in length: 1 in row 1"),
        ("k.csv", "0,5;1,5\n1;1", "more than one of tab, ; and ,"),
        ("k.csv", "1,,2\n1,2,3", "row 1, cell 2 is empty"),
        ("k.csv", 'a,b\n1,2', "'a' is not a number"),
        ("k.csv", '1,"2\n3,4', "damaged CSV"),
        ("k.json", "[[0, NaN]]", "NaN is not a finite number"),
        ("k.json", "[[0, true]]", "True is not a number"),
        ("k.json", "[[0", "damaged JSON"),
        ("k.json", "[" * 100_000, "nested too deeply"),
        ("k.json", '{"weights": [[1]], "wieght": 2}', "unknown key 'wieght'"),
        ("k.json", '{"weights": [[1]], "weights": [[2]]}', "a key twice"),
        ("k.json", '{"weights": [[1]], "anchor": [0.5, 0]}', "anchor is a row and a column"),
        ("k.json", "3", "JSON of a kernel is rows"),
        ("k.mat", "0 -1 0\n-1 5 -1\n0 -1 0", "begins with width, height"),
        ("k.mat", "", "begins with width, height"),
        ("k.mat", "2 2\n1 2", r"states 2 x 2 \(rows x columns\); other lines follow"),
        ("k.mat", "1 1 0\n1", "its scale is 0"),
        ("k.mat", "1 1 x\n1", "'x' is not a number"),
        ("k.py", "print(1)", "not the code that kernels export"),
        ("k.py", "import os\nk = np.array([[1]])\nos.remove('k.py')", "not the code that"),
        ("k.npz", "", "several arrays"),
        ("k.npy", "nothing", "damaged or cut short"),
        ("none/k.txt", None, "No such file"),
        ("none/k.npy", None, "No such file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_the_file(tmp_path, name, text, said):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(KernelError, match=rf"(?is){name}: .*{said}"):
        load_kernel(str(tmp_path / name))


@pytest.mark.parametrize("shape", [(9,), (1, 3, 3), ()])
def test_an_array_has_two_axes(tmp_path, shape):
    np.save(tmp_path / "k.npy", np.ones(shape))
    with pytest.raises(KernelError, match="a kernel has rows and columns"):
        load_kernel(str(tmp_path / "k.npy"))


def test_pickles_and_what_is_too_large_are_refused_before_parsing(tmp_path):
    np.save(tmp_path / "k.npy", np.array([[print]], object), allow_pickle=True)
    with pytest.raises(KernelError, match="pickled Python objects"):
        load_kernel(str(tmp_path / "k.npy"))
    np.save(tmp_path / "k.npy", np.array([[np.inf]]))
    with pytest.raises(KernelError, match=r"k\.npy: .*not a finite number"):
        load_kernel(str(tmp_path / "k.npy"))
    np.save(tmp_path / "k.npy", np.ones((1025, 1025), np.uint8))
    with pytest.raises(KernelError, match="1048576 weights at most"):
        load_kernel(str(tmp_path / "k.npy"))
    with (tmp_path / "k.npy").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(KernelError, match=r"k\.npy.* more than"):
        load_kernel(str(tmp_path / "k.npy"))
    (tmp_path / "k.csv").write_text("1," * (1 << 20))
    with pytest.raises(KernelError, match="larger than 1 MiB"):
        load_kernel(str(tmp_path / "k.csv"))
    with pytest.raises(KernelError, match="a file name cannot have 5004 characters"):
        load_kernel("x" * 5000 + ".txt")


def test_a_file_is_read_again_when_it_has_changed(tmp_path):
    path = tmp_path / "k.txt"
    for weight in (1, 2):
        path.write_text(str(weight))
        assert load_kernel(str(path)).sum == weight
