"""Measures and causes of differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage import metrics

from imgconv.io.config.recipes import recipe_from
from imgconv.model.errors import ArgumentError
from imgconv.model.output import Depth
from imgconv.model.steps.base import Form
from imgconv.ops.compare.compare import compare, difference_picture, interior
from imgconv.ops.compare.engine_diagnosis import find_causes
from imgconv.ops.compare.metrics import measure
from imgconv.ops.pipeline.run import run_recipe


def causes_of(comparison):
    return {cause.name: cause.pixels for cause in comparison.causes}


def test_measures_are_those_of_scikit_image(camera):
    theirs = camera.copy()
    theirs[100:110, 200:230] ^= 9
    found = measure(camera, theirs, np.ones(camera.shape, bool))
    assert found.equal == camera.size - 300
    assert found.pixels == camera.size
    assert found.max_abs_diff == np.abs(camera.astype(int) - theirs).max()
    assert found.psnr == pytest.approx(metrics.peak_signal_noise_ratio(camera, theirs))
    assert found.ssim == pytest.approx(metrics.structural_similarity(camera, theirs))
    assert found.rmse == pytest.approx(math.sqrt(metrics.mean_squared_error(camera, theirs)))
    row, column = found.max_at
    assert abs(int(camera[row, column]) - int(theirs[row, column])) == found.max_abs_diff


def test_equal_images():
    image = np.zeros((3, 3), np.uint8)
    found = measure(image, image, np.ones((3, 3), bool))
    assert (found.psnr, found.ssim, found.equal, found.max_at) == (None, 1.0, 9, None)
    with pytest.raises(ArgumentError, match="two images of different kind"):
        measure(image, image.astype(np.uint16), np.ones((3, 3), bool))


def test_what_is_not_finite():
    one = np.array([[np.nan, np.inf, 1, np.inf]], np.float32)
    other = np.array([[np.nan, np.inf, 1, 2]], np.float32)
    found = measure(one, other, np.ones((1, 4), bool))
    assert found.equal == 3
    assert found.max_abs_diff == math.inf
    assert found.psnr is None


def test_colour_pixels_agree_in_every_channel():
    one = np.zeros((2, 2, 3), np.uint8)
    other = one.copy()
    other[1, 0, 2] = 5
    found = measure(one, other, np.ones((2, 2), bool))
    assert (found.pixels, found.equal, found.max_at) == (4, 3, (1, 0))


def test_the_interior_of_a_chain():
    def inside_of(**options):
        return interior((12, 12), recipe_from(options).planned(Form(Depth.U8)))

    inside = inside_of(kernels=["1 1 1 1 1", "blur"])
    expected = np.zeros((12, 12), bool)
    expected[1:-1, 3:-3] = True
    np.testing.assert_array_equal(inside, expected)
    assert inside_of(kernels=["blur"], size="valid").all()
    strided = inside_of(kernels=["blur"], stride="2")
    assert strided.shape == (6, 6)
    assert not strided[0].any()
    assert strided[1:, 1:].all()


@pytest.mark.parametrize("padding", ["constant", "replicate", "reflect", "reflect101", "wrap"])
@pytest.mark.parametrize(
    "options",
    [
        {"kernels": ["emboss"], "border-value": "9"},
        {"kernels": ["1 2; 3 4"], "anchor": "0,1", "stride": "2,3"},
        {"kernels": ["sharpen"], "dilation": "2,3", "size": "full"},
        {"kernels": ["sobel_x", "1 2 1"], "depth": "i16"},
        {"kernels": ["sobel_y"], "range": "abs"},
        {"kernels": ["sobel_y"], "range": "offset", "size": "3,0,1,2"},
        {"kernels": ["laplacian"], "range": "rescale"},
        {"kernels": ["prewitt"]},
        {"kernels": ["kirsch"]},
        {"kernels": ["blur"], "rounding": "half-up"},
        {"kernels": ["sharpen"], "convolve": True, "depth": "u16"},
        {"kernels": ["sharpen"], "depth": "f32"},
    ],
    ids=lambda options: " ".join(map(str, options.values())),
)
def test_opencv_does_the_same_job(astronaut, padding, options):
    options = {**options, "padding": padding}
    if padding != "constant":
        options.pop("border-value", None)
    image = astronaut[200:260, 180:250]
    comparison = compare(image, recipe_from(options))
    assert comparison.difference.max_abs_diff <= 1
    assert comparison.difference.equal >= 0.99 * comparison.difference.pixels
    assert "unexplained" not in causes_of(comparison)


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
def test_other_depths(camera, dtype):
    image = camera[:80, :80].astype(dtype)
    comparison = compare(image, recipe_from({"kernels": ["gaussian_canny"]}))
    assert comparison.within_tolerance
    assert comparison.tolerance == (
        1 if dtype != "float32" else pytest.approx(float(comparison.ours.max()) * 1e-5)
    )


def test_rounding_ties_are_named(camera):
    comparison = compare(camera, recipe_from({"kernels": ["laplacian_9"]}))
    assert causes_of(comparison) == {"rounding ties": 262144 - comparison.difference.equal}


def test_float32_sums_are_named(camera):
    comparison = compare(camera, recipe_from({"kernels": ["gaussian"]}))
    assert set(causes_of(comparison)) == {"float32 sums"}


def test_float64_sums_are_named(camera):
    """Sums that fall a hair short of a whole number, cut off."""
    comparison = compare(camera, recipe_from({"kernels": ["small_blur"], "rounding": "truncate"}))
    assert set(causes_of(comparison)) == {"float64 sums"}


def test_the_dft_path_is_named():
    """A large kernel with float weights, on values that make its rounding errors show."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 65536, (160, 160), dtype=np.uint16)
    matrix = "; ".join(
        " ".join(f"{value}/1000003" for value in row) for row in rng.integers(0, 9000, (13, 13))
    )
    comparison = compare(image, recipe_from({"kernels": [matrix]}))
    names = set(causes_of(comparison))
    assert names <= {"DFT path", "float32 sums", "rounding ties"}
    assert comparison.difference.max_abs_diff <= 1


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"padding": "wrap"}, "border"),
        ({"convolve": True}, "flip"),
        ({"rounding": "truncate"}, "truncation"),
        ({"anchor": "0,0"}, "anchor"),
        ({"padding": "replicate", "rounding": "truncate"}, "border and truncation"),
    ],
)
def test_seeded_causes_are_found(camera, change, cause):
    """What differs from the recipe in one thing is traced to that thing."""
    image = camera[100:180, 60:150]
    base = {"kernels": ["1/7 2/7; 3/7 4/7"]}
    ours = run_recipe(image, recipe_from(base)).image
    theirs = run_recipe(image, recipe_from({**base, **change})).image
    found = find_causes(image, recipe_from(base), ours, theirs, "a file")
    named = {c.name: c.pixels for c in found}
    assert named.get(cause, 0) > 0
    assert named.get("unexplained", 0) == 0


