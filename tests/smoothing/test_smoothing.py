"""Filters that keep edges, and local contrast: definitions in plain loops, and what peers do."""

from __future__ import annotations

from math import exp

import cv2
import numpy as np
import pytest
from skimage import data
from strategies import BORDERS

import imgconv
from imgconv.api import filter_image
from imgconv.model.errors import ArgumentError
from imgconv.ops.contrast.clahe import clahe
from imgconv.ops.contrast.local_normalize import local_normalize
from imgconv.ops.contrast.unsharp import unsharp_mask
from imgconv.ops.smoothing import floats
from imgconv.ops.smoothing.bilateral import bilateral
from imgconv.ops.smoothing.guided import guided
from imgconv.ops.smoothing.nlmeans import nlmeans

CV_BORDERS = {
    "replicate": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "reflect101": cv2.BORDER_REFLECT_101,
}
FILTERS = {
    "bilateral": lambda image, **o: bilateral(image, 5, 30, 2, **o),
    "guided": lambda image, **o: guided(image, 3, 20, **o),
    "nlmeans": lambda image, **o: nlmeans(image, 20, patch=3, search=7, **o),
    "local_normalize": lambda image, **o: local_normalize(image, 7, **o),
}


def crop(channels=None):
    image = data.astronaut()[60:140, 180:280]
    return image[..., 1] if channels is None else np.ascontiguousarray(image[..., :channels])


def with_alpha(image):
    return np.dstack([image, np.full(image.shape[:2], 200, image.dtype)])


@pytest.mark.parametrize("border", CV_BORDERS)
@pytest.mark.parametrize("channels", [None, 3])
def test_bilateral_of_bytes_is_opencvs(channels, border):
    image = crop(channels)
    expected = cv2.bilateralFilter(image, 9, 40, 3, borderType=CV_BORDERS[border])
    got = bilateral(image, 9, 40, 3, border=border).astype(int)
    # OpenCV's vectors and what is left of a row differ in their last bit.
    assert np.abs(got - expected).max() <= 1
    np.testing.assert_array_equal(got[:, :60], expected[:, :60])


@pytest.mark.parametrize("channels", [None, 3])
def test_bilateral_in_floats_is_within_one_level_of_opencvs(channels):
    image = crop(channels)
    expected = cv2.bilateralFilter(image, 9, 40, 3)
    for dtype in ("uint16", "int16", "float32"):
        got = bilateral(image.astype(dtype), 9, 40, 3)
        assert got.dtype == dtype
        assert np.abs(got.astype(float) - expected).max() <= 1
    scaled = bilateral(image.astype("uint16") * 257, 9, 40 * 257, 3) / 257
    assert np.abs(scaled - expected).max() <= 1


def test_bilateral_by_plain_loops_with_pixels_left_out():
    image = crop(3)[:6, :7].astype(np.uint16)
    got = bilateral(image, 5, 30, 2, border="ignore")
    for r in range(6):
        for c in range(7):
            total, weight = np.zeros(3), 0.0
            for y in range(max(r - 2, 0), min(r + 3, 6)):
                for x in range(max(c - 2, 0), min(c + 3, 7)):
                    far = (y - r) ** 2 + (x - c) ** 2
                    apart = np.abs(image[y, x].astype(float) - image[r, c]).sum()
                    if far <= 4:
                        share = exp(-far / 8) * exp(-(apart**2) / 1800)
                        total += share * image[y, x]
                        weight += share
            assert np.abs(got[r, c] - total / weight).max() <= 0.5


