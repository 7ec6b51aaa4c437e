"""Recovering what puts values in order, parts them by a threshold, or is two steps."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv import filter_image, recover
from imgconv.ops.recover.ordered import orders
from imgconv.ops.recover.placement import placements
from imgconv.ops.recover.tryout import Trial


@pytest.fixture(scope="module")
def photo():
    from skimage import data

    return data.camera()[100:228, 150:278]


def check_exact(before, after, budget=60):
    found = recover(before, after, budget=budget)
    assert (found.exit_code, found.equality.equal_share) == (0, 1.0)
    np.testing.assert_array_equal(filter_image(before, found.recipe), after)
    return found


@pytest.mark.sampled(108)
@pytest.mark.parametrize(
    ("made_by", "name"),
    [
        ("median:3x5", "median:size=3x5"),
        ("median:9,disk", "median:size=9,shape=disk"),
        ("rank:5,1/4", "rank:size=5,percentile=1/4"),
        ("rank:7,0.9", "rank:size=7,percentile=9/10"),
        ("min:4", "erode:size=4"),
        ("erode:7,disk", "erode:size=7,shape=disk"),
        ("max:5,cross", "dilate:size=5,shape=cross"),
        ("dilate:5,iterations=2", "dilate:size=9"),
        ("dilate:footprint=1 1 0; 0 1 0", "max:footprint=0 0 0; 0 1 0; 0 1 1"),
        ("open:5", "open:size=5"),
        ("top_hat:9", "top_hat:size=9"),
        ("morph_gradient:5,cross", "morph_gradient:size=5,shape=cross"),
    ],
)
@pytest.mark.sampled(4)
def test_ranks_and_morphology_of_any_window(photo, made_by, name):
    after = filter_image(photo, steps=[made_by], border="replicate")
    assert check_exact(photo, after).name == name


@pytest.mark.sampled(2)
@pytest.mark.parametrize("made_by", ["blur", "gaussian:2", "sharpen", "bilateral", "invert"])
def test_no_order_is_claimed_of_what_has_none(photo, made_by):
    after = filter_image(photo, steps=[made_by])
    trial = Trial(photo, after, placements(photo.shape, after.shape)[0], 1)
    assert list(orders(trial)) == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "method",
    [
        "90",
        "local-mean:window=15,offset=4",
        "local-gaussian:window=21,offset=2",
        "niblack:window=31",
        "sauvola:k=3/10",
    ],
)
def test_thresholds_of_all_kinds(camera, method):
    before = camera[100:260, 150:340]
    after = filter_image(before, steps=[f"binarize:{method}"])
    assert check_exact(before, after).name == f"binarize:{method}"


def test_a_threshold_of_the_whole_picture_is_among_the_names(photo):
    found = check_exact(photo, filter_image(photo, steps=["binarize:otsu"]))
    assert "binarize:otsu" in (found.name, *(other.name for other in found.alternatives))


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    "steps",
    [
        ["gaussian:sigma=2", "binarize:128"],
        ["median", "sharpen"],
        ["gaussian", "median"],
        ["sharpen", "median:size=5"],
        ["median:size=5", "invert"],
    ],
    ids=str,
)
def test_two_steps(photo, steps):
    after = filter_image(photo, steps=steps)
    assert check_exact(photo, after).name == ", ".join(steps)


@pytest.mark.thorough
def test_a_kernel_without_a_name_after_a_known_step(photo):
    weights = [[1, 2, 3], [4, -5, 6], [7, 8, 9]]
    after = filter_image(photo, steps=["median", np.array(weights) / 32])
    found = check_exact(photo, after)
    assert next(step.name for step in found.recipe.steps) == "median"
    shown = [[float(w * found.kernel.scale) * 32 for w in row] for row in found.kernel.weights]
    assert shown == weights


def test_a_kernel_in_colour_before_gray():
    from skimage import data

    colour = data.astronaut()[60:200, 150:300]
    after = filter_image(colour, steps=["sharpen_8", "gray:bt601"])
    found = check_exact(colour, after)
    assert [step.name for step in found.recipe.steps] == ["sharpen_8", "gray"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["canny", "local_normalize", "nlmeans"])
def test_steps_that_look_at_the_whole_picture(photo, name):
    assert check_exact(photo, filter_image(photo, steps=[name])).name == name
