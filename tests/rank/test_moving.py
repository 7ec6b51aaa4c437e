"""The histogram that moves along the rows, in the core, against windows sorted one by one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgconv.engines.native import load_core
from imgconv.model.footprint import Footprint, FootprintShape
from imgconv.ops.rank import moving
from imgconv.ops.rank.sorted_windows import by_sorting, nearest_rank
from imgconv.ops.rank.statistics import rank_filter
from imgconv.ops.rank.windows import Windows

CORE = load_core()
needs_core = pytest.mark.skipif(
    not hasattr(CORE, "find_ranks"), reason="the installed core has no order statistics"
)
ENDS = {"uint8": (0, 256), "uint16": (0, 65536), "int16": (-32768, 32768)}


def picture(dtype, shape, seed=0, levels=None):
    chance = np.random.default_rng(seed)
    if dtype == "float32":
        values = chance.normal(0, 10, shape).astype(np.float32)
        values[chance.random(shape) < 0.1] = 0
        values[chance.random(shape) < 0.05] = -0.0
        values[chance.random(shape) < 0.02] = np.inf
        values[chance.random(shape) < 0.02] = -np.inf
        return values
    low, high = ENDS[dtype]
    values = chance.integers(low, high, shape)
    return (values if levels is None else values // levels * levels).astype(dtype)


@needs_core
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_as_sorted_windows(dtype, data):
    rows, columns = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 7))
    support = data.draw(
        st.lists(st.lists(st.booleans(), min_size=columns, max_size=columns), min_size=rows,
                 max_size=rows).filter(lambda rows: any(map(any, rows)))
    )  # fmt: skip
    more = data.draw(st.integers(0, 12)), data.draw(st.integers(0, 12))
    shape = (rows + more[0], columns + more[1], data.draw(st.integers(1, 3)))
    image = picture(
        dtype, shape, data.draw(st.integers(0, 99)), data.draw(st.sampled_from([None, 90]))
    )
    share = data.draw(st.fractions(0, 1, max_denominator=20))
    windows = Windows(
        image, None, None, Footprint.of(support), threads=data.draw(st.integers(1, 3))
    )
    rank = nearest_rank(share, len(windows.footprint.taps))
    found = moving.by_moving_histogram(windows, rank)
    np.testing.assert_array_equal(found, by_sorting(windows, share), strict=True)


@needs_core
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_many_tiles_and_bands(dtype, monkeypatch):
    monkeypatch.setattr(moving, "_LEVELS", 1 << 14)  # tiles of 108
    image = picture(dtype, (260, 250, 1), 5)
    footprint = Footprint.shaped(FootprintShape.DISK, 21)
    windows = Windows(image, None, None, footprint, threads=3)
    found = moving.by_moving_histogram(windows, 100)
    wanted = by_sorting(windows, Fraction(101, len(footprint.taps)))
    np.testing.assert_array_equal(found, wanted, strict=True)


@needs_core
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("border", ["reflect101", "ignore", "wrap"])
def test_the_same_without_the_core(dtype, border, monkeypatch):
    image = picture(dtype, (60, 55, 2), 3)
    footprint = Footprint.shaped(FootprintShape.DISK, 33)
    found = rank_filter(image, footprint, "0.3", border=border)
    calls = []
    monkeypatch.setattr(moving, "load_core", lambda: calls.append(1))
    np.testing.assert_array_equal(rank_filter(image, footprint, "0.3", border=border), found)
    assert calls


def test_a_window_that_leaves_no_room_for_tiles():
    large = Footprint.shaped(FootprintShape.BOX, 250)
    assert not moving.has_moving_histogram(large, np.dtype(np.float32))
    assert moving.has_moving_histogram(large, np.dtype(np.uint16)) == hasattr(CORE, "find_ranks")


@needs_core
@pytest.mark.parametrize(
    ("runs", "rank", "words"),
    [
        ([[0, 0, 4]], 0, "reaches beyond"),
        ([[3, 0, 1]], 0, "reaches beyond"),
        ([[-1, 0, 1]], 0, "reaches beyond"),
        ([[0, 2, 2]], 0, "reaches beyond"),
        ([[0, 0]], 0, "a run is a row"),
        ([[0, 0, 3]], 3, "no window has a value"),
        ([[0, 0, 3]], -1, "no window has a value"),
    ],
)
def test_the_core_checks_what_it_is_given(runs, rank, words):
    pixels, out = np.zeros((7, 9), np.uint16), np.zeros((5, 7), np.uint16)
    with pytest.raises(ValueError, match=words):
        CORE.find_ranks(pixels, out, np.array(runs, np.int64), rank)
