"""Local thresholds from whole sums: pixel by pixel those of scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import filters

from imgconv import binarize
from imgconv.engines.native import NativeEngine
from imgconv.engines.select import native_engine
from imgconv.model.steps.threshold import Binarization
from imgconv.ops.color import local_threshold

METHODS = {
    "sauvola:window=15,k=0.2": lambda image: filters.threshold_sauvola(image, 15, 0.2),
    "sauvola:window=3,k=0.5": lambda image: filters.threshold_sauvola(image, 3, 0.5),
    "niblack:window=51,k=-0.3": lambda image: filters.threshold_niblack(image, 51, -0.3),
    "local-mean:window=7,offset=2": lambda image: filters.threshold_local(
        image, 7, method="mean", offset=2
    ),
    "local-mean:window=51": lambda image: filters.threshold_local(image, 51, method="mean"),
    "local-gaussian:window=15,offset=1": lambda image: filters.threshold_local(
        image, 15, method="gaussian", offset=1
    ),
    "local-gaussian:window=101": lambda image: filters.threshold_local(
        image, 101, method="gaussian"
    ),
}


def picture(dtype, kind, rows=77, columns=58):
    high = int(np.iinfo(dtype).max)
    image = np.random.default_rng(5).integers(0, high + 1, (rows, columns)).astype(dtype)
    if kind == "areas":  # where the threshold is the pixel, but for rounding
        image[: rows // 2] = 201
        image[:, : columns // 3] = high - 7
    return np.full_like(image, 93) if kind == "flat" else image


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["noise", "areas", "flat"])
def test_no_pixel_changes_sides(method, dtype, kind, engine, monkeypatch):
    monkeypatch.setenv("IMGCONV_ENGINE", engine)
    monkeypatch.setattr(local_threshold, "_BAND_VALUES", 200)
    monkeypatch.setattr(local_threshold, "_PIXELS_FOR_THREADS", 0)
    image = picture(dtype, kind)
    by_core_alone = "gaussian" in method
    served = local_threshold.is_served(image, Binarization.parse(method))
    assert served or (by_core_alone and engine == "reference")
    white = image > METHODS[method](image)
    np.testing.assert_array_equal(binarize(image, method), white * np.iinfo(dtype).max)


@pytest.mark.parametrize("isa", native_engine().isas)
@pytest.mark.parametrize("method", METHODS)
def test_every_instruction_set_gives_the_same(method, isa):
    core = NativeEngine(native_engine()._core, isa=isa).pointwise
    for dtype in (np.uint8, np.uint16):
        image = picture(dtype, "areas", 29, 140)
        job = local_threshold._job(image, Binarization.parse(method), int(np.iinfo(dtype).max))
        white = image > METHODS[method](image)
        found = core.above_local(image, job, 1)
        np.testing.assert_array_equal(found, white * np.iinfo(dtype).max)


def test_sums_that_scikit_image_rounds_are_left_to_it():
    """Squares of 16 bits over 3 million pixels have more bits than float64."""
    large = np.broadcast_to(np.uint16(1), (2000, 1500))
    assert not local_threshold.is_served(large, Binarization.parse("sauvola"))
    assert local_threshold.is_served(large, Binarization.parse("local-mean"))
    assert not local_threshold.is_served(large.astype(np.int16), Binarization.parse("local-mean"))
