"""What is said of a pixel of canny is what the step did."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

import imgconv
from imgconv.model.errors import ArgumentError
from imgconv.ops.edges.gradient import gradient_of, is_ridge

CAMERA = data.camera()[100:150, 180:240]
COLOUR = data.astronaut()[60:100, 200:250]


def told(image, spec, at, **options):
    return imgconv.explain(image, steps=[spec], at=at, **options).stages[-1]


@pytest.mark.parametrize("image", [CAMERA, COLOUR], ids=["gray", "colour"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize(
    "options", ["", "0,3,false", "0,5,false", "0,7,true", "0,3,true", "1,3,false"]
)
@pytest.mark.sampled(5)
def test_gradients_and_verdicts_are_those_of_the_step(image, dtype, options):
    image = image.astype(dtype)
    low, high = (9000, 60000) if options.startswith("0,7") else (60, 180)
    spec = f"canny:{low},{high},{options}" if options else "canny"
    edges = imgconv.filter_image(image, steps=[spec])
    chance = np.random.default_rng(4)
    places = [(0, 0), (len(image) - 1, 3), *chance.integers(0, 40, (12, 2)).tolist()]
    places += np.argwhere(edges)[:: max(1, int((edges > 0).sum()) // 12)].tolist()
    for at in map(tuple, places):
        stage = told(image, spec, at)
        assert stage.values == (edges[at],)
        assert stage.verdict.startswith("an edge" if edges[at] else "no edge")
        assert (stage.strong is not None) == bool(edges[at])
        assert stage.strong is None or stage.strong.size > stage.high
        if "1,3" not in options and not stage.scaled:
            gradient = gradient_of(image, int(options[2:3] or 3), l2="true" in options)
            assert (stage.gradient.across, stage.gradient.down) == (
                gradient.across[at], gradient.down[at]
            )  # fmt: skip
            assert stage.is_greatest == is_ridge(gradient)[at]


def test_words():
    image = np.zeros((5, 7), np.uint8)
    image[:, 4:] = 90
    image[3:, 4:] = 30
    stage = told(image, "canny:50,300", (4, 3))
    assert stage.lines() == [
        "canny:low=50,high=300 at row 4, column 3 of its output",
        "  gradient: 120 across, 0 down; size 120",
        "  direction: 0 degrees, taken as along the row",
        "  neighbour before, at 4,2: size 0",
        "  neighbour after, at 4,4: size 120",
        "  thresholds: 50 and 300",
        "  verdict: an edge: between the thresholds, and connected with what is above the upper "
        "one",
        "  the nearest above 300: size 360 at 3,4, 1 pixel along the edge",
        "  written: 255",
    ]
    assert stage.as_dict()["strong"]["position"] == [3, 4]
    assert told(image, "canny:500,600", (1, 3)).verdict.endswith("not above the lower threshold")
    assert told(image, "canny:50,300", (1, 4)).verdict.endswith("direction is not smaller")
    weak = told(image[:2], "canny:50,400", (1, 3)).verdict
    assert weak == "no edge: between the thresholds, and with nothing above the upper one connected"


def test_edges_in_a_chain_are_explained_back_to_the_first_step():
    found = imgconv.explain(CAMERA, steps=["canny:60,180", "dilate"], at=(20, 20))
    assert [stage.name for stage in found.stages] == ["canny:low=60,high=180", "dilate"]
    found = imgconv.explain(CAMERA, steps=["median", "canny:60,180"], at=(20, 20))
    assert [stage.name for stage in found.stages] == ["median", "canny:low=60,high=180"]
    assert found.stages[0].at == (20, 20)


def test_steps_that_look_at_everything_and_are_not_explained():
    with pytest.raises(ArgumentError, match="no kernel to explain"):
        imgconv.explain(CAMERA, steps=["hysteresis"], at=(0, 0))


def test_a_detector_that_is_wrong_is_found_out(monkeypatch):
    from imgconv.ops.edges import steps as module

    right = module.canny
    monkeypatch.setattr(
        module, "canny", lambda *a, **k: right(*a, **k)._replace(image=255 - right(*a, **k).image)
    )
    with pytest.raises(ArithmeticError, match="but the step wrote"):
        told(CAMERA, "canny:60,180", (3, 3))
