"""A golden that another filter would explain says so."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from imgconv import filter_image
from imgconv.jobs.golden.case import Case
from imgconv.jobs.golden.check import check_goldens
from imgconv.jobs.golden.record import record_goldens
from imgconv.jobs.recover import known_steps
from imgconv.ops.recover.change import as_if


@pytest.fixture(scope="module")
def photo():
    from skimage import data

    return data.camera()[100:228, 150:300]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("gaussian", "gaussian:sigma=1.2"),
        ("sharpen", "sharpen_8"),
        ("median:size=5", "median:size=7"),
        ("gaussian", "median"),
    ],
)
def test_both_filters_are_named(photo, was, now):
    pair = (filter_image(photo, steps=[spec]) for spec in (was, now))
    assert as_if(photo, *pair, known_steps()) == f"as if {was} had become {now}"


def test_nothing_is_said_of_what_is_not_clear(photo):
    sharp = filter_image(photo, steps=["sharpen"])
    assert as_if(photo, sharp, sharp, known_steps()) is None
    noise = np.random.default_rng(3).integers(0, 256, photo.shape, dtype=np.uint8)
    assert as_if(photo, sharp, noise, known_steps()) is None
    assert as_if(photo, noise, sharp, known_steps()) is None


def test_a_check_names_it_as_the_cause(photo, tmp_path, monkeypatch):
    Image.fromarray(photo).save(tmp_path / "in.png")
    (tmp_path / "golden.yaml").write_text(
        "version: 1\ngoldens: goldens\ncases:\n"
        "  - {name: blurred, input: in.png, recipe: {kernels: [gaussian]}}\n"
    )
    record_goldens(tmp_path / "golden.yaml")
    other = filter_image(photo, steps=["gaussian:1.2"])
    monkeypatch.setattr(Case, "picture", lambda *_: other)
    [result] = check_goldens(tmp_path / "golden.yaml").results
    [cause] = result.causes
    assert (cause.name, cause.evidence) == (
        "another filter", "as if gaussian had become gaussian:sigma=1.2",
    )  # fmt: skip
