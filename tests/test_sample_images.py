"""The charts are what their script makes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from imgconv.io.images.image_files import read_image
from imgconv.ops.linear.correlate import correlate

FOLDER = Path(__file__).parents[1] / "sample_images"


def made():
    spec = importlib.util.spec_from_file_location("make_charts", FOLDER / "make_charts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.charts()


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.png")))
def test_charts(name):
    expected = made()[name]
    found = read_image(FOLDER / name)
    assert found.dtype == expected.dtype
    tolerance = (
        1 if name in ("text.png", "zone_plate.png", "rgba_disk.png") else 0
    )  # libm, FreeType
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= tolerance


def test_no_chart_is_missing():
    assert sorted(made()) == sorted(path.name for path in FOLDER.glob("*.png"))


def test_a_step_under_a_central_difference():
    edge = read_image(FOLDER / "step_edge.png")
    result = correlate(edge, [["-1/2", 0, "1/2"]], depth="i16")
    assert np.flatnonzero(result[5]).tolist() == [63, 64]
    assert result[5, 63] == 75
