"""A picture that was compressed after filtering: intervals that hold, and no false name."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from imgconv import filter_image, recover
from imgconv.io.kernels.spec import load_step
from imgconv.model.errors import NothingMatchedError
from imgconv.ops.recover.blocks import find_steps


@pytest.fixture(scope="module")
def photo():
    return data.camera()[100:356, 150:406]


def by_opencv(image, quality):
    coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)


def by_pillow(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "jpeg", quality=quality)
    return np.array(Image.open(file))


def true_weights(name, compressed):
    """Return the weights of a kernel in the window of intervals."""
    kernel = load_step(name)
    intervals = np.array(compressed.intervals)
    wide = np.zeros((81, 81))
    rows, columns = kernel.shape
    top, left = 40 - kernel.anchor[0], 40 - kernel.anchor[1]
    wide[top : top + rows, left : left + columns] = [
        [float(w * kernel.scale) for w in row] for row in kernel.weights
    ]
    at = [40 + origin for origin in compressed.origin]
    return intervals, wide[at[0] : at[0] + len(intervals), at[1] : at[1] + len(intervals)]


def share_inside(name, compressed):
    intervals, true = true_weights(name, compressed)
    return float(((intervals[..., 0] <= true) & (true <= intervals[..., 1])).mean())


@pytest.mark.parametrize("quality", [95, 75])
def test_steps_of_the_table_are_read_off_pixels(photo, quality):
    steps = find_steps(by_opencv(photo, quality)).size
    tables = Image.open(io.BytesIO(cv2.imencode(".jpg", photo, [1, quality])[1])).quantization
    true = np.reshape(tables[0], (8, 8))
    found = steps > 0
    assert found.sum() > 30
    assert (steps == true)[found].mean() > 0.95


def test_what_was_not_compressed_has_no_steps(photo):
    assert find_steps(photo) is None
    assert find_steps(filter_image(photo, steps=["blur"])) is None


@pytest.mark.parametrize("code", [by_opencv, by_pillow])
@pytest.mark.parametrize("quality", [95, 75])
@pytest.mark.parametrize("name", ["sharpen", pytest.param("gaussian", marks=pytest.mark.slow)])
def test_weights_lie_in_their_intervals(photo, name, quality, code):
    found = recover(photo, code(filter_image(photo, steps=[name]), quality), budget=60)
    assert found.exit_code == 1
    assert found.name in (name, None)
    assert (found.compressed.confidence, found.compressed.nearest[0][0]) == (0.95, name)
    assert share_inside(name, found.compressed) >= 0.85
    intervals, true = true_weights(name, found.compressed)
    assert np.ptp(intervals, axis=2).max() < 0.3 * true.max()


def test_colour_with_halved_chroma():
    colour = data.chelsea()
    found = recover(colour, by_pillow(filter_image(colour, steps=["gaussian"]), 90), budget=60)
    assert found.name == "gaussian"
    assert share_inside("gaussian", found.compressed) >= 0.85


def test_near_kernels_are_listed_with_their_likelihoods(photo):
    found = recover(photo, by_opencv(filter_image(photo, steps=["binomial_3"]), 75), budget=60)
    said = found.as_dict()["compressed"]["nearest"]
    assert said[0]["name"] in {"binomial", "binomial_3"}
    values = [entry["log_likelihood"] for entry in said]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: cv2.bilateralFilter(p, 9, 60, 3),
        lambda p: cv2.medianBlur(p, 3),
        lambda p: p[::-1],
        lambda p: data.moon()[100:356, 150:406],
    ],
    ids=["bilateral", "median", "turned", "unrelated"],
)
def test_what_is_not_linear_is_refused(photo, make):
    with pytest.raises(NothingMatchedError, match="more than rounding"):
        recover(photo, by_opencv(np.ascontiguousarray(make(photo)), 90), budget=4)


_PHOTOS = ("camera", "coins", "brick", "grass", "gravel", "moon")
_KERNELS = ("identity", "blur", "gaussian", "sharpen", "unsharp", "emboss_5", "binomial_3")


@pytest.mark.slow
def test_intervals_hold_as_often_as_stated_and_names_are_right():
    inside, wrong, told = [], [], 0
    for photo in _PHOTOS:
        before = getattr(data, photo)()
        for name in _KERNELS:
            filtered = filter_image(before, steps=[name])
            for quality in (95, 75):
                try:
                    found = recover(before, by_opencv(filtered, quality), budget=60)
                except NothingMatchedError:
                    continue
                if found.compressed is None:
                    continue
                told += 1
                inside.append(share_inside(name, found.compressed))
                own = filter_image(before, steps=[name], depth="f32")
                if found.name is not None:
                    about = filter_image(before, steps=[found.kernel or "identity"], depth="f32")
                    if np.abs(own - about).max() > 2.5:
                        wrong.append((photo, name, quality, found.name))
    assert told > 50
    assert np.mean(inside) >= 0.95
    assert wrong == []
