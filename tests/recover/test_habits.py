"""Pictures made by other tools: the call is named where it reproduces every pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import ndimage
from skimage import data, filters

from imgconv import filter_image, recover

BUDGET = 60
LOPSIDED = np.array([[0, -1, 2], [-1, 5, -1], [0, -1, 1]])


@pytest.fixture(scope="module")
def photo():
    return data.camera()[100:228, 150:300]


def by_pillow(image, chosen):
    return np.asarray(Image.fromarray(image).filter(chosen))


def as_bytes(values):
    return np.clip(np.rint(255 * values), 0, 255).astype(np.uint8)


OTHERS = {
    "cv2.GaussianBlur((5, 5), 1.1)": lambda p: cv2.GaussianBlur(p, (5, 5), 1.1),
    "cv2.GaussianBlur((0, 0), 2)": lambda p: cv2.GaussianBlur(p, (0, 0), 2),
    "scipy.ndimage.gaussian_filter(2)": lambda p: ndimage.gaussian_filter(p, 2),
    "scipy.ndimage.gaussian_filter(1, mode='nearest')": lambda p: ndimage.gaussian_filter(
        p, 1, mode="nearest"
    ),
    "scipy.ndimage.uniform_filter(5)": lambda p: ndimage.uniform_filter(p, 5),
    "scipy.ndimage.sobel(axis=1)": lambda p: ndimage.sobel(p, axis=1),
    "scipy.ndimage.laplace()": ndimage.laplace,
    "PIL.ImageFilter.SHARPEN": lambda p: by_pillow(p, ImageFilter.SHARPEN),
    "PIL.ImageFilter.EMBOSS": lambda p: by_pillow(p, ImageFilter.EMBOSS),
    "PIL.ImageFilter.SMOOTH_MORE": lambda p: by_pillow(p, ImageFilter.SMOOTH_MORE),
    "PIL.ImageFilter.GaussianBlur(2)": lambda p: by_pillow(p, ImageFilter.GaussianBlur(2)),
    "PIL.ImageFilter.BoxBlur(2)": lambda p: by_pillow(p, ImageFilter.BoxBlur(2)),
    "PIL.ImageFilter.UnsharpMask(2, 150, 3)": lambda p: by_pillow(
        p, ImageFilter.UnsharpMask(2, 150, 3)
    ),
    "skimage.filters.gaussian(1.5)": lambda p: as_bytes(filters.gaussian(p, 1.5)),
    "skimage.filters.sobel()": lambda p: as_bytes(filters.sobel(p)),
    "skimage.filters.unsharp_mask(2, 1)": lambda p: as_bytes(filters.unsharp_mask(p, 2, 1)),
}


@pytest.mark.sampled(7)
@pytest.mark.parametrize("call", OTHERS)
def test_a_call_that_no_recipe_equals_is_named(photo, call):
    found = recover(photo, OTHERS[call](photo), budget=BUDGET)
    assert (found.exit_code, found.tool and found.tool.call) == (1, call)
    assert found.equality.equal_share < 1
    assert found.as_dict()["tool"]["call"] == call


def test_a_call_is_not_named_where_one_pixel_differs(photo):
    after = cv2.GaussianBlur(photo, (5, 5), 1.1)
    after[40, 50] ^= 16
    assert recover(photo, after, budget=6).tool is None


@pytest.mark.sampled(3)
@pytest.mark.parametrize("mode", ["reflect", "mirror", "wrap"])
def test_any_kernel_whose_results_wrap_around(photo, mode):
    found = recover(photo, ndimage.convolve(photo, LOPSIDED, mode=mode), budget=BUDGET)
    assert found.tool.call == f"scipy.ndimage.correlate(weights, mode={mode!r})"
    assert "wrap around" in found.tool.habit
    weights = [[float(w * found.kernel.scale) for w in row] for row in found.kernel.weights]
    assert weights == LOPSIDED[::-1, ::-1].tolist()


def test_a_kernel_that_pillow_reads_from_the_bottom(photo):
    weights = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    found = recover(photo, by_pillow(photo, ImageFilter.Kernel((3, 3), weights, 45)), budget=BUDGET)
    assert found.tool.call == "PIL.ImageFilter.Kernel"
    own = [[float(w * found.kernel.scale) * 45 for w in row] for row in found.kernel.weights]
    np.testing.assert_allclose(own, np.reshape(weights, (3, 3))[::-1], atol=1e-9)
    assert found.rim == (
        "the outermost pixels are left unfiltered, as Pillow leaves them; all other pixels are "
        "reproduced"
    )


@pytest.mark.parametrize("fill", ["left unfiltered", "black"])
def test_a_border_without_whole_windows(photo, fill):
    made = filter_image(photo, steps=["emboss_5"])
    after = photo.copy() if fill == "left unfiltered" else np.zeros_like(photo)
    after[2:-2, 2:-2] = made[2:-2, 2:-2]
    found = recover(photo, after, budget=BUDGET)
    assert (found.exit_code, found.name) == (1, "emboss_5")
    assert fill in found.rim


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: filter_image(p, steps=["gaussian_273"], rounding="truncate"), "cut off"),
        (lambda p: filter_image(p, steps=["binomial_3"], rounding="half-up"), "rounded up"),
        (lambda p: filter_image(p, steps=["emboss_5"], convolve=True), "turned by 180 degrees"),
        (
            lambda p: cv2.filter2D(p, -1, np.float32([[0, 1, 0], [-2, 0, 1], [0, 0, 0]])[::-1]),
            None,
        ),
        (
            lambda p: np.clip(
                np.rint(ndimage.correlate(p * 1.0, np.outer([1, 2, 1], [-1, 0, 1]) / 4)), 0, 255
            ).astype(np.uint8),
            "divided by the sum of the positive ones",
        ),
    ],
    ids=["truncated", "halves", "turned", "none", "normalised"],
)
def test_habits_that_a_recipe_has_are_named(photo, make, said):
    found = recover(photo, make(photo), budget=BUDGET)
    assert found.exact
    assert any(said in note for note in found.notes) if said else not found.notes


def test_weights_flipped_top_to_bottom(photo):
    weights = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])  # emboss
    found = recover(photo, cv2.filter2D(photo, -1, weights[::-1].copy()), budget=BUDGET)
    assert found.exact
    assert [note for note in found.notes if "flipped" in note]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("make", "border"),
    [
        (lambda p: cv2.blur(p, (5, 5)), "reflect101"),
        (lambda p: cv2.medianBlur(p, 5), "replicate"),
        (lambda p: cv2.filter2D(p, -1, LOPSIDED), "reflect101"),
        (lambda p: by_pillow(p, ImageFilter.MedianFilter(5)), "replicate"),
        (lambda p: ndimage.percentile_filter(p, 20, 5), "reflect"),
        (lambda p: filters.median(p, np.ones((5, 5))), "replicate"),
    ],
    ids=["blur", "medianBlur", "filter2D", "MedianFilter", "percentile_filter", "skimage"],
)
def test_other_tools_that_a_recipe_equals(photo, make, border):
    found = recover(photo, make(photo), budget=BUDGET)
    assert (found.exact, found.recipe.settings.border.value) == (True, border)
