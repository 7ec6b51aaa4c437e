"""Order statistics by the core's comparisons of vectors, against windows sorted one by one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgconv.engines.native import load_core
from imgconv.engines.native_ranks import Comparisons, NativeRanks
from imgconv.model.border import Border
from imgconv.model.footprint import Footprint, FootprintShape
from imgconv.model.settings import Settings
from imgconv.ops.rank import ordered
from imgconv.ops.rank.network import sorting_network
from imgconv.ops.rank.sorted_windows import by_sorting, nearest_rank
from imgconv.ops.rank.statistics import rank_filter
from imgconv.ops.rank.vectors import medians, network_values, places_of_image
from imgconv.ops.rank.windows import Outside, place
from rank.test_moving import picture

CORE = load_core()
ISAS = CORE.isas() if CORE is not None else []
DTYPES = ["uint8", "uint16", "int16", "float32"]
BORDERS = [border for border in Border if border is not Border.IGNORE]
MEDIAN = Fraction(1, 2)


def wanted(image, footprint, border, share):
    """Every window sorted; outside stands 7."""
    plain = Settings(border=border, border_value=7)
    return by_sorting(place(image, footprint, plain, border), share)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.sampled(6)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_networks(isa, dtype, data):
    rows, columns = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    support = data.draw(
        st.lists(st.lists(st.booleans(), min_size=columns, max_size=columns), min_size=rows,
                 max_size=rows).filter(lambda rows: any(map(any, rows)))
    )  # fmt: skip
    anchor = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    footprint = Footprint.of(support, anchor)
    shape = (
        rows + data.draw(st.sampled_from([0, 1, 15, 40])),
        columns + data.draw(st.sampled_from([0, 1, 30, 150])),
        data.draw(st.integers(1, 4)),
    )
    image = picture(dtype, shape, data.draw(st.integers(0, 99)))
    border = data.draw(st.sampled_from(BORDERS))
    share = data.draw(st.fractions(0, 1, max_denominator=20))
    network = sorting_network(footprint.taps, (nearest_rank(share, len(footprint.taps)),))
    places = places_of_image(image.shape, footprint, Outside(border, 7))
    ranks = NativeRanks(CORE, isa)
    found = network_values(ranks, image, places, network, footprint.shape, 1)
    np.testing.assert_array_equal(found, wanted(image, footprint, border, share), strict=True)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("side", [3, 5])
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.sampled(5)
def test_medians(isa, dtype, side, border):
    ranks = NativeRanks(CORE, isa)
    for number, (rows, columns, channels) in enumerate(
        [(side, 64 + side, 1), (side + 4, 131, 1), (9, 80, 2), (70, 67, 3), (12, 90, 4)]
    ):
        anchor = (side // 2, side // 2) if number < 3 else (0, side - 1)
        footprint = Footprint.shaped(FootprintShape.BOX, side, side, anchor)
        image = picture(dtype, (rows, columns, channels), number, None if number % 2 else 64)
        assert ranks.has_medians(image, side)
        places = places_of_image(image.shape, footprint, Outside(border, 7))
        found = medians(ranks, image, places, side, 1)
        np.testing.assert_array_equal(found, wanted(image, footprint, border, MEDIAN), strict=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [3, 5, 7])
def test_in_threads_and_on_a_part_of_an_array(size, dtype):
    whole = picture(dtype, (210, 150, 4), 8)
    for image in (whole[5:, 3:100, :3], whole[..., 1:2], whole.swapaxes(0, 1)):
        one, four = (rank_filter(image, size, "0.5", threads=n) for n in (1, 4))
        np.testing.assert_array_equal(one, four, strict=True)
        footprint = Footprint.shaped(FootprintShape.BOX, size)
        apart = np.ascontiguousarray(image)
        want = wanted(apart, footprint, Border.REFLECT101, MEDIAN)
        np.testing.assert_array_equal(one, want, strict=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("border", ["reflect101", "ignore", "wrap", "constant"])
@pytest.mark.parametrize("size", [3, 5, 9])
def test_the_same_without_the_core(size, dtype, border, monkeypatch):
    image = picture(dtype, (40, 75, 2), 3)
    found = rank_filter(image, size, "0.5", border=border)
    calls = []
    monkeypatch.setattr(ordered, "native_ranks", lambda: calls.append(1))
    np.testing.assert_array_equal(rank_filter(image, size, "0.5", border=border), found)
    assert calls


@pytest.mark.skipif(CORE is None, reason="the core is not installed")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tile": (9, 4)}, "beyond its buffer"),
        ({"size": 9}, "beyond its buffer"),
        ({"steps": np.array([[0, 0, 0, 5, 0, 1, 4]])}, "beyond its buffer"),
        ({"steps": np.array([[0, 0, 0, 0, 1, 1, 99]])}, "beyond its buffer"),
        ({"output": (2, 0)}, "beyond its buffer"),
        ({"window": (3, 2)}, "do not fit"),
    ],
)
def test_the_core_checks_what_it_is_given(change, words):
    image = np.arange(40, dtype=np.uint8).reshape(5, 8, 1)
    footprint = Footprint.of([[1, 1]])
    places = places_of_image(image.shape, footprint, Outside(Border.REFLECT, 0))
    given = Comparisons((1, 2), (2, 4), np.array([[0, 0, 0, 0, 1, 1, 9]]), 2, 10, (1, 0))
    ranks, out = NativeRanks(CORE, ISAS[-1]), np.zeros_like(image)
    ranks.network(image, places, given, out)
    np.testing.assert_array_equal(out, wanted(image, footprint, Border.REFLECT, Fraction(0)))
    with pytest.raises(ValueError, match=words):
        ranks.network(image, places, given._replace(**change), out)
    astray = places._replace(rows=places.rows + 1)
    with pytest.raises(ValueError, match="a row lies outside"):
        ranks.network(image, astray, given, out)
    with pytest.raises(ValueError, match="do not fit"):
        ranks.network(image, places._replace(before=1 - places.before), given, out)
