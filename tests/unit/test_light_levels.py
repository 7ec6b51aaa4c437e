"""Linear light by tables of the core: level by level what the definition says."""

from __future__ import annotations

import numpy as np
import pytest

from imgconv import to_gray
from imgconv.engines.native import NativeEngine
from imgconv.engines.select import native_engine
from imgconv.model.output import Depth
from imgconv.ops.color import srgb

DEPTHS = [Depth.U8, Depth.U16]


@pytest.fixture(params=native_engine().isas)
def isa(request, monkeypatch):
    engine = NativeEngine(native_engine()._core, isa=request.param)
    monkeypatch.setattr(srgb, "select_engine", lambda: engine)


def by_definition(monkeypatch, function, *arguments):
    with monkeypatch.context() as patch:
        patch.setattr(srgb, "_points", lambda: None)
        return function(*arguments)


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("depth", DEPTHS)
def test_light_beside_every_boundary_has_its_level(depth, monkeypatch):
    edges = (srgb._boundaries(depth) / (1 << 30)).astype(np.float32)
    beside = [np.nextafter(edges, np.float32(0)), edges, np.nextafter(edges, np.float32(2))]
    odd = np.float32([np.nan, np.inf, -np.inf, -0.0, 1, 1.5, -1e-30, np.nextafter(1, 2)])
    light = np.concatenate([*beside, odd])
    found = srgb.from_linear(light, depth)
    expected = by_definition(monkeypatch, srgb.from_linear, light, depth)
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1] == expected[1]


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize("depth", DEPTHS)
def test_gray_in_linear_light_has_the_level_of_the_definition(depth, monkeypatch):
    rgb = np.random.default_rng(4).integers(0, depth.high + 1, (70, 90, 3)).astype(depth.dtype)
    rgb[:, :30, 1:] = rgb[:, :30, :1]
    found = to_gray(rgb, "linear")
    np.testing.assert_array_equal(found, by_definition(monkeypatch, to_gray, rgb, "linear"))


@pytest.mark.parametrize("depth", DEPTHS)
def test_each_level_is_its_own_light(depth):
    levels = np.arange(depth.high + 1).astype(depth.dtype)
    light = srgb.to_linear(levels[None], depth)
    np.testing.assert_array_equal(srgb.from_linear(light, depth)[0][0], levels)
    exact = (srgb.linear_table(depth) / (1 << 30)).astype(np.float32)
    np.testing.assert_array_equal(light[0], exact)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_lightness_is_half_of_greatest_and_least_rounded_to_even(dtype):
    ends = np.iinfo(dtype)
    rgb = np.random.default_rng(6).integers(ends.min, ends.max + 1, (40, 50, 3)).astype(dtype)
    wide = rgb.astype(np.int64)
    expected = np.rint((wide.max(axis=2) + wide.min(axis=2)) / 2)
    np.testing.assert_array_equal(to_gray(rgb, "lightness"), expected)
