"""A picture that was compressed after filtering: about right, and no false name."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from imgconv import filter_image, recover
from imgconv.model.errors import NothingMatchedError
from imgconv.ops.recover.jpeg import is_compressed


@pytest.fixture(scope="module")
def photo():
    from skimage import data

    return data.camera()[100:356, 150:406]


def compressed(image, quality):
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("quality", [95, 75])
def test_compression_is_seen_in_the_pixels(photo, quality):
    assert is_compressed(compressed(photo, quality))
    assert not is_compressed(photo)
    assert not is_compressed(filter_image(photo, steps=["blur"]))


@pytest.mark.parametrize("name", ["sharpen", "box:size=5"])
def test_the_kernel_is_named_about_with_its_confidence(photo, name):
    after = compressed(filter_image(photo, steps=[name]), 95)
    found = recover(photo, after, budget=2)
    assert (found.exit_code, found.name, found.confidence) == (1, name, 0.95)
    assert "compressed" in found.notes[0]
    middle = found.intervals[len(found.intervals) // 2]
    assert middle[len(middle) // 2].low < middle[len(middle) // 2].high


def test_near_kernels_are_alternatives_without_a_name(photo):
    after = compressed(filter_image(photo, steps=["gaussian"]), 75)
    found = recover(photo, after, budget=2)
    assert (found.name, found.confidence) == (None, 0.0)
    assert {"gaussian_273", "binomial_5"} & {other.name for other in found.alternatives}


def test_what_is_not_linear_is_not_named_as_if_it_were(photo):
    after = cv2.bilateralFilter(photo, 7, 30, 3)
    with pytest.raises(NothingMatchedError, match="more than rounding"):
        recover(photo, after, budget=2)
    assert np.any(after != photo)
