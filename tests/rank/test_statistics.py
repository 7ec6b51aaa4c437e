"""Order statistics against sorted windows, in every geometry, and against SciPy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DTYPES, images

from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError, KernelError
from imgconv.model.footprint import Footprint, FootprintShape
from imgconv.model.geometry import OutputSize
from imgconv.model.settings import Settings
from imgconv.ops.rank.histograms import by_histograms
from imgconv.ops.rank.network import sorting_network
from imgconv.ops.rank.sorted_windows import by_sorting, nearest_rank
from imgconv.ops.rank.sorting import by_network
from imgconv.ops.rank.statistics import (
    local_range,
    maximum,
    median,
    midpoint,
    minimum,
    mode,
    rank_filter,
)
from imgconv.ops.rank.windows import place
from rank import window_oracle as oracle
from rank.windows import ALL_BORDERS, SCIPY_MODES, footprints, noise

STATISTICS = {
    "range": (local_range, oracle.spread),
    "midpoint": (midpoint, oracle.midpoint),
    "mode": (mode, oracle.mode),
    "min": (minimum, oracle.rank(0)),
    "max": (maximum, oracle.rank(1)),
    "median": (median, oracle.rank(Fraction(1, 2))),
}


@pytest.mark.parametrize("border", ALL_BORDERS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", FootprintShape)
@pytest.mark.sampled(12)
def test_a_rank_is_that_of_the_sorted_window(shape, dtype, border):
    image = noise(dtype, (5, 7))
    for rows in range(1, 6):
        for columns in range(1, 6):
            if rows != columns and shape in (FootprintShape.DISK, FootprintShape.DIAMOND):
                continue
            for anchor in {(0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1)}:
                footprint = Footprint.shaped(shape, rows, columns, anchor)
                windows = oracle.windows(image, footprint.rows, anchor, border, border_value=7)
                for percentile in ("0", "0.3", "1/2", "1"):
                    got = rank_filter(
                        image, footprint, percentile, border=border, border_value=7, threads=1
                    )
                    want = oracle.of_windows(image, windows, oracle.rank(Fraction(percentile)))
                    assert got.dtype == image.dtype
                    np.testing.assert_array_equal(got, want, f"{rows} x {columns}, {anchor}")


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.sampled(3)
@settings(max_examples=40, deadline=None)
@given(
    image=images(max_side=5),
    footprint=footprints(),
    border=st.sampled_from(ALL_BORDERS),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    size=st.sampled_from(["same", "full", (1, 4, 0, 2), (3, 3, 3, 3)]),
)
def test_any_geometry(name, image, footprint, border, stride, dilation, size):
    function, expected = STATISTICS[name]
    support, anchor = footprint
    options = {"border": border, "stride": stride, "dilation": dilation, "size": size}
    want = oracle.over(image, expected, support, anchor, **options)
    if want.size == 0:
        with pytest.raises(ArgumentError, match="no output pixel is left"):
            function(image, support, anchor=anchor, **options)
        return
    got = function(image, support, anchor=anchor, **options)
    np.testing.assert_array_equal(got, want)


METHODS = {
    "network": lambda windows, share: by_network(
        windows,
        sorting_network(
            windows.footprint.taps, (nearest_rank(share, len(windows.footprint.taps)),)
        ),
    ),
    "sorting": by_sorting,
    "histograms": lambda windows, share: by_histograms(windows, "percentile", share),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.sampled(6)
def test_every_method_is_exact(method, dtype):
    dtype = "uint8" if method == "histograms" else dtype
    image = noise(dtype, (300, 170, 5), levels=90)
    for support in (np.ones((4, 3)), np.tri(5), np.ones((1, 1)), np.eye(6)[::-1]):
        view = np.lib.stride_tricks.sliding_window_view(image, support.shape, axis=(0, 1))
        values = np.sort(view[..., support != 0], axis=-1)
        for share in (Fraction(0), Fraction(7, 10), Fraction(1)):
            want = values[..., nearest_rank(share, values.shape[-1])]
            for threads in (1, 3):
                placed = place(
                    image, Footprint.of(support), Settings(size=OutputSize.VALID),
                    Border.REFLECT, threads,
                )  # fmt: skip
                np.testing.assert_array_equal(METHODS[method](placed, share), want)


@pytest.mark.parametrize("size", [3, 5, 7, 9, 15, 21, 25])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("border", ["reflect101", "ignore"])
@pytest.mark.sampled(3)
def test_large_medians(size, dtype, border):
    image = noise(dtype, (40, 60, 3))
    got = median(image, size, border=border)
    keys = np.float64 if dtype == "float32" else np.int64
    half = size // 2
    mode = "constant" if border == "ignore" else "reflect"
    padded = np.pad(image.astype(keys), ((half, half), (half, half), (0, 0)), mode=mode)
    inside = np.pad(np.ones(image.shape, bool), ((half, half), (half, half), (0, 0)),
                    constant_values=border != "ignore")  # fmt: skip
    windows = np.lib.stride_tricks.sliding_window_view(
        np.where(inside, padded, np.inf), (size, size), axis=(0, 1)
    ).reshape(*image.shape, -1)
    places = np.maximum(np.ceil(np.isfinite(windows).sum(axis=-1) / 2).astype(int), 1) - 1
    want = np.take_along_axis(np.sort(windows, axis=-1), places[..., None], axis=-1)[..., 0]
    np.testing.assert_array_equal(got, want.astype(dtype))


@pytest.mark.parametrize("border", SCIPY_MODES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_as_scipy(dtype, border):
    image = noise(dtype, (13, 17))
    options = {"mode": SCIPY_MODES[border], "cval": 7}
    for support in (np.ones((3, 3), bool), np.ones((5, 1), bool), np.eye(3, dtype=bool)):
        ours = {"border": border, "border_value": 7}
        count = int(support.sum())
        for rank in range(count):
            np.testing.assert_array_equal(
                rank_filter(image, support, Fraction(rank + 1, count), **ours),
                scipy.ndimage.rank_filter(image, rank, footprint=support, **options),
            )
        for function, name in ((minimum, "minimum"), (maximum, "maximum"), (median, "median")):
            theirs = getattr(scipy.ndimage, f"{name}_filter")(image, footprint=support, **options)
            np.testing.assert_array_equal(function(image, support, **ours), theirs)
        np.testing.assert_array_equal(
            rank_filter(image, support, "0.5", **ours),
            scipy.ndimage.percentile_filter(image, 50, footprint=support, **options),
        )


def test_the_median_of_an_even_number_is_the_lower_one():
    image = np.array([[1, 2, 3, 4]], np.uint8)
    assert median(image, "1x4", size="valid").tolist() == [[2]]
    assert scipy.ndimage.median_filter(image, (1, 4))[0, 2] == 3


@given(image=images(), size=st.integers(1, 5), border=st.sampled_from(ALL_BORDERS[1:]))
def test_the_median_commutes_with_monotone_maps(image, size, border):
    def halved(values):
        return values // 2 if values.dtype != np.float32 else values / 2

    np.testing.assert_array_equal(
        median(halved(image), size, border=border), halved(median(image, size, border=border))
    )


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("border", ALL_BORDERS)
def test_nan_makes_nan_of_the_windows_that_hold_it(name, border):
    image = noise("float32", (9, 9))
    image[4, 5] = np.nan
    image[0, 0] = np.inf
    image[8, 8] = np.inf
    function, expected = STATISTICS[name]
    for support in (np.ones((3, 3)), np.tri(3)):
        with np.errstate(invalid="ignore"):
            want = oracle.over(image, expected, support, (1, 1), border)
        assert np.isnan(want).sum() == np.count_nonzero(support)
        np.testing.assert_array_equal(function(image, support, border=border), want)


@pytest.mark.parametrize("name", STATISTICS)
def test_zeros_are_positive(name):
    image = np.full((5, 5), -0.0, np.float32)
    for size in (1, 2, 3):
        assert not np.signbit(STATISTICS[name][0](image, size)).any()


@pytest.mark.parametrize("border", ALL_BORDERS)
@pytest.mark.parametrize("name", STATISTICS)
def test_one_pixel_under_a_large_footprint(name, border):
    image = np.array([[200]], np.uint8)
    function, expected = STATISTICS[name]
    want = oracle.over(image, expected, np.ones((7, 8)), (3, 4), border, border_value=9)
    got = function(image, "7x8", anchor=(3, 4), border=border, border_value=9)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", STATISTICS)
def test_the_image_is_not_changed(name):
    image = noise("float32")
    image[2, 2], image[3, 3] = np.nan, -0.0
    before = image.copy()
    STATISTICS[name][0](image, 3, border="ignore")
    assert image.tobytes() == before.tobytes()


@pytest.mark.parametrize("percentile", ["-0.1", "1.01", 2, "nan", "much"])
def test_percentiles_outside_are_refused(percentile):
    with pytest.raises(ArgumentError, match=r"percentile .* from 0 to 1|not a number|is not"):
        rank_filter(np.zeros((3, 3), np.uint8), 3, percentile)


def test_wrong_footprints_are_refused():
    image = np.zeros((3, 3), np.uint8)
    with pytest.raises(KernelError, match="at least one pixel that counts"):
        median(image, np.zeros((3, 3)))
    with pytest.raises(ArgumentError, match="'3x' is not a size"):
        median(image, "3x")
    with pytest.raises(ArgumentError, match="0 is not a size"):
        median(image, 0)
    with pytest.raises(ArgumentError, match=r"anchor 3,0 is not a \(row, column\)"):
        median(image, 3, anchor=(3, 0))
    with pytest.raises(ArgumentError, match="a disk is as wide as high, not 3 x 5"):
        Footprint.shaped(FootprintShape.DISK, 3, 5)
    with pytest.raises(KernelError, match="rows of a footprint have the same length"):
        Footprint.of([[1, 1], [1]])
    with pytest.raises(ArgumentError, match="border value 1000 is not a value of a u8 image"):
        median(image, 3, border="constant", border_value=1000)


@pytest.mark.parametrize("size", [1, 3, 5, 7, 9, 15])
def test_odd_disks_and_diamonds_are_those_of_scikit_image(size):
    from skimage import morphology

    for shape in (FootprintShape.DISK, FootprintShape.DIAMOND):
        theirs = getattr(morphology, shape.value)(size // 2)
        np.testing.assert_array_equal(Footprint.shaped(shape, size).rows, theirs != 0)


@pytest.mark.parametrize("size", [2, 4, 6, 8])
@pytest.mark.parametrize("shape", FootprintShape)
def test_even_footprints_touch_all_four_sides(size, shape):
    rows = np.array(Footprint.shaped(shape, size).rows)
    for turned in (rows, rows.T, rows[::-1], rows.T[::-1]):
        assert turned[0].any()
