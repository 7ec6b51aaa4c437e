"""Recovering one linear filter: names, weights, borders, rounding, geometry and depth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from imgconv import filter_image, recover
from imgconv.model.errors import ArgumentError, NothingMatchedError


@pytest.fixture(scope="module")
def photo():
    from skimage import data

    return data.camera()[100:228, 150:300]


def check_exact(before, after):
    """Recover a recipe, and check by running it that it makes the picture."""
    found = recover(before, after)
    assert (found.exit_code, found.equality.equal_share) == (0, 1.0)
    np.testing.assert_array_equal(filter_image(before, found.recipe), after)
    return found


@pytest.mark.sampled(3)
@pytest.mark.parametrize("border", ["reflect101", "replicate", "reflect", "wrap", "constant"])
@pytest.mark.parametrize("name", ["emboss_5", "high_pass_5"])
def test_kernels_of_the_bank_by_name_with_their_border(photo, name, border):
    found = check_exact(photo, filter_image(photo, steps=[name], border=border))
    assert (found.name, found.recipe.settings.border.value) == (name, border)


@pytest.mark.parametrize("spec", ["gaussian:sigma=1.3", "box:size=6", "high_boost:amount=2.5"])
@pytest.mark.sampled(2)
def test_generators_by_their_parameters(photo, spec):
    assert check_exact(photo, filter_image(photo, steps=[spec])).name == spec


@pytest.mark.sampled(2)
@pytest.mark.parametrize("shape", [(3, 3), (2, 2), (1, 4), (5, 2)])
def test_random_whole_kernels_of_any_shape(photo, shape):
    rng = np.random.default_rng(sum(shape))
    weights = rng.integers(-3, 4, shape)
    weights.flat[0], weights.flat[-1] = 2, 3
    found = check_exact(photo, filter_image(photo, steps=[weights], depth="i16"))
    row = found.kernel
    assert [[float(w * row.scale) for w in line] for line in row.weights] == weights.tolist()


@pytest.mark.thorough
def test_weights_that_are_no_fractions(photo):
    weights = np.random.default_rng(5).normal(size=(3, 3)) / 9
    picture = photo[:96, :96].astype(np.float32)
    after = filter_image(picture, steps=[weights])
    found = recover(picture, after)
    close = np.array([[float(w) for w in row] for row in found.kernel.weights])
    np.testing.assert_allclose(close, weights, atol=1e-6)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "options",
    [
        {"stride": 2},
        {"stride": (1, 3)},
        {"size": "valid"},
        {"size": "full", "border": "constant"},
        {"rounding": "truncate"},
        {"depth": "u16"},
        {"depth": "u16", "range": "full"},
        {"depth": "f32"},
        {"range": "offset"},
        {"convolve": True},
        {"invert": True},
    ],
    ids=str,
)
def test_settings_are_found_with_the_kernel(photo, options):
    name = "sobel_x" if "convolve" in options or options.get("range") == "offset" else "blur"
    check_exact(photo, filter_image(photo, kernels=[name], **options))


def test_gray_comes_before_the_kernel(photo):
    from skimage import data

    colour = data.astronaut()[60:200, 150:300]
    found = check_exact(colour, filter_image(colour, steps=["gray:bt709", "sharpen"]))
    assert [step.spec for step in found.recipe.steps] == ["gray:bt709", "sharpen"]


def turned(image, degrees, zoom=1.0, interpolation=cv2.INTER_LINEAR):
    """Return an image turned and enlarged about its middle."""
    rows, columns = image.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, zoom)
    return cv2.warpAffine(
        image, matrix, (columns, rows), flags=interpolation, borderMode=cv2.BORDER_REFLECT
    )


def test_the_picture_itself(photo):
    assert check_exact(photo, photo.copy()).name == "identity"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: p[::-1, ::-1], "explains"),
        (lambda p: p[:50, :70], "geometry changed"),
        (lambda p: np.full_like(p, 7), "of one value"),
        (lambda p: np.random.default_rng(1).integers(0, 256, p.shape, dtype=np.uint8), "explains"),
        (lambda p: turned(p, degrees=1.5), "explains"),
        (lambda p: cv2.resize(p, None, fx=0.9, fy=0.9), "explains"),
        (lambda p: turned(p, degrees=0, zoom=1.04), "explains"),
        (lambda p: turned(p, degrees=-4, interpolation=cv2.INTER_CUBIC), "explains"),
    ],
    ids=[
        "turned by 180",
        "cropped",
        "constant",
        "unrelated",
        "turned by 1.5",
        "resized",
        "enlarged",
        "turned by -4",
    ],
)
@pytest.mark.thorough
def test_hopeless_pairs_are_refused_with_a_reason(photo, change, said):
    with pytest.raises(NothingMatchedError, match=said):
        recover(photo, change(photo), budget=2)


def test_a_constant_picture_has_too_little_texture():
    with pytest.raises(NothingMatchedError, match="too little texture"):
        recover(np.full((40, 40), 9, np.uint8), np.full((40, 40), 8, np.uint8))


def test_a_budget_is_positive(photo):
    with pytest.raises(ArgumentError, match="leaves no time"):
        recover(photo, photo, budget=0)
