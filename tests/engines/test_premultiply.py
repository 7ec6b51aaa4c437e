"""Colours times alpha by the core, on every instruction set, against exact numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import imgconv
from engines.core import CORE, ISAS
from imgconv.engines.pointwise import Pointwise

WIDTHS = (1, 2, 3, 7, 16, 33, 130)


def premultiplied(image: Any) -> list[Any]:
    return [Pointwise(CORE, isa).premultiply(image) for isa in ISAS]


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_products(dtype: Any, channels: int) -> None:
    rng = np.random.default_rng(1)
    for width in WIDTHS:
        shape = (3, width, channels)
        if dtype is np.float32:
            image = rng.normal(size=shape).astype(np.float32)
            wanted = image * image[..., -1:]
        else:
            info = np.iinfo(dtype)
            image = rng.integers(info.min, info.max + 1, shape).astype(dtype)
            white = 1 if dtype is np.uint8 else int(info.max)
            wanted = np.array(
                [
                    [[round(Fraction(int(c) * max(int(pixel[-1]), 0), white)) for c in pixel]
                     for pixel in row]
                    for row in image
                ]
            )  # fmt: skip
        wanted[..., -1] = 0
        for isa, found in zip(ISAS, premultiplied(image), strict=True):
            np.testing.assert_array_equal(found, wanted, err_msg=isa)


def test_every_step_of_16_bits() -> None:
    """Around each product where the rounded part of white changes, if two numbers have it."""
    alpha = np.arange(65536, dtype=np.int64)
    for over in (32767, 32768):  # the middle lies between them
        for colour in (65535, 65534, 40000, 32768, 257, 3):
            part = (alpha * 65535 + over) // colour  # as near as this colour comes
            chosen = np.clip(np.stack([part, part + 1]), 0, 65535).reshape(-1)
            image = np.stack([np.full_like(chosen, colour), chosen], axis=-1)
            wanted = (image[:, 0] * image[:, 1] + 32767) // 65535
            for isa, found in zip(
                ISAS, premultiplied(image[None].astype(np.uint16)), strict=True
            ):  # fmt: skip
                np.testing.assert_array_equal(found[0, :, 0], wanted, err_msg=isa)


@pytest.mark.parametrize("recipe", ["sobel-x", "sobel", "laplacian"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.sampled(2)
def test_edges_do_not_depend_on_the_engine(
    monkeypatch: pytest.MonkeyPatch, dtype: Any, channels: int, recipe: str
) -> None:
    rng = np.random.default_rng(2)
    if dtype is np.float32:
        image = rng.random((19, 33, channels)).astype(np.float32)
        image[4, 5, 0], image[7, 9, -1], image[9, 9] = np.nan, np.inf, 0
    else:
        image = rng.integers(0, np.iinfo(dtype).max + 1, (19, 33, channels)).astype(dtype)
    image[:5, :, -1] = 0
    runs: list[dict[str, Any]] = [
        {}, {"padding": "wrap"}, {"stride": 2}, {"depth": "f32"}, {"range": "abs"},
        {"padding": "constant", "border_value": 9},
    ]  # fmt: skip
    for options in runs:
        found = imgconv.filter_image(image, recipe, **options)
        with monkeypatch.context() as patch:
            patch.setenv("IMGCONV_ENGINE", "reference")
            wanted = imgconv.filter_image(image, recipe, **options)
        np.testing.assert_array_equal(found, wanted, err_msg=str(options))
