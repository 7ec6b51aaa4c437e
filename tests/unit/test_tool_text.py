"""Kernels as other tools write them."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest

from imgconv.io.kernels.spec import load_kernel
from imgconv.model.errors import KernelError
from imgconv.model.kernel import Kernel

SHARPEN = Kernel([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
FLAT = "0 -1 0 -1 5 -1 0 -1 0"


def exact(kernel):
    return [[kernel.scale * weight for weight in row] for row in kernel.weights]


@pytest.mark.parametrize(
    "text",
    [
        "3x3+1+1: 0,-1,0 -1,5,-1 0,-1,0",
        "3x3+1+1: 0 -1 0 -1 5 -1 0 -1 0",
        "im:3x3: 0,-1,0 -1,5,-1 0,-1,0",
        "im:3x3+1+1:0,-1,0,-1,5,-1,0,-1,0",
        "im:3: 0,-1,0 -1,5,-1 0,-1,0",
        "im:0,-1,0,-1,5,-1,0,-1,0",
        "-morphology Correlate '3x3+1+1: 0,-1,0 -1,5,-1 0,-1,0'",
        "[[0,-1,0],[-1,5,-1],[0,-1,0]]",
        "[[0, -1, 0],\n [-1, 5, -1],\n [0, -1, 0],\n]",
        str(np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])),
        repr(np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32)),
        "np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])",
        "kernel = numpy.array([[0, -2, 0], [-2, 10, -2], [0, -2, 0]]) / 2",
        "correlate (0,-1,0;-1,5,-1;0,-1,0),1",
        f"ffmpeg:{FLAT}",
        f"ffmpeg:convolution='{FLAT}:{FLAT}:{FLAT}:{FLAT}'",
        f"ffmpeg:0m={FLAT}:0rdiv=1:0bias=0",
        f"ffmpeg:{FLAT.replace(' ', '|')}",
        f"convolution={FLAT}:{FLAT}:{FLAT}:{FLAT}:1:1:1:1",
        f"gimp:{FLAT}",
        f"gimp:{FLAT.replace(' ', ',')}:1:0",
        f"gimp:{FLAT}:divisor=1:offset=0",
        "[0 -1 0; -1 5 -1; 0 -1 0]",
    ],
)
def test_every_way_to_write_sharpen(text):
    kernel = load_kernel(text)
    assert exact(kernel) == exact(SHARPEN)
    assert (kernel.anchor, kernel.offset) == ((1, 1), 0)


@pytest.mark.parametrize(
    ("text", "rows", "offset", "anchor"),
    [
        ("3x1+2+0: 1,2,3", [[1, 2, 3]], 0, (0, 2)),
        ("1x3+0+2: 1 2 3", [[1], [2], [3]], 0, (2, 0)),
        ("im:3x2: 1,2,3 4,5,6", [[1, 2, 3], [4, 5, 6]], 0, (0, 1)),
        ("im:2x2: 1,2,3,4", [[1, 2], [3, 4]], 0, (0, 0)),
        ("2x2: 1,2,3,4", [[1, 2], [3, 4]], 0, (1, 1)),
        ("-define convolve:bias=50.1953125% -morphology Correlate '1x1+0+0: 2'", [[2]], 128,
         (0, 0)),
        ("-morphology Convolve 2x1+0+0:1,2", [[2, 1]], 0, (0, 1)),
        ("ffmpeg:1 1 1 1 1 1 1 1 1", [[Fraction(1, 9)] * 3] * 3, 0, (1, 1)),
        ("ffmpeg:0m=1 2 1:0mode=row", [[Fraction(1, 4), Fraction(1, 2), Fraction(1, 4)]], 0,
         (0, 1)),
        ("ffmpeg:0m=-1 0 1:0mode=column:0bias=128", [[-1], [0], [1]], 128, (1, 0)),
        ("ffmpeg:1m=1 0 -1:1mode=row:1rdiv=1/2:1bias=9", [[Fraction(1, 2), 0, Fraction(-1, 2)]],
         9, (0, 1)),
        ("gimp:1 1 1 1 1 1 1 1 1:9:-128", [[Fraction(1, 9)] * 3] * 3, -128, (1, 1)),
        ("gmic correlate (1,2),1 add -3", [[1, 2]], -3, (0, 1)),
        ("[[1/9, 0.1], ['2/3', 1e2]]", [[Fraction(1, 9), Fraction(1, 10)], [Fraction(2, 3), 100]],
         0, (1, 1)),
    ],
)  # fmt: skip
def test_scale_offset_and_anchor(text, rows, offset, anchor):
    kernel = load_kernel(text)
    assert exact(kernel) == rows
    assert (kernel.offset, kernel.anchor) == (offset, anchor)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3x3+3+0: 1 1 1 1 1 1 1 1 1", r"origin \+3\+0 lies outside"),
        ("3x3: nan,1,nan 1,1,1 nan,1,nan", "'nan' and '-' leave pixels out"),
        ("im:3x3: -,1,- 1,1,1 -,1,-", "'nan' and '-' leave pixels out"),
        ("3x3>: 1 1 1 1 1 1 1 1 1", "a list of turned kernels"),
        ("im:3x1: 1,2,3; 3x1: 1,2,3", "begins another kernel of a list"),
        ("im:1,2,3,4", "a kernel without a size has 9, 25, 49 or more numbers in a square, not 4"),
        ("2x3+0+0: 1,2,3 4,5,6", "columns x rows, but the numbers stand as 2x3"),
        ("5x3: 1,1,1,1,1 1,1,1,1,1 1,1,1,1,1", "rows x columns, but the numbers stand as 3x5"),
        ("ffmpeg:", "9, 25 or 49 whole numbers"),
        ("ffmpeg:0rdiv=1", "the matrix is missing"),
        ("ffmpeg:1 2 3", "9, 25 or 49 whole numbers"),
        ("ffmpeg:0.5 0 0 0 0 0 0 0 0", "9, 25 or 49 whole numbers"),
        (f"ffmpeg:{FLAT}:0 0 0 0 1 0 0 0 0", "the planes have different kernels"),
        (f"ffmpeg:0m={FLAT}:1rdiv=5", "the planes have different kernels"),
        (f"ffmpeg:{FLAT}:1:128", "plane 1 takes 9, 25 or 49"),
        (f"ffmpeg:0m={FLAT}:0bias=-1", "no negative rdiv or bias"),
        (f"ffmpeg:0m={FLAT}:0m={FLAT}", "given twice, or is not an option"),
        (f"ffmpeg:0m={FLAT}:planes=1", "given twice, or is not an option"),
        (f"ffmpeg:0m={FLAT}:0rdiv=x", "'x' is not a number"),
        ("gimp:1 2 3", "GIMP's list is 9 or 25 numbers"),
        (f"gimp:{FLAT}:0", "the divisor is 0"),
        (f"gimp:{FLAT}:1:0.5", "counts gray levels"),
        (f"gimp:{FLAT}:1:0:0", "GIMP's list is 9 or 25 numbers, a divisor and an offset"),
        ("np.array([[1, 2]]) / 0", "the divisor is 0"),
        ("[[1, 2], [3]]", "the rows differ in length: 1 in row 1"),
        ("[[1, x]]", "'x' is not a number"),
        ("[[1,,2]]", "a weight is missing"),
        ("1,,2", "a weight is missing"),
    ],
)
def test_what_is_wrong_is_said(text, said):
    with pytest.raises(KernelError, match=said) as caught:
        load_kernel(text)
    assert len(caught.value.message) < 250


def test_code_is_matched_and_never_run():
    for text in ("np.array([[__import__('os')]])", "np.array([[1, 2]]); 1", "array([[1]]).T / 2"):
        with pytest.raises(KernelError, match=re.escape(text[:12])):
            load_kernel(text)


@pytest.mark.parametrize(
    "text",
    [
        "import " * 60_000,
        "[" + "[1]   " * 60_000 + "x",
        "np.array([" + "[1],   " * 60_000,
        "1 " + " " * 900_000 + "x 1",
        "3x3: " + " " * 900_000 + ",",
        "[" * 300_000,
        "correlate (" + "1," * 300_000,
        "-define convolve:bias=" + "1" * 500_000,
        "ffmpeg:" + ":" * 500_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_texts_are_refused_in_short_words(text):
    """Each would take hours if a pattern could match its pieces in many ways."""
    with pytest.raises(KernelError, match=r"\S") as caught:
        load_kernel(text)
    assert len(caught.value.message) < 300


def test_a_long_text_is_refused_at_once():
    with pytest.raises(KernelError, match=re.escape("at most 1048576 are read")):
        load_kernel("im:3x3: " + "1 " * (1 << 20))
