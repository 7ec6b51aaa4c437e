"""A matrix as text: what is read, and what is refused because it has two readings."""

from __future__ import annotations

import re

import pytest

from imgconv.io.config.recipes import format_recipe, read_recipe, recipe_from
from imgconv.io.kernels.matrix_text import parse_matrix
from imgconv.io.kernels.spec import load_kernel
from imgconv.io.kernels.stack import stack_kernels
from imgconv.model.errors import KernelError, RecipeError
from imgconv.model.kernel import Kernel

SHARPEN = Kernel([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
FLAT = ["0 -1 0 -1 5 -1 0 -1 0", "0,-1,0,-1,5,-1,0,-1,0", "0,-1,0 -1,5,-1 0,-1,0",
        "0, -1, 0, -1, 5, -1, 0, -1, 0", "0 -1 0 -1 5 -1 0 -1 0;"]  # fmt: skip


@pytest.mark.parametrize("text", FLAT)
def test_nine_numbers_in_a_row_are_refused_with_both_readings(text):
    with pytest.raises(KernelError, match="9 numbers without row marks") as caught:
        load_kernel(text)
    readings = re.findall(r"'([^']*)'", caught.value.hint)
    assert readings == ["3x3: 0,-1,0 -1,5,-1 0,-1,0", "1x9: 0,-1,0,-1,5,-1,0,-1,0"]
    assert load_kernel(readings[0]) == SHARPEN
    assert load_kernel(readings[1]).weights == ((0, -1, 0, -1, 5, -1, 0, -1, 0),)


@pytest.mark.parametrize("count", [4, 9, 16, 25, 49, 81, 441])
def test_every_square_count_is_refused(count):
    for apart in (" ", ","):
        with pytest.raises(KernelError, match=f"{count} numbers without row marks") as caught:
            load_kernel(apart.join(["1/7"] * count))
        assert len(caught.value.message) + len(caught.value.hint) < 400


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 7, 8, 10, 15, 24, 50])
def test_any_other_count_is_one_row(count):
    assert load_kernel(" ".join(["1"] * count)).shape == (1, count)


def test_groups_by_commas_are_rows_or_not():
    with pytest.raises(KernelError, match=r"6 numbers .* may be 2 rows of 3") as caught:
        load_kernel("1,2,3 4,5,6")
    assert caught.value.hint == "write '2x3: 1,2,3 4,5,6' or '1x6: 1,2,3,4,5,6'"
    assert load_kernel("1, 2, 3").weights == ((1, 2, 3),)
    assert load_kernel("1,2 3").weights == ((1, 2, 3),)


def test_the_refusal_is_there_wherever_a_spec_is_read(tmp_path):
    flat = FLAT[0]
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f'kernels: ["{flat}"]\n')
    with pytest.raises(RecipeError, match=r"recipe.yaml:1:11: .*9 numbers without row marks"):
        read_recipe(recipe)
    for read in (lambda: stack_kernels([flat]), lambda: load_kernel(f"2*[{flat}]")):
        with pytest.raises(KernelError, match="9 numbers without row marks"):
            read()


def test_explicit_rows_stay_rows(tmp_path):
    row = [[0, -1, 0, -1, 5, -1, 0, -1, 0]]
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"kernels: [{{weights: {row}}}]\n")
    (kernel,) = read_recipe(recipe).kernels
    assert kernel == Kernel(row) == recipe_from({"kernels": [row]}).kernels[0]
    recipe.write_text(format_recipe(recipe_from({"kernels": [row, [[1, 2], [3, 4]]]})))
    assert read_recipe(recipe).kernels == (Kernel(row), Kernel([[1, 2], [3, 4]]))


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("3x3: 0,-1,0 -1,5,-1 0,-1,0", SHARPEN.weights),
        ("3x3:0 -1 0 -1 5 -1 0 -1 0", SHARPEN.weights),
        (" 3 X 3 : 0,-1,0,-1,5,-1,0,-1,0", SHARPEN.weights),
        ("3x3: 0 -1 0; -1 5 -1; 0 -1 0", SHARPEN.weights),
        ("3x3: 0 -1 0\n-1 5 -1\n0 -1 0", SHARPEN.weights),
        ("2x3: 1 2 3 4 5 6", ((1, 2, 3), (4, 5, 6))),
        ("2x3: 1, 2, 3 4, 5, 6", ((1, 2, 3), (4, 5, 6))),
        ("1x3: 1 2 3", ((1, 2, 3),)),
        ("1x3: 1,2,3", ((1, 2, 3),)),
        ("3x1: 1 2 3", ((1,), (2,), (3,))),
        ("3x1: 1;2;3", ((1,), (2,), (3,))),
        ("1x1: 1", ((1,),)),
    ],
)
def test_a_size_says_the_rows(text, weights):
    assert load_kernel(text).weights == weights


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("3x3: 1 2 3", "3x3 takes 9 numbers, not 3", "write a matrix"),
        (
            "3x2: 1,2,3 4,5,6",
            "rows x columns, but the numbers stand as 2x3",
            "write '2x3: ...'",
        ),
        (
            "1x4: 1 2; 3 4",
            "rows x columns, but the numbers stand as 2x2",
            "write '2x2: ...'",
        ),
        ("3x1: 1,2,3", "rows x columns, but the numbers stand as 1x3", "write '1x3: ...'"),
        ("0x3: 1", "from 1 to 4095 rows", "write a matrix"),
        ("999999999x999999999: 1", "from 1 to 4095 rows", "write a matrix"),
        ("2x2: 1 2 3 x", "'x' is not a number", "write an integer"),
        ("2x2:", "takes 4 numbers, not 0", "write a matrix"),
    ],
)
def test_a_size_that_does_not_fit_is_refused(text, said, hint):
    with pytest.raises(KernelError, match=re.escape(said)) as caught:
        load_kernel(text)
    assert hint in caught.value.hint


def test_a_text_has_a_largest_length_and_is_quoted_in_part():
    with pytest.raises(KernelError, match="at most 1048576 are read"):
        parse_matrix("1 " * (1 << 20))
    with pytest.raises(KernelError, match=r"'1 1 .*\.\.\.'") as caught:
        parse_matrix("1 " * 1000 + "x")
    assert len(caught.value.message) < 200
