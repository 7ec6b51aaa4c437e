"""Canny against OpenCV's on photographs, and its parts against plain loops."""

from __future__ import annotations

from math import hypot

import cv2
import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from strategies import images

from imgconv.api import filter_image
from imgconv.model.errors import ArgumentError
from imgconv.ops.edges import gradient as gradients
from imgconv.ops.edges.canny import canny
from imgconv.ops.edges.gradient import nonmax
from imgconv.ops.edges.hysteresis import hysteresis
from imgconv.ops.edges.zero_crossing import zero_crossing

PHOTOGRAPHS = [
    "camera",
    "astronaut",
    "coins",
    "page",
    "chelsea",
    "coffee",
    "text",
    "moon",
    "rocket",
]
THRESHOLDS = [(50, 150), (100.5, 200.3), (0, 400), (300, 100), (1000, 4000)]


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("l2", [False, True])
@pytest.mark.parametrize("aperture", [3, 5, 7])
@pytest.mark.sampled(5)
def test_canny_is_opencvs_on_photographs(name, aperture, l2):
    image = getattr(data, name)()
    for low, high in THRESHOLDS:
        expected = cv2.Canny(image, low, high, apertureSize=aperture, L2gradient=l2)
        np.testing.assert_array_equal(
            canny(image, low, high, aperture=aperture, l2=l2).image, expected
        )


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
@pytest.mark.parametrize("name", ["camera", "astronaut", "text"])
@pytest.mark.parametrize("l2", [False, True])
@pytest.mark.parametrize("aperture", [3, 5])
@pytest.mark.sampled(12)
def test_other_types_find_the_edges_that_opencv_finds_in_bytes(
    monkeypatch, name, aperture, l2, dtype
):
    monkeypatch.setattr(gradients, "_BAND_ROWS", 100)
    image = getattr(data, name)()
    for low, high in THRESHOLDS:
        expected = cv2.Canny(image, low, high, apertureSize=aperture, L2gradient=l2) > 0
        for factor in (1, 100):
            same = (image.astype("int32") * factor).astype(dtype)
            found = canny(same, low * factor, high * factor, aperture=aperture, l2=l2)
            if factor == 1 or dtype != "int16":
                np.testing.assert_array_equal(found.image > 0, expected)
                assert found.image.dtype == dtype


def test_canny_of_bytes_of_more_channels_than_opencv_takes():
    image = np.concatenate([data.astronaut(), data.astronaut()[::-1]], axis=2)
    pairs = [canny(image[..., part], 50, 150).image for part in (slice(0, 3), slice(3, 6))]
    found = canny(image, 50, 150).image
    assert found.shape == pairs[0].shape
    assert 0 < (found > 0).mean() < 0.5


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_automatic_thresholds_do_not_depend_on_the_type(name):
    image = getattr(data, name)()
    found = canny(image)
    assert found.low == found.high / 2
    np.testing.assert_array_equal(found.image, cv2.Canny(image, found.low, found.high))
    assert 0.01 < (found.image > 0).mean() < 0.2
    sizes = np.abs(cv2.Sobel(image, cv2.CV_16S, 1, 0, borderType=cv2.BORDER_REPLICATE)) + np.abs(
        cv2.Sobel(image, cv2.CV_16S, 0, 1, borderType=cv2.BORDER_REPLICATE)
    )
    sizes = sizes if sizes.ndim == 2 else sizes.max(axis=2)
    assert found.high == cv2.threshold(sizes.astype("uint16"), 0, 1, cv2.THRESH_OTSU)[0]
    wide = canny(image.astype("uint16") * 257)
    assert wide.high / 257 == pytest.approx(found.high, abs=2)
    share = canny(image.astype("float32") / 255)
    assert share.high * 255 == pytest.approx(found.high, abs=3)


def test_one_threshold_makes_the_other():
    image = data.camera()
    assert canny(image, 60)[1:] == (60, 120)
    assert canny(image, high=60)[1:] == (30, 60)
    assert canny(np.zeros((5, 5), np.uint8))[1:] == (0, 0)


def test_sigma_is_the_banks_gaussian():
    image = data.camera()
    blurred = filter_image(image, kernels=["gaussian:sigma=1.4"])
    np.testing.assert_array_equal(
        canny(image, 30, 60, sigma="1.4").image, cv2.Canny(blurred, 30, 60)
    )


