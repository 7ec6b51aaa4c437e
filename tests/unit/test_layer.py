"""conv1d, conv2d, conv3d, activations and pooling: figures, peers, PyTorch's table, refusals."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from imgconv import activate, conv1d, conv2d, conv3d, pool
from imgconv.model.errors import ArgumentError, LimitError

TABLE = np.load(Path(__file__).parent / "data" / "torch_layers.npz")
CASES = json.loads(bytes(TABLE["about"]))
CONV = {1: conv1d, 2: conv2d, 3: conv3d}


def u8(text):
    return np.array([[int(v) for v in line.split()] for line in text.split("/")], np.uint8)


def test_the_texts_single_channel():
    image = u8("3 3 2 1 0/0 0 1 3 1/3 1 2 2 3/2 0 0 2 2/2 0 0 0 1")
    maps = conv2d(image, [[u8("0 1 2/2 2 0/0 1 2")]])
    assert maps[..., 0].tolist() == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]


def test_the_texts_five_by_five():
    """Printed there as 14 13 11 / 10 14 16 / 9 10 12."""
    image = u8("1 2 3 0 1/0 1 2 3 1/1 2 1 0 2/0 1 2 1 1/2 1 0 2 1")
    maps = conv2d(image, [[u8("0 1 2/1 0 1/2 1 0")]])
    assert maps[..., 0].tolist() == [[14, 12, 7], [8, 14, 13], [11, 5, 9]]


def test_the_texts_three_by_three():
    """Printed there as -5."""
    assert conv2d(u8("1 2 3/4 5 6/7 8 9"), [[[[1, 0, -1]] * 3]]).tolist() == [[[-6]]]


def test_the_texts_bias():
    """One number for each output channel, added to all of it."""
    maps = np.stack([u8("2 1 2/0 0 1/0 3 1"), u8("0 1 1/2 0 3/1 1 1"), u8("1 3 0/2 0 0/3 1 0")], 2)
    out = conv2d(maps, np.eye(3)[:, :, None, None], [2, 1, 3])
    assert out[..., 0].tolist() == [[4, 3, 4], [2, 2, 3], [2, 5, 3]]
    assert out[..., 1].tolist() == [[1, 2, 2], [3, 1, 4], [2, 2, 2]]
    assert out[..., 2].tolist() == [[4, 6, 3], [5, 3, 3], [6, 4, 3]]


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case["name"] for case in CASES])
def test_as_pytorch(number):
    case = CASES[number]
    data = {k: TABLE[f"{number} {k}"] for k in ("image", "weights", "bias", "out", "exact")}
    options = dict(case["options"])
    if isinstance(options.get("padding"), list) and case["axes"] > 1:
        options["padding"] = tuple(options["padding"])
    image = np.moveaxis(data["image"], 0, -1)
    found = CONV[case["axes"]](image, data["weights"], data["bias"], **options)
    wanted = np.moveaxis(data["out"], 0, -1)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-5)
    # Whole numbers are exact in float32 too, so there every bit agrees.
    whole = [np.round(data[key] * np.float32(9)) for key in ("weights", "bias")]
    found = CONV[case["axes"]](np.round(image * np.float32(9)), *whole, **options)
    np.testing.assert_array_equal(found, np.moveaxis(data["exact"], 0, -1))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_borders_as_pytorch(mode):
    image = np.moveaxis(TABLE["picture"], 0, -1)
    weights, bias = TABLE[f"{mode} weights"], TABLE[f"{mode} bias"]
    found = conv2d(image, weights, bias, padding=1, border=f"torch:{mode}")
    wanted = np.moveaxis(TABLE[f"{mode} out"], 0, -1)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["relu", "leaky_relu:0.125", "sigmoid", "tanh"])
def test_activations_as_pytorch(name):
    np.testing.assert_allclose(activate(TABLE["values"], name), TABLE[name], rtol=1e-6)


@pytest.mark.parametrize("how", [n for n in TABLE.files if n.startswith(("max:", "mean:"))])
def test_pooling_as_pytorch(how):
    found = pool(np.moveaxis(TABLE["picture"], 0, -1), how)
    np.testing.assert_allclose(found, np.moveaxis(TABLE[how], 0, -1), rtol=1e-5, atol=1e-7)


def test_as_scipy_and_einsum(astronaut):
    image = astronaut[:40, :50]
    weights = np.random.default_rng(3).integers(-9, 10, (4, 3, 3, 5))
    found = conv2d(image, weights)
    for f in range(4):
        apart = [signal.correlate(image[..., c] * 1.0, weights[f, c] * 1.0, "valid", "direct")
                 for c in range(3)]  # fmt: skip
        np.testing.assert_array_equal(found[..., f], np.sum(apart, axis=0))
    windows = np.lib.stride_tricks.sliding_window_view(image.astype(int), (3, 5), axis=(0, 1))
    np.testing.assert_array_equal(found, np.einsum("ijckl,fckl->ijf", windows, weights))
    turned = conv2d(image, weights, convolve=True)[..., 0]
    flipped = sum(signal.convolve2d(image[..., c], weights[0, c], "valid") for c in range(3))
    np.testing.assert_array_equal(turned, flipped)


def test_layouts_and_batches_are_the_same_numbers(astronaut):
    image = astronaut[:12, :14]
    weights = np.random.default_rng(4).normal(size=(5, 3, 3, 2)).astype(np.float32)
    found = conv2d(image, weights)
    np.testing.assert_array_equal(
        conv2d(image, weights.transpose(2, 3, 1, 0), layout="hwio"), found
    )
    batch = conv2d(np.stack([image, image[::-1]]), weights)
    np.testing.assert_array_equal(batch[0], found)
    np.testing.assert_array_equal(batch[1], conv2d(image[::-1], weights))


def test_threads_change_no_bit(astronaut):
    weights = np.random.default_rng(5).normal(size=(3, 3, 5, 5)).astype(np.float32)
    image = (astronaut[:150] / 255).astype(np.float32)
    found = [conv2d(image, weights, stride=2, padding="same", threads=n) for n in (1, 2, 7)]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_a_shallow_filter_slides_in_depth():
    volume = np.random.default_rng(6).integers(0, 256, (5, 6, 7), np.uint8)
    weights = np.random.default_rng(7).integers(-5, 6, (1, 1, 2, 3, 3))
    found = conv3d(volume, weights)[..., 0]
    assert found.shape == (4, 4, 5)
    for z, y, x in product(range(4), range(4), range(5)):
        assert found[z, y, x] == (volume[z : z + 2, y : y + 3, x : x + 3] * weights[0, 0]).sum()


def test_thirds_are_thirds():
    """As float64, 1/3 is another number: its sums of three would not be whole."""
    image = np.full((1, 3), 5, np.uint8)
    weights = np.full((1, 1, 1, 3), "1/3")
    assert conv2d(image, weights, depth="u8").tolist() == [[[5]]]
    assert conv2d(image, weights).tolist() == [[[5.0]]]
    assert conv2d(image, [[[[Fraction(1, 10), 0, 0]]]], depth="u8").tolist() == [[[0]]]


def test_relu_keeps_nan_and_makes_no_negative_zero():
    found = activate(np.array([-0.0, np.nan, -np.inf, np.inf], np.float32), "relu")
    np.testing.assert_array_equal(found, [0, np.nan, 0, np.inf])
    assert not np.signbit(found[0])


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_functions_are_rounded_once(name):
    """Held against 50 decimal digits, where float64 may be next to the middle of two floats."""
    from decimal import Decimal, localcontext

    from oracle import nearest_float32

    values = np.random.default_rng(8).normal(scale=4, size=400).astype(np.float32)
    values = np.concatenate([values, np.float32([0, 1e-30, -1e-6, 1e-3, 88, -100, 200, -200])])
    with localcontext() as context:
        context.prec = 120
        for value, found in zip(values.tolist(), activate(values, name), strict=True):
            x = Decimal(value)
            exact = 1 / (1 + (-x).exp()) if name == "sigmoid" else \
                ((2 * x).exp() - 1) / ((2 * x).exp() + 1)  # fmt: skip
            assert found == nearest_float32(Fraction(exact))


RGB = np.zeros((6, 7, 3), np.uint8)
ONE = np.ones((1, 3, 3, 3))


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((RGB, np.ones((1, 1, 3, 3))), {}, "filters have 1 channel, the image has 3"),
        ((RGB, np.ones((1, 3, 9, 3))), {}, r"rows: a kernel of 9 does not fit into 6: \(6"),
        ((RGB, ONE), {"dilation": 4}, r"Ke = \(3 - 1\)\*4 \+ 1"),
        (
            (RGB, ONE),
            {"groups": 2},
            "its channels \\(3\\) and filters \\(1\\) must be multiples of its groups \\(2\\)",
        ),
        ((RGB, ONE, [1, 2]), {}, "bias has shape .2,.; .1,. is needed"),
        ((RGB, ONE), {"stride": 0}, "stride 0 is not"),
        ((RGB, ONE), {"stride": True}, "stride True is not"),
        ((RGB, ONE), {"padding": (1, 2, 3)}, r"padding \(1, 2, 3\) is not"),
        ((RGB, ONE), {"padding": -1}, "padding -1 is not"),
        ((RGB, ONE), {"padding": "wrap"}, "'wrap' is a border mode"),
        ((RGB, ONE), {"border": "mirror"}, "means different things"),
        ((RGB, ONE), {"border_value": 256}, "256 is not a value of a u8 image"),
        ((RGB, ONE), {"layout": "ohwi"}, "no layout is called 'ohwi'"),
        ((RGB, [[1, 2], [3]]), {}, "ragged"),
        ((RGB, [[1, 2], [3, 4]]), {}, "4 axes are needed"),
        ((RGB, ONE * np.nan), {}, r"weight \[0, 0, 0, 0\] is nan"),
        ((RGB, [[[["x"]]]]), {}, "'x' is not a number"),
        ((RGB * 1.0, ONE), {}, "float64"),
        ((np.zeros((2, 2, 2, 2, 2), np.uint8), ONE), {}, "not an input of a 2-D layer"),
        ((RGB[:0], ONE), {}, "not an input of a 2-D layer"),
        ((RGB, ONE), {"threads": 0}, "threads is 0"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(arguments, options, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        conv2d(*arguments, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("layout", ["oihw", "hwio"])
def test_the_other_layout_is_noticed(layout):
    """Where the shapes tell; a 3 x 3 x 3 x 3 could be either."""
    weights = np.ones((5, 7, 3, 8) if layout == "oihw" else (8, 3, 5, 7))
    with pytest.raises(ArgumentError, match="the image has 3") as caught:
        conv2d(RGB, weights, layout=layout)
    assert f"--layout {'hwio' if layout == 'oihw' else 'oihw'}" in caught.value.hint


def test_limits():
    with pytest.raises(LimitError, match=r"the limit is 2\*\*30"):
        conv2d(RGB, ONE, padding=60000)
    with pytest.raises(LimitError, match="reaches over"):
        conv2d(RGB, ONE, dilation=1 << 20)


@pytest.mark.parametrize("how", ["max", "min:2", "max:2,3", "max:size=2,size=3", "max:0", "mean:x"])
def test_bad_pooling(how):
    with pytest.raises(ArgumentError, match="pooling"):
        pool(RGB, how)


def test_pooling_needs_a_pixel_in_every_window():
    with pytest.raises(ArgumentError, match="touch no pixel"):
        pool(RGB, "max:size=2,padding=2")
    with pytest.raises(ArgumentError, match="does not fit into 6"):
        pool(RGB, "max:8")


@pytest.mark.parametrize("name", ["gelu", "relu:2", "leaky_relu:2", "leaky_relu:x"])
def test_bad_activations(name):
    with pytest.raises(ArgumentError):
        activate(RGB, name)