def test_clipping_is_named(camera):
    image = camera[:50, :50]
    recipe = recipe_from({"kernels": ["3"]})
    ours = run_recipe(image, recipe).image
    wrapped = (image.astype(int) * 3).astype(np.uint8)
    found = {c.name: c.pixels for c in find_causes(image, recipe, ours, wrapped, "a file")}
    assert found == {"clipping": int(np.count_nonzero(ours != wrapped))}


def test_what_nothing_explains(camera):
    image = camera[:30, :30]
    recipe = recipe_from({"kernels": ["blur"]})
    ours = run_recipe(image, recipe).image
    theirs = ours.copy()
    theirs[15, 15] ^= 64
    assert [c.name for c in find_causes(image, recipe, ours, theirs, "a file")] == ["unexplained"]


def test_difference_picture(camera):
    comparison = compare(camera, recipe_from({"kernels": ["small_blur"]}), against="naive")
    picture, factor = difference_picture(comparison)
    assert picture.max() == 255
    assert factor == pytest.approx(255 / comparison.difference.max_abs_diff)
    assert comparison.as_dict()["causes"][0]["name"] == "truncation"


def test_unknown_opponent(camera):
    with pytest.raises(ArgumentError, match="compare against opencv or naive"):
        compare(camera, recipe_from({}), against="pillow")
