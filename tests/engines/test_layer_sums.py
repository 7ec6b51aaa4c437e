"""The core's sums of layers, on every instruction set, against products of matrices."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided

from engines.core import CORE, ISAS
from imgconv import conv2d, conv3d
from imgconv.engines import layers
from imgconv.engines.pointwise import Pointwise

TYPES = (np.uint8, np.uint16, np.int16, np.float32)


def windows_of(
    source: Any, count: tuple[int, int], taps: tuple[int, int, int], steps: tuple[int, int]
) -> Any:
    """Return windows of (planes, rows, columns, channels): rows and columns of them, then taps."""
    stride, dilation = steps
    plane, row, column, channel = source.strides
    return as_strided(
        source,
        (*count, *taps, source.shape[3]),
        (stride * row, stride * column, plane, dilation * row, dilation * column, channel),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    count=st.tuples(st.integers(1, 5), st.integers(1, 30)),
    taps=st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5)),
    channels=st.sampled_from([1, 2, 3, 5, 33, 130]),
    filters=st.sampled_from([1, 2, 3, 4, 7, 8, 9, 16, 17, 33]),
    steps=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    kind=st.sampled_from(TYPES),
    part=st.booleans(),
)
def test_sums_are_those_of_matrices(
    count: tuple[int, int],
    taps: tuple[int, int, int],
    channels: int,
    filters: int,
    steps: tuple[int, int],
    kind: type,
    part: bool,
) -> None:
    """Whole numbers, so that every order of adding is exact; `part`: channels of a group."""
    stride, dilation = steps
    rng = np.random.default_rng(3)
    sides = [
        (n - 1) * stride + (k - 1) * dilation + 1 for n, k in zip(count, taps[1:], strict=True)
    ]
    low = -99 if kind is not np.uint8 and kind is not np.uint16 else 0
    source = rng.integers(low, 99, (taps[0], *sides, channels + 2 * part)).astype(kind)
    source = source[..., part : part + channels]
    windows = windows_of(source, count, taps, steps)
    matrix = np.zeros((windows[0, 0].size, -(-filters // 8) * 8))
    matrix[:, :filters] = rng.integers(-99, 99, (len(matrix), filters))
    wanted = windows.reshape(len(windows) * count[1], -1).astype(float) @ matrix[:, :filters]
    for isa in ISAS:
        sums = np.full(wanted.shape, np.nan)
        Pointwise(CORE, isa).layer_sums(windows, steps, matrix, sums)
        np.testing.assert_array_equal(sums, wanted, err_msg=isa)


def test_what_does_not_fit_is_refused() -> None:
    windows = windows_of(np.zeros((1, 4, 4, 2), np.uint8), (2, 2), (1, 3, 3), (1, 1))
    core = Pointwise(CORE, ISAS[0])
    for matrix, out in (
        (np.zeros((18, 4)), np.zeros((4, 4))),
        (np.zeros((17, 8)), np.zeros((4, 4))),
        (np.zeros((18, 8)), np.zeros((3, 4))),
        (np.zeros((18, 8)), np.zeros((4, 9))),
    ):
        with pytest.raises(TypeError, match="do not fit"):
            core.layer_sums(windows, (1, 1), matrix, out)
    channels_apart = windows.transpose(0, 1, 2, 3, 5, 4)
    with pytest.raises(TypeError, match="do not fit"):
        core.layer_sums(channels_apart, (1, 1), np.zeros((18, 8)), np.zeros((4, 4)))


def test_values_near_the_middle_are_doubtful() -> None:
    half = 1 + 2.0**-24  # between two floats
    sums = np.array([[half, 0.3], [half + 2.0**-40, np.nan], [1.0, -half]])
    off = np.array([2.0**-45, 0]), np.array([0, 2.0**-50])
    for isa in ISAS:
        values, doubts = Pointwise(CORE, isa).settle((np.ones(2), np.zeros(2), *off), sums)
        assert doubts.tolist() == [0, 3, 5]
        np.testing.assert_array_equal(values[1:, 0], np.float32([1 + 2.0**-23, 1]))
        assert values[0, 1] == np.float32(0.3)


@pytest.mark.parametrize("depth", ["f32", "u8"])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.sampled(2)
def test_layers_do_not_depend_on_the_core(
    monkeypatch: pytest.MonkeyPatch, kind: type, depth: str
) -> None:
    """Sums that cancel and halves: what a bound leaves open is the same by both ways."""
    rng = np.random.default_rng(4)
    image = (rng.random((23, 41, 6)) * 200).astype(kind)
    image[5:9] = 7
    floats = rng.normal(size=(10, 3, 3, 5)).astype(np.float32)
    floats[3] = -floats[3, :, ::-1]  # adds up to 0
    floats[7] = 0.5
    doubles = rng.normal(size=(10, 3, 3, 5))
    thirds = np.full((2, 3, 3, 3), Fraction(1, 3))
    for weights, bias in ((floats, np.arange(10) / 2), (doubles, None), (thirds, [0, "1/6"])):

        def found(weights: Any = weights, bias: Any = bias) -> Any:
            options: dict[str, Any] = {"stride": (2, 1), "padding": 1, "groups": 2}
            return conv2d(image, weights, bias, dilation=(1, 2), depth=depth, threads=2, **options)

        monkeypatch.setattr(layers, "_core", lambda: None)
        wanted = found()
        for isa in ISAS:
            monkeypatch.setattr(layers, "_core", lambda isa=isa: Pointwise(CORE, isa))
            np.testing.assert_array_equal(found(), wanted, err_msg=isa)


def test_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = np.random.default_rng(5).random((4, 9, 11, 2)).astype(np.float32)
    weights = np.random.default_rng(6).random((3, 2, 2, 3, 2))
    wanted = conv3d(volume, weights, stride=(1, 2, 1))
    monkeypatch.setattr(layers, "_core", lambda: None)
    np.testing.assert_array_equal(conv3d(volume, weights, stride=(1, 2, 1)), wanted)
