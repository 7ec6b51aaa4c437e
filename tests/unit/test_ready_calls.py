"""Repeated calls on small images: kept by what was given, and never taken for others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

import imgconv
from imgconv.engines.select import native_engine
from imgconv.io.config import ready
from imgconv.io.config.ready import READY, key_of

RNG = np.random.default_rng(27)
IMAGES = [
    RNG.integers(0, 256, (9, 11), dtype=np.uint8),
    RNG.integers(0, 256, (9, 11, 3), dtype=np.uint8),
    RNG.integers(0, 256, (9, 11, 4), dtype=np.uint8),
    RNG.integers(0, 65536, (9, 11), dtype=np.uint16),
    RNG.normal(0, 100, (9, 11)).astype(np.float32),
]
SHARPEN = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
OPTIONS = [
    {},
    {"border": "replicate"},
    {"border": "ignore"},
    {"border": "constant", "border_value": 7},
    {"stride": 2, "size": "valid"},
    {"output_range": "rescale"},
    {"output_range": "abs", "depth": "f32"},
]

pytestmark = pytest.mark.skipif(native_engine() is None, reason="only the core keeps calls")


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.delenv("IMGCONV_ENGINE", raising=False)
    monkeypatch.delenv("IMGCONV_KERNELS", raising=False)
    READY.clear()


def plainly(monkeypatch, call):
    with monkeypatch.context() as patch:
        patch.setenv("IMGCONV_ENGINE", "reference")
        return call()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kernel", ["sharpen", SHARPEN, np.array(SHARPEN, np.float32)])
@pytest.mark.parametrize("name", ["correlate", "convolve", "filter_image"])
def test_the_second_call_yields_what_the_reference_yields(name, kernel, options, monkeypatch):
    function = getattr(imgconv, name)
    given = [kernel] if name == "filter_image" and not isinstance(kernel, str) else kernel
    for image in IMAGES:
        expected = plainly(monkeypatch, lambda image=image: function(image, given, **options))
        for _ in range(2):
            np.testing.assert_array_equal(function(image, given, **options), expected, strict=True)


def test_a_set_is_read_again(monkeypatch):
    for image in IMAGES:
        expected = plainly(monkeypatch, lambda image=image: imgconv.correlate(image, "sobel"))
        for _ in range(2):
            made = imgconv.correlate(image, "sobel")
            np.testing.assert_array_equal(made, expected, strict=True)
    assert len(READY) == 0


def test_a_repeated_call_reads_and_plans_nothing(monkeypatch):
    image = IMAGES[0]
    recipe = imgconv.recipe_from({"kernels": ["blur"]})
    calls = [
        lambda: imgconv.correlate(image, "sharpen"),
        lambda: imgconv.correlate(image, SHARPEN),
        lambda: imgconv.convolve(image, np.array(SHARPEN), border="replicate"),
        lambda: imgconv.filter_image(image, "sharpen"),
        lambda: imgconv.filter_image(image, kernels="sharpen", padding="wrap"),
        lambda: imgconv.filter_image(image, recipe),
    ]
    first = [call() for call in calls]
    monkeypatch.setattr("imgconv.api.recipe_and_masks", None)
    monkeypatch.setattr("imgconv.api.load_kernel", None)
    monkeypatch.setattr("imgconv.api.kernel_of", None)
    monkeypatch.setattr("imgconv.ops.linear.single.plan", None)
    for call, expected in zip(calls, first, strict=True):
        np.testing.assert_array_equal(call(), expected)


def test_other_pixels_in_any_layout_are_read():
    wide = RNG.integers(0, 256, (20, 40, 3), dtype=np.uint8)
    imgconv.correlate(wide[:9, :11].copy(), "sharpen")
    for view in (wide[2:11, 5:16], wide[18:9:-1, :11], wide[:9, 0:33:3], wide[:9, :11, ::-1]):
        again = imgconv.correlate(view, "sharpen")
        np.testing.assert_array_equal(again, imgconv.correlate(view.copy(), [*map(list, SHARPEN)]))
    swapped = IMAGES[3].astype(">u2")
    np.testing.assert_array_equal(
        imgconv.correlate(swapped, "blur"), imgconv.correlate(IMAGES[3], "blur")
    )


def test_a_matrix_that_is_changed_is_another():
    weights = np.array(SHARPEN, np.float32)
    rows = [list(row) for row in SHARPEN]
    before = [imgconv.correlate(IMAGES[0], each) for each in (weights, rows)]
    weights[1, 1] = rows[1][1] = 4
    after = [imgconv.correlate(IMAGES[0], each) for each in (weights, rows)]
    expected = imgconv.correlate(IMAGES[0], imgconv.Kernel(rows))
    for old, new in zip(before, after, strict=True):
        assert (old != new).any()
        np.testing.assert_array_equal(new, expected)


def test_what_is_equal_but_another_type_is_checked_again():
    imgconv.correlate(IMAGES[0], [[1, 1]], stride=1)
    with pytest.raises(imgconv.KernelError, match="True"):
        imgconv.correlate(IMAGES[0], [[True, 1]], stride=1)
    imgconv.filter_image(IMAGES[0], "blur", linear=False)
    with pytest.raises(imgconv.ArgumentError, match="linear is True or False"):
        imgconv.filter_image(IMAGES[0], "blur", linear=0)
    with pytest.raises(imgconv.ArgumentError, match="threads"):
        imgconv.correlate(IMAGES[0], [[1, 1]], stride=1, threads=0)


def test_kernels_that_may_change_have_no_key(monkeypatch, tmp_path):
    (tmp_path / "k.csv").write_text("0,1,0\n")
    path = f"{tmp_path}/k.csv"
    same = imgconv.correlate(IMAGES[0], path)
    (tmp_path / "k.csv").write_text("0,0,1\n")
    assert (imgconv.correlate(IMAGES[0], path) != same).any()
    imgconv.correlate(IMAGES[0], "sharpen")
    bank = tmp_path / "mine.yaml"
    bank.write_text("sharpen: {weights: [[0, 0, 1]], description: a shift, source: here}\n")
    monkeypatch.setenv("IMGCONV_KERNELS", str(bank))
    assert key_of("correlate", "sharpen", {}) is None
    assert key_of("filter_image", None, {"kernels": "sharpen"}) is None


@pytest.mark.parametrize("option", [(1, 2), [1], 0.5, np.int64(1), Fraction(1)], ids=repr)
def test_options_that_could_be_mistaken_have_no_key(option):
    assert key_of("correlate", "sharpen", {"stride": option}) is None


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(ready, "_MOST_KEPT", 4)
    for side in range(3, 30):
        imgconv.correlate(np.zeros((side, 5), np.uint8), "blur")
        assert 0 < len(READY) <= 4


def test_a_kernel_stays_while_its_call_is_kept():
    seen = set()
    for weight in range(2, 30):
        kernel = imgconv.Kernel([[weight, 1]])
        result = imgconv.correlate(np.full((1, 2), 1, np.uint8), kernel)
        assert result[0, 0] == weight + 1
        seen.add(id(kernel))
    assert len(seen) == 28


def test_threads_share_what_is_kept():
    expected = imgconv.correlate(IMAGES[1], "sharpen")
    READY.clear()
    with ThreadPoolExecutor(8) as pool:
        for made in pool.map(lambda _: imgconv.correlate(IMAGES[1], "sharpen"), range(64)):
            np.testing.assert_array_equal(made, expected)
