"""Thresholds from histograms: those that scikit-image finds in the images."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data, filters

from imgconv import ArgumentError
from imgconv.ops.color import levels
from imgconv.ops.color.threshold import binarize_reporting

IMAGES = {
    "camera": data.camera()[::3, ::3],
    "page": data.page()[::2],
    "wide": data.coins()[::2].astype(np.uint16) * 2 + 30_000,
    "signed": data.coins()[::2].astype(np.int16) - 100,
    "two": np.array([[3, 3, 3, 250]], np.uint8),
}


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
@pytest.mark.parametrize("method", ["li", "yen", "isodata", "minimum"])
def test_the_threshold_is_that_of_the_image(image, method):
    try:
        expected = getattr(filters, f"threshold_{method}")(image)
    except RuntimeError:
        with pytest.raises(ArgumentError, match="finds no threshold"):
            binarize_reporting(image, method)
        return
    assert binarize_reporting(image, method)[1] == expected


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_the_mean_is_that_of_the_image(image):
    assert binarize_reporting(image, "mean")[1] == image.mean()


@pytest.mark.parametrize("at_once", [1, 7, 20])
def test_minima_are_found_however_many_smoothings_are_done_at_once(monkeypatch, at_once):
    monkeypatch.setattr(levels, "_SMOOTHINGS_AT_ONCE", at_once)
    rng = np.random.default_rng(5)
    for spread in (3, 10, 25, 40):
        image = np.concatenate([rng.normal(80, spread, 3000), rng.normal(170, spread, 2000)])
        image = image.clip(0, 255).astype(np.uint8).reshape(50, 100)
        assert binarize_reporting(image, "minimum")[1] == filters.threshold_minimum(image)


def test_smoothings_end(monkeypatch):
    monkeypatch.setattr(levels, "_MOST_SMOOTHINGS", 45)  # this one takes many more
    with pytest.raises(ArgumentError, match="Unable to find two maxima"):
        binarize_reporting(IMAGES["page"], "minimum")


def test_maxima_are_the_last_of_their_plateaus():
    assert levels._maxima(np.float32([5, 3, 3, 4, 4, 1, 2, 2])).tolist() == [0, 4]


def test_more_pixels_than_one_count_holds_are_counted(monkeypatch):
    monkeypatch.setattr(levels, "_MOST", 100)
    for image in IMAGES.values():
        counts = levels.counted(image)
        low = np.iinfo(image.dtype).min if image.dtype == np.int16 else 0
        expected = np.bincount(image.ravel().astype(int) - low, minlength=len(counts))
        np.testing.assert_array_equal(counts, expected)
