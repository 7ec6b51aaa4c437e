"""The metric levels/1 against plain loops, and what the presets let through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.model.tolerance import EXACT, LOOSE, Tolerance, parse_tolerance
from imgconv.ops.compare.difference import judge, worst_window
from imgconv.ops.draw.view import eight_bits, highlight

pictures = arrays(np.uint8, (5, 7), elements=st.integers(0, 4))


@given(pictures, pictures, st.integers(0, 3), st.integers(1, 8))
def test_every_number_is_that_of_plain_loops(expected, actual, level, side):
    change = judge(expected, actual, Tolerance(level=level, density=(3, side)))
    apart = [[abs(int(expected[r, c]) - int(actual[r, c])) for c in range(7)] for r in range(5)]
    over = [(r, c) for r in range(5) for c in range(7) if apart[r][c] > level]
    assert change.differing == len(over)
    assert change.unequal == sum(value > 0 for row in apart for value in row)
    assert change.max_abs_diff == max(map(max, apart))
    assert change.mean == pytest.approx(float(np.mean(actual.astype(float) - expected)))
    assert bool(change.broken) == (len(over) > 0)
    if over:
        rows, columns = zip(*over, strict=True)
        box = change.bounding_box
        assert (box.row, box.column) == (min(rows), min(columns))
        assert (box.row + box.rows - 1, box.column + box.columns - 1) == (max(rows), max(columns))


@given(arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.integers(1, 10))
def test_the_worst_window_is_that_of_plain_loops(marked, side):
    height, width = min(side, marked.shape[0]), min(side, marked.shape[1])
    counts = {
        (r, c): int(marked[r : r + height, c : c + width].sum())
        for r in range(marked.shape[0] - height + 1)
        for c in range(marked.shape[1] - width + 1)
    }
    box, count = worst_window(marked, side)
    assert count == max(counts.values())
    assert box is None if count == 0 else counts[box.row, box.column] == count


def defect(image, row=1500, column=2000):
    image = image.copy()
    image[row : row + 12, column : column + 12] ^= 1
    return image


@pytest.fixture(scope="module")
def large():
    """Give 12 megapixels of noise."""
    return np.random.default_rng(5).integers(1, 254, (3000, 4000), dtype=np.uint8)


@pytest.mark.parametrize("tolerance", [EXACT, LOOSE])
def test_a_small_defect_in_12_megapixels_and_one_level_everywhere_are_caught(large, tolerance):
    assert judge(large, defect(large), tolerance).broken
    assert judge(large, large + np.uint8(1), tolerance).broken
    assert not judge(large, large, tolerance).broken


def test_loose_passes_speckle_that_exact_does_not(large):
    random = np.random.default_rng(6)
    speckled = large.copy()
    at = random.random(large.shape) < 0.01
    speckled[at] = speckled[at] + random.choice([-1, 1], at.sum()).astype(np.int8)
    assert not judge(large, speckled, LOOSE).broken
    assert judge(large, speckled, EXACT).broken


def test_the_density_names_its_window(large):
    change = judge(large, defect(large), LOOSE)
    assert change.broken == ("144 pixels differ in one window of 16 x 16, 24 may",)
    box = change.worst_window
    assert (box.row <= 1500) & (box.row + 16 >= 1512)
    assert (box.column <= 2000) & (box.column + 16 >= 2012)


@pytest.mark.parametrize(
    ("tolerance", "word"),
    [
        (Tolerance(level=1, share=1, limit=4), "the limit 4"),
        (Tolerance(share=1, mean=0.1), "drifted by +0.25"),
        (Tolerance(level=1, share=0.01), "by more than 1"),
    ],
)
def test_each_limit_says_what_broke_it(tolerance, word):
    expected = np.zeros((4, 5, 3), np.uint8)
    actual = expected.copy()
    actual[2, 2, 1] = 5
    (reason,) = judge(expected, actual, tolerance).broken
    assert word in reason


def test_ignored_pixels_count_nowhere():
    expected = np.zeros((4, 5), np.uint8)
    actual = expected.copy()
    actual[0] = 200
    counted = np.ones((4, 5), bool)
    counted[0] = False
    change = judge(expected, actual, EXACT, counted)
    assert (change.broken, change.pixels, change.mean, change.max_abs_diff) == ((), 15, 0, 0)


def test_numbers_that_are_none():
    expected = np.array([[np.nan, np.inf, 1, 2]], np.float32)
    assert not judge(expected, expected.copy(), EXACT).broken
    actual = np.array([[np.nan, np.inf, np.nan, 2]], np.float32)
    change = judge(expected, actual, EXACT)
    assert (change.differing, change.max_abs_diff) == (1, np.inf)


def test_loose_counts_255ths_in_floats():
    assert parse_tolerance("loose").of(Depth.F32).limit == pytest.approx(2 / 255)
    assert parse_tolerance({"preset": "loose", "limit": 1}).of(Depth.F32).limit == 1
    assert parse_tolerance("loose").of(Depth.U16) == LOOSE


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ("strict", "choose exact or loose"),
        ({"levels": 1}, "known: preset, level"),
        ({"level": "-1"}, "0 or more"),
        ({"level": "nan"}, "0 or more"),
        ({"share": 2}, "0 to 1"),
        ({"density": [3]}, "[24, 16]"),
        ({"density": "3"}, "[24, 16]"),
        ({"density": [1.5, 8]}, "[24, 16]"),
    ],
)
def test_tolerances_that_are_none(asked, word):
    with pytest.raises(ArgumentError) as caught:
        parse_tolerance(asked)
    assert word in f"{caught.value} {caught.value.hint}"


def test_pictures_for_eyes():
    deep = np.array([[0, 65535]], np.uint16)
    assert eight_bits(deep).tolist() == [[0, 255]]
    assert eight_bits(np.array([[np.nan, 0.5]], np.float32)).tolist() == [[0, 128]]
    drawn = highlight(deep, deep ^ np.array([[1, 0]], np.uint16))
    assert drawn[0, 0].tolist() == [225, 0, 0]
    assert len(set(drawn[0, 1].tolist())) == 1
