"""Every defect that is put into a picture is found, measured and named."""

from __future__ import annotations

import numpy as np
import pytest
from golden.defects import DEFECTS, deep, speckled

from imgconv.jobs.golden.check import check_picture
from imgconv.jobs.golden.pictures import compare_pictures
from imgconv.jobs.golden.result import Status
from imgconv.jobs.golden.store import GoldenStore
from imgconv.model.tolerance import ToleranceSpec, parse_tolerance


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
    from imgconv.jobs.golden.pixel_hash import pixel_hash

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
