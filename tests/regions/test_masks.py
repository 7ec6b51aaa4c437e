"""Masks: what their values weigh, how they fade, and how two images are mixed by them."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies import DTYPES, images

from imgconv import filter_image
from imgconv.model.alpha import Alpha
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth, Rounding
from imgconv.model.region import Region, Selection
from imgconv.ops.regions.mixing import mix
from imgconv.ops.regions.weights import mask_weights, weights_of_rows


def faded(plane, feather):
    """Multiply by the distance from the nearest pixel of weight 0, the plain way."""
    dark = list(zip(*np.nonzero(plane == 0), strict=True))
    result = plane.copy()
    for at in np.ndindex(plane.shape):
        squares = [(at[0] - r) ** 2 + (at[1] - c) ** 2 for r, c in dark]
        share = min(1.0, np.sqrt(min(squares, default=np.inf)) / (feather + 1))
        result[at] = np.rint(plane[at] * share)
    return result


def rounded(value, rounding):
    """Round a fraction to a whole number."""
    if rounding is Rounding.TRUNCATE:
        return int(value)
    if rounding is Rounding.HALF_UP:
        return (value + Fraction(1, 2)).__floor__()
    if rounding is Rounding.HALF_DOWN:
        return (value - Fraction(1, 2)).__ceil__()
    return round(value)


@pytest.mark.parametrize(
    ("mask", "weights"),
    [
        (np.array([[False, True]]), [0, 65535]),
        (np.array([[0, 1, 128, 255]], np.uint8), [0, 257, 32896, 65535]),
        (np.array([[0, 1, 65535]], np.uint16), [0, 1, 65535]),
        (np.array([[0, 0.5, 1]], np.float32), [0, 32768, 65535]),
        (np.dstack([np.array([[0, 9]], np.uint8)] * 3), [0, 9 * 257]),
        (np.array([[[0, 255], [9, 255]]], np.uint8), [0, 9 * 257]),
    ],
)
def test_what_the_values_of_a_mask_weigh(mask, weights):
    assert mask_weights(mask).tolist() == [weights]


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.array([[[1, 2, 3]]], np.uint8), "has colours"),
        (np.array([[[1, 254]]], np.uint8), "has transparent pixels"),
        (np.array([[1]], np.int16), "is int16"),
        (np.array([[1.5]], np.float32), "not from 0 to 1"),
        (np.array([[np.nan]], np.float32), "not from 0 to 1"),
    ],
)
def test_what_is_no_mask(mask, words):
    with pytest.raises(ArgumentError, match=words):
        mask_weights(mask)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ArgumentError, match="is 3 x 4, the image 3 x 5"):
        filter_image(np.zeros((3, 5), np.uint8), steps=["blur"], mask=np.ones((3, 4), bool))


@pytest.mark.parametrize("feather", [1, 2, 5])
def test_the_profile_of_a_feather_on_a_rectangle(feather):
    selection = Selection(regions=(Region(0, 4, 30, 20),), feather=feather)
    weights = weights_of_rows(selection, (30, 40), 0, 30)
    steps = [round(65535 * d / (feather + 1)) for d in range(1, feather + 1)]
    row = [0] * 4 + steps + [65535] * (20 - 2 * feather) + steps[::-1] + [0] * 16
    # The edge of the image is no edge of the region.
    assert (weights == row).all()


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(np.uint16, st.tuples(st.integers(1, 14), st.integers(1, 14)),
               elements=st.sampled_from([0, 0, 20000, 65535, 65535, 65535])),
    st.integers(1, 6),
    st.data(),
)  # fmt: skip
def test_distances_are_euclidean(plane, feather, data):
    selection = Selection(mask="m", feather=feather)
    expected = faded(plane, feather)
    start = data.draw(st.integers(0, plane.shape[0] - 1))
    stop = data.draw(st.integers(start + 1, plane.shape[0]))
    found = weights_of_rows(selection, plane.shape, start, stop, mask=lambda a, b: plane[a:b])
    np.testing.assert_array_equal(found, expected[start:stop])


def test_large_masks_fade_as_small_ones_do(monkeypatch):
    from imgconv.ops.regions import weights as module

    plane = (np.random.default_rng(1).random((300, 400)) < 0.999).astype(np.uint16) * 65535
    selection = Selection(mask="m", feather=30)
    whole = weights_of_rows(selection, plane.shape, 0, 300, mask=lambda a, b: plane[a:b])
    monkeypatch.setattr(module, "_TILE", 64)
    tiled = weights_of_rows(selection, plane.shape, 0, 300, mask=lambda a, b: plane[a:b])
    np.testing.assert_array_equal(whole, tiled)


def test_a_mask_and_regions_count_together():
    mask = np.array([[0, 255, 128], [255, 255, 0]], np.uint8)
    image = np.full((2, 3), 10, np.uint8)
    made = filter_image(image, steps=["invert"], mask=mask, region="0,1,1,2")
    assert made.tolist() == [[10, 245, 128], [10, 10, 10]]
    other = filter_image(image, steps=["invert"], mask=mask, mask_invert=True)
    assert other.tolist() == [[245, 10, 127], [10, 10, 245]]


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_every_weight_mixes_exactly(dtype, rounding):
    depth = Depth.of(np.dtype(dtype))
    ends = [depth.low, depth.low + 1, 7, 100, depth.high]
    weights = [0, 1, 257, 21845, 32767, 32768, 65534, 65535]
    pairs = np.array(list(product(ends, ends)))
    one, other = (np.tile(pairs[:, [i]], len(weights)).astype(dtype) for i in (0, 1))
    plane = np.tile(np.array(weights, np.uint16), (len(pairs), 1))
    found = mix(one, other, plane, Alpha.AUTO, rounding)
    for at in np.ndindex(one.shape):
        a, b, w = int(one[at]), int(other[at]), int(plane[at])
        exact = Fraction(a * (65535 - w) + b * w, 65535)
        assert found[at] == rounded(exact, rounding), (a, b, w)


@settings(max_examples=25, deadline=None)
@given(images(dtypes=("uint8", "uint16"), max_side=4, channels=(2, 4)), st.data())
def test_colours_count_as_much_as_they_are_opaque(image, data):
    other = data.draw(hnp.arrays(image.dtype, image.shape))
    weights = data.draw(hnp.arrays(np.uint16, image.shape[:2]))
    found = mix(image, other, weights, Alpha.AUTO, Rounding.HALF_EVEN)
    for at in np.ndindex(weights.shape):
        parts = 65535 - int(weights[at]), int(weights[at])
        pixels = image[at].tolist(), other[at].tolist()
        seen = [part * pixel[-1] for part, pixel in zip(parts, pixels, strict=True)]
        by = seen if sum(seen) else parts
        for channel in range(image.shape[2]):
            shares = parts if channel == image.shape[2] - 1 else by
            total = sum(s * p[channel] for s, p in zip(shares, pixels, strict=True))
            assert found[at][channel] == round(Fraction(total, sum(shares)))


@settings(max_examples=40, deadline=None)
@given(images(dtypes=DTYPES, max_side=5, channels=(None, 1, 2, 3, 4)), st.data())
def test_black_keeps_every_bit_and_white_gives_the_whole_result(image, data):
    if image.dtype == np.float32:
        image = image.copy()
        image.reshape(-1)[0] = data.draw(st.sampled_from([np.nan, -0.0, np.inf, 1.0]))
    flags = data.draw(hnp.arrays(bool, image.shape[:2]))
    alpha = data.draw(st.sampled_from(Alpha))
    made = filter_image(image, steps=["sharpen"], mask=flags, alpha=alpha)
    whole = filter_image(image, steps=["sharpen"], alpha=alpha)
    kind = f"u{image.dtype.itemsize}"
    np.testing.assert_array_equal(made.view(kind)[~flags], image.view(kind)[~flags])
    np.testing.assert_array_equal(made[flags], whole[flags])


def test_a_recipe_with_a_mask_is_refused_where_none_is_read():
    from imgconv.io.config.recipes import recipe_from
    from imgconv.ops.pipeline.run import run_recipe

    recipe = recipe_from({"steps": ["blur"], "mask": "m.png"})
    with pytest.raises(ArgumentError, match=r"has the mask m\.png, which is not read here"):
        run_recipe(np.zeros((4, 4), np.uint8), recipe)