@pytest.mark.parametrize("border", ["reflect101", "ignore", "constant"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("at", [(22, 32), (0, 0)])
def test_explained_weights_give_the_value(border, dtype, at):
    image = crop(3).astype(dtype)
    steps = ["bilateral:5,30,2"]
    found = imgconv.explain(image, steps=steps, padding=border, at=at).stages[0]
    weights = {pixel.position: pixel.weight for pixel in found.pixels}
    assert weights[at] == 1
    assert (at[0] - 2, at[1] - 2) not in weights  # the window is round
    assert len(weights) == (6 if border == "ignore" and at == (0, 0) else 13)
    written = imgconv.filter_image(image, steps=steps, padding=border)[at]
    tolerance = {"uint8": 1, "uint16": 0.5, "float32": 1e-4}[dtype]
    np.testing.assert_allclose(found.means, written, rtol=0, atol=tolerance)
    assert found.values == tuple(written.tolist())
    library = "OpenCV" if dtype == "uint8" and border != "ignore" else "NumPy"
    assert found.library.startswith(library)
    assert f"weighted mean: {found.means[0]:.9g}" in "\n".join(found.lines())
    assert found.as_dict()["sum_of_weights"] == found.total


def test_a_bilateral_filter_that_is_wrong_is_found_out(monkeypatch):
    from imgconv.ops.smoothing import steps as module

    right = module.bilateral_of
    monkeypatch.setattr(module, "bilateral_of", lambda *a: right(*a) + 3)
    with pytest.raises(ArithmeticError, match="but the step wrote"):
        imgconv.explain(crop() // 2, steps=["bilateral"], at=(3, 3))


@pytest.mark.parametrize("border", ["reflect101", "ignore"])
def test_guided_by_its_definition(border):
    image = crop().astype(np.float64)
    radius, epsilon = 2, 20.0**2
    padded = np.pad(image, 4, mode="reflect" if border == "reflect101" else "constant")
    inside = np.pad(np.ones(image.shape), 4, constant_values=float(border != "ignore"))

    def mean(values, count):
        view = np.lib.stride_tricks.sliding_window_view
        sums = view(values * count, (5, 5)).sum(axis=(2, 3))
        return sums / np.maximum(view(count, (5, 5)).sum(axis=(2, 3)), 1)

    average = mean(padded, inside)
    variance = mean(padded**2, inside) - average**2
    slope = variance / (variance + epsilon)
    models = inside[radius:-radius, radius:-radius]
    expected = mean(slope, models) * image + mean((1 - slope) * average, models)
    got = guided(crop().astype(np.float32), radius, 20, border=border)
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    whole = guided(crop(), radius, 20, border=border)
    np.testing.assert_array_equal(whole, np.rint(expected))


def test_nlmeans_of_bytes_is_opencvs():
    for image in (crop(), crop(3), with_alpha(crop(3))):
        expected = cv2.fastNlMeansDenoising(image, None, 15, 5, 11)
        half = 5 // 2 + 11 // 2
        inner = (slice(half, -half),) * 2
        np.testing.assert_array_equal(
            nlmeans(image, 15, patch=5, search=11)[inner], expected[inner]
        )


def test_nlmeans_in_floats_is_near_opencvs():
    image = crop(3)
    expected = cv2.fastNlMeansDenoising(image, None, 25, 5, 11).astype(float)
    for dtype in ("uint16", "int16", "float32"):
        got = nlmeans(image.astype(dtype), 25, patch=5, search=11)
        assert got.dtype == dtype
        # OpenCV's weights are whole numbers, and those below a thousandth are none.
        assert np.abs(got - expected).mean() < 1


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("channels", [None, 2, 3, 4])
@pytest.mark.sampled(12)
def test_any_channels_type_and_border(monkeypatch, name, channels, dtype):
    image = crop() if channels is None else with_alpha(crop(3))[..., -channels:]
    image = np.ascontiguousarray(image[:40, :50]).astype(dtype)
    before = image.copy()
    for border in (*BORDERS, "ignore"):
        if (name, border) == ("nlmeans", "ignore"):
            continue
        monkeypatch.setattr(floats, "_BAND_VALUES", 1 << 18)
        whole = FILTERS[name](image, border=border, threads=1)
        assert whole.shape == image.shape
        assert whole.dtype == image.dtype
        monkeypatch.setattr(floats, "_BAND_VALUES", 1)
        np.testing.assert_array_equal(FILTERS[name](image, border=border, threads=3), whole)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("name", FILTERS)
def test_flat_images_stay_flat(name):
    for value, dtype in ((77, "uint8"), (7700, "uint16"), (-77, "int16"), (0.5, "float32")):
        image = np.full((12, 13), value, dtype)
        got = FILTERS[name](image, **({} if name == "nlmeans" else {"border": "ignore"}))
        middle = {"uint8": 128, "uint16": 32768, "int16": 0, "float32": 0}[dtype]
        expected = middle if name == "local_normalize" else value
        np.testing.assert_allclose(got, np.full((12, 13), expected), atol=1e-6)


@pytest.mark.parametrize("name", FILTERS)
def test_nan_stays_near(name):
    image = crop().astype(np.float32)
    image[40, 50] = np.nan
    missing = np.isnan(FILTERS[name](image))
    assert missing[40, 50]
    assert not missing[:30].any()
    assert not missing[:, 70:].any()
    clean = FILTERS[name](crop().astype(np.float32))
    np.testing.assert_array_equal(FILTERS[name](image)[~missing], clean[~missing])


def test_local_normalize_by_its_definition():
    image = crop(3)
    padded = np.pad(image.astype(float), ((3, 3), (3, 3), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7), axis=(0, 1))
    above = (image - windows.mean(axis=(3, 4))) / np.maximum(windows.std(axis=(3, 4)), 4)
    got = local_normalize(image.astype(np.float32), 7, floor=4)
    np.testing.assert_allclose(got, above, atol=1e-4)
    whole = local_normalize(image, 7, floor=4, deviation=30, mean=100)
    assert np.abs(whole - np.clip(100 + 30 * above, 0, 255)).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_clahe_of_gray_is_opencvs(dtype):
    image = crop().astype(dtype) * (1 if dtype == "uint8" else 257)
    expected = cv2.createCLAHE(clipLimit=3, tileGridSize=(4, 2)).apply(image)
    np.testing.assert_array_equal(clahe(image, 3, (2, 4)), expected)
    np.testing.assert_array_equal(clahe(image[..., None], 3, (2, 4))[..., 0], expected)


def test_clahe_of_other_types_and_of_colour():
    image = crop().astype(np.uint16) * 257
    expected = clahe(image).astype(np.int64)
    signed = (image.astype(np.int32) - 32768).astype(np.int16)
    np.testing.assert_array_equal(clahe(signed).astype(np.int64) + 32768, expected)
    share = image.astype(np.float32) / 65535
    np.testing.assert_allclose(clahe(share) * 65535, expected, atol=0.01)
    share[3, 4] = np.nan
    assert np.argwhere(np.isnan(clahe(share))).tolist() == [[3, 4]]
    rgb = crop(3)
    found = clahe(rgb)
    lab, before = (cv2.cvtColor(i, cv2.COLOR_RGB2Lab).astype(int) for i in (found, rgb))
    assert lab[..., 0].std() > before[..., 0].std()
    assert np.abs(lab - before)[..., 1:].mean() < 3
    wide = clahe(rgb.astype(np.uint16) * 257)
    assert np.abs(wide / 257 - found).max() < 1
    shares = clahe(rgb.astype(np.float32) / 255)
    assert np.abs(shares * 255 - found).max() < 1


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_unsharp_with_a_threshold(dtype):
    image = crop(3).astype(dtype)
    linear = filter_image(image, kernels=["unsharp:sigma=1,amount=1.5"])
    np.testing.assert_array_equal(unsharp_mask(image, 1, "1.5"), linear)
    blurred = filter_image(image, kernels=["gaussian:sigma=1"], depth="f32")
    apart = np.abs(image.astype(np.float64) - blurred)
    got = unsharp_mask(image, 1, "1.5", 6)
    np.testing.assert_array_equal(got[apart < 5.99], image[apart < 5.99])
    np.testing.assert_array_equal(got[apart > 6.01], linear[apart > 6.01])
    assert 0.05 < (apart > 6).mean() < 0.95


def test_what_is_refused():
    image = np.zeros((9, 9), np.uint8)
    with pytest.raises(ArgumentError, match="size 4 is not an odd number"):
        bilateral(image, 4, 1, 1)
    with pytest.raises(ArgumentError, match="sigma_color is 0; more than 0 is needed"):
        bilateral(image, 5, 0, 1)
    with pytest.raises(ArgumentError, match="radius is 0; 1 is needed"):
        guided(image, 0, 1)
    with pytest.raises(ArgumentError, match="radius 128 is above 127"):
        guided(image, 128, 1)
    with pytest.raises(ArgumentError, match="pixels outside cannot be left out"):
        nlmeans(image, 3, border="ignore")
    with pytest.raises(ArgumentError, match="10 x 1 tiles cannot be cut from an image of 9 x 9"):
        clahe(image, 2, (10, 1))
    with pytest.raises(ArgumentError, match="clahe takes gray images and RGB"):
        clahe(np.zeros((9, 9, 4), np.uint8))
    with pytest.raises(ArgumentError, match="threshold -1 is negative"):
        unsharp_mask(image, 1, 1, -1)
    with pytest.raises(ArgumentError, match="size 257 is not an odd number from 1 to 255"):
        local_normalize(image, 257)
