"""Gray and black and white, against OpenCV, scikit-image and exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from skimage import color, filters

from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.model.steps.methods import Gray, ThresholdMethod
from imgconv.model.steps.threshold import Binarization
from imgconv.ops.color import srgb
from imgconv.ops.color.gray import invert, to_gray
from imgconv.ops.color.threshold import binarize, binarize_reporting

RNG = np.random.default_rng(7)
COLOURS = RNG.integers(0, 256, (300, 300, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (200, 200, 3), dtype=np.uint16)


@pytest.mark.parametrize("image", [COLOURS, DEEP, (COLOURS / 255).astype(np.float32)])
def test_bt601_is_opencv_s(image):
    np.testing.assert_array_equal(to_gray(image), cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


@pytest.mark.parametrize("image", [COLOURS, DEEP])
def test_bt709_has_the_weights_of_scikit_image(image):
    white = np.iinfo(image.dtype).max
    theirs = color.rgb2gray(image) * white
    assert np.abs(to_gray(image, "bt709") - theirs).max() <= 0.5 + 1e-6


@pytest.mark.parametrize(
    ("method", "weights"),
    [("bt709", (2125, 7154, 721)), ("average", (1, 1, 1))],
)
def test_weighted_means_are_exactly_rounded(method, weights):
    for image in (COLOURS[:20, :20], DEEP[:20, :20], DEEP[:20, :20].view(np.int16)):
        gray = to_gray(image, method)
        for at in np.ndindex(image.shape[:2]):
            total = sum(w * int(v) for w, v in zip(weights, image[at], strict=True))
            assert gray[at] == round(Fraction(total, sum(weights)))


def test_lightness_and_channels():
    image = np.array([[[10, 200, 31]], [[0, 1, 0]]], np.uint8)
    assert to_gray(image, "lightness").ravel().tolist() == [105, 0]
    for index, name in enumerate(("red", "green", "blue")):
        np.testing.assert_array_equal(to_gray(image, name), image[..., index])


def test_linear_light_is_the_standard_s_formula():
    encoded = COLOURS[:60, :60] / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    again = np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055) * 255
    assert np.abs(to_gray(COLOURS[:60, :60], "linear") - again).max() <= 0.5 + 1e-5


@pytest.mark.parametrize("depth", [Depth.U8, Depth.U16])
def test_linear_light_gives_gray_levels_back(depth):
    levels = np.arange(depth.high + 1).astype(depth.dtype)
    assert (srgb.nearest_level(srgb.linear_table(depth), depth) == levels).all()
    grays = np.repeat(levels[None, :, None], 3, axis=2)
    np.testing.assert_array_equal(to_gray(grays, "linear")[0], levels)


@pytest.mark.parametrize("depth", [Depth.U8, Depth.U16])
def test_no_machine_can_round_the_tables_otherwise(depth):
    """No entry lies so near a half that an error of a few units in the last place matters."""
    for half in (0.0, 0.5):
        values = srgb.decoded((np.arange(depth.high) + half) / depth.high) * 2**30
        distance = np.abs(values - np.floor(values) - 0.5)
        assert (distance > 8 * np.spacing(values)).all()


def test_alpha_and_single_channels():
    rgba = np.dstack([COLOURS, COLOURS[..., :1]])
    np.testing.assert_array_equal(to_gray(rgba), to_gray(COLOURS))
    assert to_gray(COLOURS[..., 0]) is not None
    np.testing.assert_array_equal(to_gray(COLOURS[..., :1]), COLOURS[..., 0])
    with pytest.raises(ArgumentError, match="5 channels"):
        to_gray(np.zeros((2, 2, 5), np.uint8))
    with pytest.raises(ArgumentError, match="no gray method is called 'sepia'"):
        to_gray(COLOURS, "sepia")
    with pytest.raises(ArgumentError, match="not i16"):
        to_gray(np.zeros((2, 2, 3), np.int16), "linear")


_SKIMAGE = {
    "otsu": filters.threshold_otsu,
    "triangle": filters.threshold_triangle,
    "li": filters.threshold_li,
    "yen": filters.threshold_yen,
    "isodata": filters.threshold_isodata,
    "minimum": filters.threshold_minimum,
    "mean": filters.threshold_mean,
}


@pytest.mark.parametrize(
    ("method", "depth"),
    [
        (method, depth)
        for method in _SKIMAGE
        for depth in ("uint8", "uint16")
        if (method, depth) != ("minimum", "uint16")  # finds no two peaks there
    ],
)
def test_global_thresholds_are_scikit_image_s(astronaut, method, depth):
    gray = to_gray(astronaut).astype(depth) * (257 if depth == "uint16" else 1)
    result, threshold = binarize_reporting(gray, method)
    theirs = _SKIMAGE[method](gray)
    assert threshold == pytest.approx(theirs)
    np.testing.assert_array_equal(result > 0, gray > theirs)
    assert set(np.unique(result)) == {0, np.iinfo(depth).max}


@pytest.mark.parametrize("method", ["triangle", "li", "yen", "isodata", "mean"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_thresholds_of_any_histogram_are_scikit_image_s(method, dtype):
    rng = np.random.default_rng(5)
    for _ in range(40):
        low, width = sorted(rng.integers(0, 256 if dtype == np.uint8 else 1000, 2))
        values = rng.beta(*rng.uniform(0.3, 4, 2), (9, 23)) * (width - low) + low
        image = values.astype(dtype)
        ours, threshold = binarize_reporting(image, method)
        theirs = _SKIMAGE[method](image)
        assert threshold == pytest.approx(theirs, rel=1e-6)
        np.testing.assert_array_equal(ours > 0, image > threshold)


@pytest.mark.parametrize("method", ["triangle", "li", "mean", "otsu", "yen", "isodata"])
def test_signed_pixels_are_unsigned_ones_moved(method):
    """In scikit-image ``threshold_li`` overflows where levels are farther apart than 32767."""
    unsigned = (np.random.default_rng(8).beta(2, 5, (40, 50)) * 65535).astype(np.uint16)
    signed = (unsigned.astype(np.int32) - 32768).astype(np.int16)
    ours, threshold = binarize_reporting(signed, method)
    theirs, other = binarize_reporting(unsigned, method)
    assert threshold == pytest.approx(other - 32768, abs=1e-6)
    np.testing.assert_array_equal(ours > 0, theirs > 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
@pytest.mark.parametrize("step", [1, -1, 2])
def test_white_is_what_is_greater_than_the_threshold(dtype, step):
    info = np.iinfo(dtype)
    image = np.linspace(info.min, info.max, 768).astype(dtype).reshape(24, 32)[:, ::step]
    low, high = info.min, info.max
    middle = (low + high) // 2
    numbers = [low - 1, low, low + 0.5, middle - 0.25, middle, high - 1, high - 0.5, high, 1e30]
    for number in [*numbers, -1e30]:
        result = binarize(image, Binarization(ThresholdMethod.FIXED, Fraction(number)))
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, np.where(image > float(number), high, 0))


def test_otsu_is_opencv_s(astronaut):
    gray = to_gray(astronaut)
    threshold, theirs = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    ours, reported = binarize_reporting(astronaut, "otsu")
    assert reported == threshold
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("method", "threshold"),
    [
        ("local-mean:window=15,offset=3", lambda g: filters.threshold_local(g, 15, "mean", 3)),
        ("local-gaussian:window=15", lambda g: filters.threshold_local(g, 15, "gaussian")),
        ("niblack:window=21,k=0.3", lambda g: filters.threshold_niblack(g, 21, 0.3)),
        ("sauvola", lambda g: filters.threshold_sauvola(g, 25, 0.2)),
    ],
)
def test_local_thresholds_are_scikit_image_s(astronaut, method, threshold):
    gray = to_gray(astronaut)
    ours, reported = binarize_reporting(gray, method)
    assert reported is None
    np.testing.assert_array_equal(ours > 0, gray > threshold(gray))


def test_fixed_threshold():
    image = np.array([[0, 99, 100, 101, 255]], np.uint8)
    assert binarize(image, "100").tolist() == [[0, 0, 0, 255, 255]]
    assert binarize(image, "fixed").tolist() == [[0, 0, 0, 0, 255]]
    assert binarize(np.array([[0.4, 0.6]], np.float32), "fixed").tolist() == [[0, 1]]
    assert binarize(image, 100).tolist() == binarize(image, "100").tolist()


def test_a_threshold_is_not_rounded_to_float32():
    image = np.array([[0.1]], np.float32)  # a little more than 0.1
    assert binarize(image, "0.1").tolist() == [[1]]
    assert binarize(image, repr(float(image[0, 0]))).tolist() == [[0]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("magic", "no threshold method is called 'magic'"),
        ("otsu:window=3", "otsu takes no parameter, not 'window'"),
        ("sauvola:offset=3", "takes window and k, not 'offset'"),
        ("sauvola:window=4", "window is 4; it must be odd"),
        ("sauvola:window=2.5", "window is 5/2"),
        ("sauvola:window", "is not a threshold method with parameters"),
    ],
)
def test_refused_binarizations(text, words):
    with pytest.raises(ArgumentError, match=words):
        Binarization.parse(text)


def test_a_method_that_finds_nothing_says_so():
    with pytest.raises(ArgumentError, match="minimum finds no threshold here"):
        binarize(np.full((9, 9), 7, np.uint8), "minimum")
    with pytest.raises(ArgumentError, match="NaN or infinity"):
        binarize(np.array([[np.nan, 1]], np.float32), "li")
    with pytest.raises(ArgumentError, match="NaN or infinity"):
        binarize(np.array([[np.nan, 1]], np.float32), "mean")
    with pytest.raises(
        ArgumentError, match="window is 101; for an image of 9 x 9 it is at most 19"
    ):
        binarize(np.zeros((9, 9), np.uint8), "sauvola:window=101")


@pytest.mark.parametrize("method", [m for m in ThresholdMethod if m is not ThresholdMethod.MINIMUM])
def test_a_flat_image_does_not_crash(method):
    assert binarize(np.full((30, 30), 7, np.uint8), Binarization(method)).shape == (30, 30)


@pytest.mark.parametrize(
    "text", ["otsu", "128", "257/2", "sauvola:window=31", "local-mean:window=15,offset=3", "fixed"]
)
def test_binarizations_are_written_as_they_are_read(text):
    assert str(Binarization.parse(text)) == text


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.array([[0, 255]], np.uint8), [[255, 0]]),
        (np.array([[1, 65535]], np.uint16), [[65534, 0]]),
        (np.array([[-32768, 0]], np.int16), [[32767, -1]]),
        (np.array([[0, 0.25]], np.float32), [[1, 0.75]]),
    ],
)
def test_invert(image, expected):
    assert invert(image).tolist() == expected
    np.testing.assert_array_equal(invert(invert(image)), image)


def test_every_gray_method_keeps_gray(astronaut):
    gray = np.repeat(to_gray(astronaut)[:50, :50, None], 3, axis=2)
    for method in Gray:
        np.testing.assert_array_equal(to_gray(gray, method), gray[..., 0])
