"""Every defect that is put into a picture is found, measured and named."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv.jobs.golden.check import check_picture, compare_pictures
from imgconv.jobs.golden.result import Status
from imgconv.jobs.golden.store import GoldenStore
from imgconv.model.tolerance import ToleranceSpec, parse_tolerance


def changed(image, at, value):
    image = image.copy()
    image[at] = value
    return image


def deep(image):
    """Give 16 bits of which the low byte holds something."""
    low = np.random.default_rng(1).integers(0, 256, image.shape, dtype=np.uint16)
    return image.astype(np.uint16) * 256 + low


def gamma(image, power=1.2):
    white = np.iinfo(image.dtype).max
    return np.rint(white * (image / white) ** power).astype(image.dtype)


def speckled(image):
    at = np.random.default_rng(2).random(image.shape) < 0.01
    return np.where(at & (image < 255), image + 1, image).astype(image.dtype)


# name: (which photograph, what happens to it, the cause, the differing pixels or None)
DEFECTS = {
    "one pixel": ("gray", lambda i: changed(i, (7, 9), 255 - i[7, 9]), "local defect", 1),
    "a block": ("gray", lambda i: i ^ changed(np.zeros_like(i), np.s_[20:32, 30:42], 9),
                "local defect", 144),
    "shift right": ("gray", lambda i: np.roll(i, 1, axis=1), "shift", None),
    "shift up of colour": ("rgb", lambda i: np.roll(i, -1, axis=0), "shift", None),
    "+1": ("gray", lambda i: np.minimum(i, 254) + np.uint8(1), "offset", None),
    "channels": ("rgb", lambda i: i[..., ::-1].copy(), "channel order", None),
    "gamma": ("gray", gamma, "gamma", None),
    "gamma of 16 bits": ("deep", gamma, "gamma", None),
    "border": ("gray", lambda i: changed(i, np.s_[[0, 1, -1]], 0), "border only", None),
    "low byte zero": ("deep", lambda i: i & np.uint16(0xFF00), "low byte", None),
    "low byte doubled": ("deep", lambda i: (i >> 8) * np.uint16(257), "low byte", None),
    "by way of 8 bits": ("deep", lambda i: np.rint(i / 257).astype(np.uint16) * np.uint16(257),
                         "low byte", None),
    "left and right": ("gray", lambda i: i[:, ::-1].copy(), "flip", None),
    "half a turn": ("rgb", lambda i: i[::-1, ::-1].copy(), "flip", None),
    "speckle": ("gray", speckled, "rounding", None),
    "noise": ("gray", lambda i: i ^ np.random.default_rng(3).integers(0, 64, i.shape, np.uint8),
              "unexplained", None),
    "the size": ("gray", lambda i: i[1:].copy(), "kind", None),
    "the depth": ("gray", lambda i: i.astype(np.uint16), "kind", None),
    "the channels": ("rgb", lambda i: i[..., 0].copy(), "kind", None),
}  # fmt: skip


@pytest.fixture(scope="module")
def photographs(camera, astronaut):
    return {"gray": camera, "rgb": astronaut, "deep": deep(camera)}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_fails_and_its_cause_is_named(tmp_path, photographs, name):
    photograph, damage, cause, differing = DEFECTS[name]
    expected = photographs[photograph]
    actual = damage(expected)
    store = GoldenStore(tmp_path / "goldens")
    store.record("case", expected)
    assert check_picture("case", expected, store, ToleranceSpec()).result.status is Status.PASSED
    result = check_picture("case", actual, store, ToleranceSpec()).result
    assert (result.status, result.exit_code) == (Status.FAILED, 1)
    assert result.causes[0].name == cause
    if cause != "kind":
        unequal = (expected != actual).reshape(*expected.shape[:2], -1).any(axis=2)
        assert result.change.differing == unequal.sum()
        assert differing in (None, unequal.sum())


@pytest.mark.parametrize("depth", ["u8", "u16", "i16", "f32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_kind_of_picture_survives(tmp_path, depth, channels):
    kinds = {"u8": np.uint8, "u16": np.uint16, "i16": np.int16, "f32": np.float32}
    shape = (9, 5) if channels == 1 else (9, 5, channels)
    image = np.random.default_rng(4).integers(0, 256, shape).astype(kinds[depth])
    if depth in ("i16", "f32"):
        image = -image
    if depth == "f32":
        image = image / np.float32(3)
        image[0, 0], image[1, 1] = np.nan, np.inf
    store = GoldenStore(tmp_path)
    record = store.record("one", image)
    again = store.picture("one", record)
    assert again.dtype == image.dtype
    assert np.array_equal(again, image, equal_nan=depth == "f32")
    assert check_picture("one", image, store, ToleranceSpec()).result.status is Status.PASSED
    flipped = image[:, ::-1].copy()
    assert check_picture("one", flipped, store, ToleranceSpec()).result.status is Status.FAILED


def test_the_hash_knows_shape_type_and_channels():
    from imgconv.jobs.golden.store import pixel_hash

    zeros = [
        np.zeros((2, 6), np.uint8), np.zeros((6, 2), np.uint8), np.zeros((2, 3), np.uint16),
        np.zeros((2, 3), np.int16), np.zeros((1, 2, 3), np.uint8), np.zeros((1, 4, 3), np.uint8),
        np.zeros((1, 3, 4), np.uint8),
    ]  # fmt: skip
    assert len({pixel_hash(image) for image in zeros}) == len(zeros)
    assert pixel_hash(zeros[0][:, ::2]) == pixel_hash(np.zeros((2, 3), np.uint8))


def test_one_pixel_pictures(tmp_path):
    for expected, actual in [(0, 255), (7, 8)]:
        found = compare_pictures(
            "dot",
            np.full((1, 1), expected, np.uint8),
            np.full((1, 1), actual, np.uint8),
            ToleranceSpec(),
        )
        assert found.result.change.differing == 1
        assert found.result.causes


def test_loose_tolerates_what_it_says(tmp_path, camera):
    store = GoldenStore(tmp_path)
    store.record("c", camera)
    loose = parse_tolerance("loose")
    found = check_picture("c", speckled(camera), store, loose)
    assert found.result.status is Status.PASSED
    assert found.result.change.unequal > 1000