@settings(max_examples=25, deadline=None)
@given(image=images(), l2=st.booleans(), aperture=st.sampled_from([3, 5, 7]))
def test_nonmax_keeps_ridges_of_the_gradient(image, l2, aperture):
    pixels = image.astype(np.float64)
    columns, rows = (
        cv2.Sobel(pixels, cv2.CV_64F, *d, ksize=aperture, borderType=cv2.BORDER_REPLICATE)
        for d in ((1, 0), (0, 1))
    )
    got = nonmax(image, aperture, l2=l2, depth="f32")
    for r in range(image.shape[0]):
        for c in range(image.shape[1]):
            dx, dy = columns[r, c], rows[r, c]

            def size(down, across, r=r, c=c):
                y, x = r + down, c + across
                if not (0 <= y < image.shape[0] and 0 <= x < image.shape[1]):
                    return 0
                gx, gy = columns[y, x], rows[y, x]
                return gx * gx + gy * gy if l2 else abs(gx) + abs(gy)

            here = size(0, 0)
            if abs(dy) * 32768 < abs(dx) * 13573:
                kept = here > size(0, -1) and here >= size(0, 1)
            elif abs(dy) * 32768 > abs(dx) * 13573 + abs(dx) * 65536:
                kept = here > size(-1, 0) and here >= size(1, 0)
            else:
                turn = -1 if (dx < 0) != (dy < 0) else 1
                kept = here > size(-1, -turn) and here > size(1, turn)
            norm = (np.sqrt(here) if l2 else here) if kept else 0
            with np.errstate(over="ignore"):
                assert got[r, c] == np.float32(norm)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_canny_is_nonmax_and_hysteresis(dtype):
    image = data.camera().astype(dtype)
    ridges = nonmax(image, depth="u16")
    expected = canny(image, 40, 90).image
    np.testing.assert_array_equal(hysteresis(ridges, 40, 90) > 0, expected > 0)
    assert nonmax(image).dtype == dtype


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_hysteresis_is_scikit_images_with_corners(dtype):
    image = np.random.default_rng(5).integers(0, 100, (60, 70, 3)).astype(dtype)
    got = hysteresis(image, 85.5, 70)
    white = 1 if dtype == "float32" else np.iinfo(dtype).max
    for channel in range(3):
        labels, count = scipy.ndimage.label(image[..., channel] > 70, np.ones((3, 3)))
        strong = np.unique(labels[image[..., channel] > 85.5])
        expected = np.isin(labels, strong[strong > 0])
        np.testing.assert_array_equal(got[..., channel], expected * np.array(white, dtype))
    assert count > len(strong)


def test_zero_crossings_are_where_marr_and_hildreth_say():
    row = np.array([[-4, -1, 3, 0, -2, 0, -1, 2, 0, 0, -5]], np.float32)
    assert zero_crossing(row)[0].tolist() == [0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0]
    assert zero_crossing(row.T)[:, 0].tolist() == zero_crossing(row)[0].tolist()
    assert zero_crossing(row, 3)[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert zero_crossing(row + 128, level=128)[0].tolist() == zero_crossing(row)[0].tolist()
    assert zero_crossing(np.array([[-1, np.nan, 1]], np.float32)).tolist() == [[0, 0, 0]]
    assert zero_crossing(np.array([[7]], np.uint8)).tolist() == [[0]]


def test_zero_crossings_of_a_disk_are_its_rim():
    down, across = np.mgrid[-40:41, -40:41]
    disk = np.where(np.hypot(down, across) < 25, 200, 50).astype(np.uint8)
    edges = zero_crossing(filter_image(disk, kernels=["log:sigma=2"], depth="f32"), 2)
    at = np.argwhere(edges) - 40
    assert len(at) > 100
    assert all(abs(hypot(*place) - 25) < 2 for place in at)


def test_values_that_are_not_finite_are_no_edges():
    image = np.zeros((9, 9), np.float32)
    image[4, 4], image[0, 0] = np.nan, np.inf
    for found in (canny(image).image, canny(image, 1, 2, l2=True).image, hysteresis(image, 0, 1)):
        assert np.isfinite(found).all()
    assert hysteresis(image, 0, 1)[0, 0] == 1


def test_what_is_refused():
    image = np.zeros((5, 5), np.uint8)
    with pytest.raises(ArgumentError, match="aperture 4 is not a size of Sobel's kernels"):
        canny(image, 1, 2, aperture=4)
    with pytest.raises(ArgumentError, match="aperture 9 is not"):
        nonmax(image, 9)
    with pytest.raises(ArgumentError, match="sigma -1 is negative"):
        canny(image, 1, 2, sigma=-1)
    with pytest.raises(ArgumentError, match="a threshold is NaN"):
        canny(image, float("nan"), 2)
    with pytest.raises(ArgumentError, match="a threshold is NaN"):
        hysteresis(image, 1, float("nan"))
