"""Pixels that do not count: exact quotients of what counted, held against plain oracles."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import BORDERS, images, weights

from imgconv import filter_image, load_kernel
from imgconv.io.config.recipes import format_recipe, read_recipe, recipe_from
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError, ImgconvError, LimitError
from imgconv.model.kernel import Kernel
from imgconv.model.nodata import antisymmetric, parse_nodata
from imgconv.ops.pipeline.bands import Stream
from imgconv.ops.pipeline.run import run_recipe
from imgconv.ops.regions.masks import Masks
from regions.test_region_bands import Held

HOLE = 200


def taps(shape, kernel_shape, anchor, border, at):
    """Give tap and source of each place under a window; the source None for the constant."""
    for r in range(kernel_shape[0]):
        for c in range(kernel_shape[1]):
            places = at[0] + r - anchor[0], at[1] + c - anchor[1]
            found = [border.source_index(i, n) for i, n in zip(places, shape, strict=True)]
            yield (r, c), None if None in found else tuple(found)


def counted(image, valid, border, at, kernel_shape, anchor):
    """Give value and whether it counts for each tap; the constant outside is 0 and counts."""
    return {
        tap: (0, border is not Border.IGNORE) if source is None
        else (int(image[source]), bool(valid[source]))
        for tap, source in taps(image.shape, kernel_shape, anchor, border, at)
    }  # fmt: skip


def quotient(image, valid, kernel, border, min_valid, at):
    """Give the exact result of a kernel that has a sum; None for a hole."""
    under = counted(image, valid, border, at, kernel.shape, kernel.anchor)
    rows = kernel.weights
    whole = sum(sum(row) for row in rows)
    above = sum(rows[r][c] * v for (r, c), (v, ok) in under.items() if ok)
    below = sum(rows[r][c] for (r, c), (_, ok) in under.items() if ok)
    share = sum(abs(rows[r][c]) for (r, c), (_, ok) in under.items() if ok)
    total = sum(abs(w) for row in rows for w in row)
    if below * whole <= 0 or share < min_valid * total:
        return None
    return kernel.scale * Fraction(whole) * Fraction(above) / below + kernel.offset


def pairs(image, valid, kernel, border, min_valid, at):
    """Give the exact result of a kernel of opposite weights; None for a hole."""
    under = counted(image, valid, border, at, kernel.shape, kernel.anchor)
    rows, (height, width) = kernel.weights, kernel.shape
    above = below = total = 0
    for (r, c), (value, ok) in under.items():
        weight = rows[r][c]
        if weight <= 0:
            continue
        total += weight
        other, both = under[height - 1 - r, width - 1 - c]
        if ok and both:
            above += weight * (value - other)
            below += weight
    if not below or below < min_valid * total:
        return None
    return kernel.scale * Fraction(above * total) / below + kernel.offset


def expected(image, kernel, border, min_valid=0, hole=HOLE, oracle=quotient):
    result = np.empty_like(image)
    for at in np.ndindex(image.shape):
        value = oracle(image, image != hole, kernel, border, min_valid, at)
        low, high = np.iinfo(image.dtype).min, np.iinfo(image.dtype).max
        result[at] = hole if value is None else min(max(round(value), low), high)
    return result


@pytest.mark.parametrize("border", [*BORDERS, "ignore"])
@pytest.mark.parametrize("text", ["1 2 1; 1 1 1", "0 -1 0; -1 5 -1; 0 -1 0", "-1 -2 1", "3"])
@pytest.mark.sampled(5)
def test_every_set_of_holes_of_a_small_image(border, text):
    values = np.array([[10, 60, 30], [90, 20, 120]], np.uint8)
    kernel = load_kernel(text)
    for holes in range(64):
        flags = np.array([holes >> i & 1 for i in range(6)], bool).reshape(2, 3)
        image = np.where(flags, np.uint8(HOLE), values)
        made = filter_image(image, steps=[kernel], nodata=HOLE, padding=border)
        np.testing.assert_array_equal(made, expected(image, kernel, Border.parse(border)))


@settings(max_examples=30, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)),
               elements=st.sampled_from([HOLE, HOLE, 3, 77, 255, 0])),
    weights(3, st.integers(-5, 9)),
    st.sampled_from([*BORDERS, "ignore"]),
    st.sampled_from([0, "1/4", "1/2", 1]),
)  # fmt: skip
def test_kernels_against_a_plain_oracle(image, rows, border, share):
    kernel = Kernel(rows, scale="1/7", offset=2)
    assume(kernel.sum != 0)
    options = {"steps": [kernel], "nodata": str(HOLE), "padding": border, "min_valid": share}
    made = filter_image(image, **options)
    found = expected(image, kernel, Border.parse(border), Fraction(share))
    np.testing.assert_array_equal(made, found)


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(np.int16, st.tuples(st.integers(1, 6), st.integers(1, 6)),
               elements=st.sampled_from([-999, 3, 77, 2000, -500])),
    st.sampled_from(["sobel_x", "sobel_y", "prewitt_x", "-1 1", "1 0 0; 0 0 0; 0 0 -1"]),
    st.sampled_from([*BORDERS, "ignore"]),
    st.sampled_from([0, "1/3", 1]),
)  # fmt: skip
def test_opposite_weights_use_pairs_that_count(image, text, border, share):
    kernel = load_kernel(text)
    made = filter_image(image, steps=[kernel], nodata=-999, padding=border, min_valid=share)
    found = expected(image, kernel, Border.parse(border), Fraction(share), -999, pairs)
    np.testing.assert_array_equal(made, found)


def ranked(values, step):
    values = sorted(values)
    if step == "range":
        return min(values[-1] - values[0], 255)
    if step == "midpoint":
        return round(Fraction(values[0] + values[-1], 2))
    share = {"median": Fraction(1, 2), "min": Fraction(0), "max": Fraction(1)}.get(
        step, Fraction(1, 4)
    )
    return values[max(-(-share * len(values) // 1), 1) - 1]


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)),
               elements=st.sampled_from([HOLE, HOLE, 3, 77, 255, 0])),
    st.sampled_from(["median", "min", "max", "range", "midpoint", "rank:3,1/4"]),
    st.sampled_from([*BORDERS, "ignore"]),
    st.sampled_from([0, "1/2", 1]),
)  # fmt: skip
def test_order_statistics_leave_out_what_does_not_count(image, step, border, share):
    made = filter_image(image, steps=[step], nodata=HOLE, padding=border, min_valid=share)
    for at in np.ndindex(image.shape):
        under = counted(image, image != HOLE, Border.parse(border), at, (3, 3), (1, 1)).values()
        values = [value for value, ok in under if ok]
        hole = not values or len(values) < Fraction(share) * 9
        assert made[at] == (HOLE if hole else ranked(values, step)), at


def test_without_holes_the_result_is_as_ever():
    generator = np.random.default_rng(1)
    for dtype in ("uint8", "uint16", "int16", "float32"):
        image = generator.integers(0, 120, (20, 30, 3)).astype(dtype)
        for step in ("gaussian:1.5", "sharpen", "sobel_x", "median", "gray", "binarize:otsu"):
            plain = filter_image(image, steps=[step])
            np.testing.assert_array_equal(filter_image(image, steps=[step], nodata=125), plain)


def test_far_from_a_hole_the_result_is_as_ever():
    image = np.random.default_rng(2).random((40, 40), np.float32)
    holed = image.copy()
    holed[20, 20] = np.nan
    made = filter_image(holed, steps=["gaussian:1,size=5"], nodata="nan")
    plain = filter_image(image, steps=["gaussian:1,size=5"])
    near = np.zeros(image.shape, bool)
    near[18:23, 18:23] = True
    np.testing.assert_array_equal(made[~near], plain[~near])
    assert np.isfinite(made).all()
    assert (made[near] != plain[near]).all()


@pytest.mark.parametrize("border", [*BORDERS, "ignore"])
def test_tiles_of_holes_are_put_together(monkeypatch, border):
    from imgconv.ops.regions import holes

    image = np.random.default_rng(9).integers(0, 99, (30, 33, 3), np.uint8)
    image[10:14, 3:20] = image[0, 0] = HOLE
    options = {"steps": ["gaussian:1,size=5", "1 0 0 0 3"], "nodata": HOLE, "padding": border}
    whole = run_recipe(image, recipe_from(options))
    monkeypatch.setattr(holes, "_TILE", 4)
    tiled = run_recipe(image, recipe_from(options))
    np.testing.assert_array_equal(tiled.image, whole.image)


def test_each_channel_has_holes_of_its_own():
    image = np.random.default_rng(3).integers(0, 9, (12, 13, 3), np.uint8)
    made = filter_image(image, steps=["box:3", "max"], nodata=4)
    for channel in range(3):
        plane = np.ascontiguousarray(image[..., channel])
        expected = filter_image(plane, steps=["box:3", "max"], nodata=4)
        np.testing.assert_array_equal(made[..., channel], expected)


def test_gray_of_a_pixel_needs_all_of_its_channels():
    image = np.array([[[9, 9, 9], [9, 7, 9], [3, 3, 3]]], np.uint8)
    assert filter_image(image, steps=["gray"], nodata=7).tolist() == [[9, 7, 3]]


def test_a_threshold_is_that_of_what_counts():
    image = np.random.default_rng(4).integers(0, 100, (30, 30), np.uint8)
    holed = image.copy()
    holed[5:20] = 255
    made = filter_image(holed, steps=["binarize:otsu"], nodata=255)
    counted = filter_image(np.vstack([image[:5], image[20:]]), steps=["binarize:otsu"])
    np.testing.assert_array_equal(np.vstack([made[:5], made[20:]]), counted)
    nothing = np.full((3, 3), 255, np.uint8)
    np.testing.assert_array_equal(filter_image(nothing, steps=["binarize:otsu"], nodata=255), 255)


def test_holes_are_filled_or_kept():
    image = np.full((5, 5), 50, np.uint8)
    image[2, 2] = 0
    filled = filter_image(image, steps=["box:3", "box:3"], nodata=0)
    assert (filled == 50).all()
    kept = filter_image(image, steps=["box:3", "box:3"], nodata=0, nodata_keep=True)
    np.testing.assert_array_equal(kept, image)
    strict = filter_image(image, steps=["box:3"], nodata=0, min_valid=1)
    np.testing.assert_array_equal(strict[1:4, 1:4], 0)
    assert (strict == 0).sum() == 9


def test_what_a_mask_calls_invalid_does_not_count():
    image = np.random.default_rng(5).integers(1, 200, (9, 9), np.uint8)
    valid = np.random.default_rng(6).random((9, 9)) < 0.6
    holed = np.where(valid, image, np.uint8(0))
    by_value = filter_image(holed, steps=["box:3"], nodata=0)
    np.testing.assert_array_equal(
        filter_image(image, steps=["box:3"], valid=valid, nodata=0), by_value
    )
    alone = filter_image(image, steps=["box:3"], valid=valid)
    covered = by_value != 0
    np.testing.assert_array_equal(alone[covered], by_value[covered])
    np.testing.assert_array_equal(alone[~covered], image[~covered])  # a hole that stays


def test_rescale_stretches_what_counts():
    image = np.full((6, 6), 255, np.uint8)
    image[:3] = np.arange(18).reshape(3, 6) + 20
    made = filter_image(image, steps=["1"], nodata=255, range="rescale")
    np.testing.assert_array_equal(made[3:], 255)
    plain = filter_image(np.ascontiguousarray(image[:3]), steps=["1"], range="rescale")
    np.testing.assert_array_equal(made[:3], plain)


def test_sizes_and_depths_change_with_a_value():
    image = np.random.default_rng(7).integers(0, 9, (10, 12), np.uint8)
    small = filter_image(image, steps=["box:3"], nodata=4, stride=2, depth="f32")
    whole = filter_image(image, steps=["box:3"], nodata=4, depth="f32")
    np.testing.assert_array_equal(small, whole[::2, ::2])
    kept = filter_image(image, steps=["box:3"], nodata=4, stride=2, nodata_keep=True)
    np.testing.assert_array_equal(kept == 4, (image == 4)[::2, ::2] | (kept == 4))
    assert (kept[(image == 4)[::2, ::2]] == 4).all()
    with pytest.raises(ArgumentError, match="needs a value where depth, channels or size change"):
        filter_image(image, steps=["box:3"], valid=image > 4, stride=2)


def test_results_that_look_like_holes_are_counted():
    image = np.array([[0, 0, 5, 1, 9]], np.uint8)
    outcome = run_recipe(image, recipe_from({"steps": ["1 1"], "nodata": 6, "anchor": "0,0"}))
    assert outcome.image.tolist() == [[0, 5, 6, 10, 10]]
    assert outcome.notes == (
        "nodata: 0 values do not count, 0 of the result",
        "nodata: 1 results have the value of no data by chance",
    )


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("laplacian", "adds up to 0 and is no sum of differences of opposite pixels"),
        ("1 -2 1", "adds up to 0 and is no sum of differences of opposite pixels"),
        ("sobel", "compares the sums of several kernels"),
        ("bilateral", "does not know which pixels count"),
        ("open", "does not know which pixels count"),
        ("clahe", "does not know which pixels count"),
        ("binarize:sauvola", "does not know which pixels count"),
    ],
)
def test_what_is_not_defined_is_refused_with_the_reason(step, words):
    with pytest.raises(ArgumentError, match=words):
        filter_image(np.zeros((30, 30), np.uint8), steps=[step], nodata=7)


@pytest.mark.parametrize(
    ("dtype", "options", "words"),
    [
        ("uint8", {"nodata": -9999}, "nodata -9999 is not a value of a u8 image"),
        ("uint8", {"nodata": "nan"}, "nodata nan is not a value of a u8 image"),
        ("int16", {"nodata": 0.5}, "nodata 0.5 is not a value of a i16 image"),
        ("float32", {"nodata": "nan", "depth": "u8"}, "nodata nan is not a value of a u8 image"),
        ("uint8", {"nodata": "much"}, "nodata 'much' is not a value"),
        ("uint8", {"nodata": "tag"}, "nothing was read from one"),
        ("uint8", {"min_valid": 0.5}, "all do"),
        ("uint8", {"nodata_keep": True}, "all do"),
        ("uint8", {"nodata": 3, "min_valid": 1.5}, "min-valid 3/2 is not from 0 to 1"),
    ],
)
def test_what_is_wrong_is_told(dtype, options, words):
    with pytest.raises(ArgumentError, match=words):
        filter_image(np.zeros((5, 5), dtype), steps=["blur"], **options)


def test_alpha_says_already_what_counts():
    image = np.full((5, 5, 4), 9, np.uint8)
    with pytest.raises(ArgumentError, match="alpha says already which pixels count"):
        filter_image(image, steps=["blur"], nodata=7)
    plain = filter_image(image, steps=["blur"], nodata=7, alpha="filter")
    np.testing.assert_array_equal(plain, 9)


def test_a_value_of_a_channel_is_none_of_luma():
    image = np.random.default_rng(8).integers(0, 9, (8, 9, 3), np.uint8)
    with pytest.raises(ArgumentError, match="luma is made of several"):
        filter_image(image, steps=["blur"], nodata=7, channels="luma")
    made = filter_image(image, steps=["box:3"], nodata=7, channels="red")
    plane = np.ascontiguousarray(image[..., 0])
    np.testing.assert_array_equal(made[..., 0], filter_image(plane, steps=["box:3"], nodata=7))


STEPS = (
    "box:3",
    "sharpen",
    "sobel_x",
    "median",
    "max",
    "gray",
    "invert",
    "binarize:otsu",
    "linear",
)


@settings(max_examples=30, deadline=None)
@given(images(("uint8", "uint16", "float32"), 12, (None, 3)), st.data())
def test_bands_and_regions_give_the_bits_of_the_whole_run(image, data):
    image = (np.nan_to_num(np.abs(image)) % 6).astype(image.dtype)
    options = {
        "steps": data.draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=3)),
        "nodata": data.draw(st.sampled_from([3, 0])),
        "padding": data.draw(st.sampled_from([*BORDERS, "ignore"])),
        "min-valid": data.draw(st.sampled_from([0, "1/2"])),
        "nodata-keep": data.draw(st.booleans()),
    }
    flags = None
    if data.draw(st.booleans()):
        flags = data.draw(hnp.arrays(bool, image.shape[:2]))
        options["valid"] = "v"
        if data.draw(st.booleans()):
            del options["nodata"]
    masks = Masks(valid=flags)
    try:
        recipe = recipe_from(options)
        whole = run_recipe(image, recipe, threads=1, masks=masks)
    except ImgconvError:
        assume(False)
    height = data.draw(st.integers(1, image.shape[0]))
    rows = None if flags is None else lambda start, stop: flags[start:stop]
    try:
        stream = Stream(lambda: Held(image), recipe, height=height, threads=1, valid=rows)
    except LimitError:
        assume(False)
    np.testing.assert_array_equal(np.concatenate(list(stream.bands())), whole.image)
    assert stream.notes == whole.notes
    region = (0, 0, data.draw(st.integers(1, image.shape[0])), image.shape[1])
    if whole.image.shape == image.shape:
        part = run_recipe(image, recipe_from({**options, "region": region}), masks=masks).image
        np.testing.assert_array_equal(part[: region[2]], whole.image[: region[2]])
        np.testing.assert_array_equal(part[region[2] :], image[region[2] :])


def test_rescale_of_holes_needs_the_whole_image():
    recipe = recipe_from({"steps": ["blur"], "nodata": 3, "range": "rescale"})
    with pytest.raises(LimitError, match="pixels that do not count"):
        Stream(lambda: Held(np.zeros((9, 9), np.uint8)), recipe, height=2)


@pytest.mark.parametrize(
    "given",
    [
        {"nodata": "nan"},
        {"nodata": -9999, "min-valid": "1/3", "nodata-keep": True},
        {"valid": "v.png", "region": "1,2,3,4", "sees": "region"},
    ],
)
def test_recipes_are_read_back(given, tmp_path):
    recipe = recipe_from({"steps": ["blur"], **given})
    path = tmp_path / "recipe.yaml"
    path.write_text(format_recipe(recipe))
    assert read_recipe(path) == recipe


@pytest.mark.parametrize(
    ("value", "text"), [(float("nan"), "nan"), (-3.4e38, "-3.4e+38"), ("7", "7")]
)
def test_values_of_no_data(value, text):
    assert parse_nodata(value) == text


@pytest.mark.parametrize(
    ("rows", "found"),
    [([[1, -1]], True), ([[0]], True), ([[1, 0, 1]], False), ([[2, 0], [0, -2]], True)],
)
def test_opposite_weights(rows, found):
    assert antisymmetric(rows) is found


# What a region sees.


# What is explained.
