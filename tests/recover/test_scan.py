"""Recovering what is not one linear filter: ranges, sets, medians, negatives."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv import filter_image, recover


@pytest.fixture(scope="module")
def photo():
    from skimage import data

    return data.camera()[100:228, 150:278]


@pytest.mark.parametrize(
    ("steps", "options", "name"),
    [
        (["sobel"], {}, "sobel"),
        (["kirsch"], {"padding": "replicate"}, "kirsch"),
        (["sobel_x"], {"range": "abs"}, "sobel_x"),
        (["sobel"], {"range": "rescale", "padding": "replicate"}, "sobel"),
        (["median:5"], {}, "median:size=5"),
        (["sobel", "invert"], {}, "sobel, invert"),
    ],
    ids=str,
)
@pytest.mark.thorough
def test_ranges_sets_and_steps_by_name(photo, steps, options, name):
    after = filter_image(photo, steps=steps, **options)
    found = recover(photo, after, budget=60)
    assert (found.exit_code, found.equality.equal_share) == (0, 1.0)
    assert name in (found.name, *(other.name for other in found.alternatives))
    np.testing.assert_array_equal(filter_image(photo, found.recipe), after)
