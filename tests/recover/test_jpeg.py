"""A picture that was compressed after filtering: intervals that hold, and no false name."""

from __future__ import annotations

import io
import math
from itertools import product

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from imgconv import filter_image, recover
from imgconv.io.kernels.spec import load_step
from imgconv.jobs.recover import known_steps
from imgconv.model.errors import NothingMatchedError
from imgconv.ops.recover.blocks import find_steps
from imgconv.ops.recover.coefficients import coefficient_rows
from imgconv.ops.recover.jpeg import about, window_of
from imgconv.ops.recover.placement import placements
from imgconv.ops.recover.tryout import Trial


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


def crop(photo):
    """Return the middle of a photograph, 256 x 256, in gray."""
    image = getattr(data, photo)()
    image = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    top, left = (max(0, n - 256) // 2 for n in image.shape)
    return image[top : top + 256, left : left + 256].copy()


@pytest.mark.parametrize("quality", [95, 75])
def test_coefficients_lie_between_what_the_encoder_rounds_to_them(quality):
    before = crop("gravel")
    after = by_opencv(before, quality)
    rows = coefficient_rows(before, after, find_steps(after))
    made = (rows.matrix(0) @ [1, 0]).reshape(rows.low.shape)
    below, above = rows.low - made, made - rows.high
    assert np.mean(np.maximum(below, above) > 0.13) < 1e-3
    # Halves of eighths are rounded away from 0, so results are as often too near to it as too far.
    sign = np.sign(np.rint(rows.low + rows.high))
    sign[:, 0] = 0  # the mean is coded less 128
    near = ((below > 0) & (sign > 0)).sum() + ((above > 0) & (sign < 0)).sum()
    far = ((above > 0) & (sign > 0)).sum() + ((below > 0) & (sign < 0)).sum()
    assert 0.5 < near / far < 2


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "quality"), [("identity", 95), ("unsharp", 75)])
def test_intervals_hold_for_a_picture_with_little_detail(name, quality):
    before = crop("brick")
    found = recover(before, by_opencv(filter_image(before, steps=[name]), quality), budget=60)
    assert found.name == name
    assert share_inside(name, found.compressed) >= 0.95


@pytest.mark.thorough
def test_a_wide_kernel_is_measured_in_a_window_wide_enough(photo):
    after = by_opencv(filter_image(photo, steps=["box:size=9"]), 95)
    found = recover(photo, after, budget=60)
    assert len(found.compressed.intervals) == 11
    assert share_inside("box:size=9", found.compressed) >= 0.95


@pytest.mark.thorough
@pytest.mark.parametrize("code", [by_opencv, by_pillow])
@pytest.mark.parametrize("quality", [95, 75])
@pytest.mark.parametrize("name", ["sharpen", "gaussian"])
def test_weights_lie_in_their_intervals(photo, name, quality, code):
    found = recover(photo, code(filter_image(photo, steps=[name]), quality), budget=60)
    assert found.exit_code == 1
    assert found.name in (name, None)
    assert found.compressed.confidence == 0.95
    near = dict(found.compressed.nearest)
    assert near[name] > max(near.values()) - 2
    assert share_inside(name, found.compressed) >= 0.95
    intervals, true = true_weights(name, found.compressed)
    assert np.ptp(intervals, axis=2).max() < 0.4 * true.max()


@pytest.mark.thorough
def test_colour_with_halved_chroma():
    colour = data.chelsea()[20:276, 100:356]
    found = recover(colour, by_pillow(filter_image(colour, steps=["gaussian"]), 90), budget=60)
    assert found.name == "gaussian"
    assert share_inside("gaussian", found.compressed) >= 0.95


def test_near_kernels_are_listed_with_their_likelihoods(photo):
    found = recover(photo, by_opencv(filter_image(photo, steps=["binomial_3"]), 75), budget=60)
    said = found.as_dict()["compressed"]["nearest"]
    assert {"binomial", "binomial_3"} & {entry["name"] for entry in said}
    values = [entry["log_likelihood"] for entry in said]
    assert values == sorted(values, reverse=True)


NOT_LINEAR = {
    "bilateral": lambda p: cv2.bilateralFilter(p, 9, 60, 3),
    "median": lambda p: cv2.medianBlur(p, 3),
    "turned by 180": lambda p: np.ascontiguousarray(p[::-1, ::-1]),
    "unrelated": lambda p: data.coins()[:168, :168],
    "enlarged": lambda p: cv2.resize(p[5:-5, 5:-5], p.shape, interpolation=cv2.INTER_CUBIC),
}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", NOT_LINEAR)
def test_no_window_explains_what_is_not_linear(photo, kind):
    before = photo[:168, :168]
    after = by_opencv(NOT_LINEAR[kind](before), 90)
    rows = coefficient_rows(before, after, find_steps(after))
    assert window_of(rows, math.inf) is None


def test_what_is_not_linear_is_refused(photo):
    with pytest.raises(NothingMatchedError, match="more than rounding"):
        recover(photo, by_opencv(cv2.medianBlur(photo, 3), 90), budget=1)


_CALIBRATED_ON = ("camera", "chelsea", "coffee", "brick", "gravel")
_HELD_OUT = ("astronaut", "rocket", "moon", "coins", "immunohistochemistry", "grass", "page")
_KERNELS = ("identity", "blur", "gaussian", "sharpen", "unsharp", "emboss_5", "binomial_3")


@pytest.mark.slow
@pytest.mark.parametrize("photo", [*_CALIBRATED_ON, *_HELD_OUT])
def test_intervals_hold_in_every_photograph_and_names_are_right(photo):
    before, known = crop(photo), known_steps()
    inside, wrong, named = [], [], 0
    for name, quality in product(_KERNELS, (95, 75)):
        after = by_opencv(filter_image(before, steps=[name]), quality)
        placement = placements(before.shape, after.shape)[0]
        found = about(Trial(before, after, placement, 1), known, math.inf)
        if found is None:
            continue
        intervals, true = true_weights(name, found)
        inside.append((intervals[..., 0] <= true) & (true <= intervals[..., 1]))
        if found.guess.name is not None:
            named += 1
            own, other = (
                filter_image(before, steps=[one], depth="f32") for one in (name, found.guess.name)
            )
            if np.abs(own - other).max() > 2.5:
                wrong.append((name, quality, found.guess.name))
    assert wrong == []
    assert len(inside) >= 12
    assert named >= 7
    assert min(np.mean(one) for one in inside) >= 0.85
    assert np.mean(np.concatenate([one.ravel() for one in inside])) >= 0.97
