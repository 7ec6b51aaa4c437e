"""An explained value of a feature map is the engine's, and all its numbers add up."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_strategies import DYADIC, RATIONAL, WHOLE, layers

from imgconv.model.errors import ArgumentError
from imgconv.model.layer import parse_activation, parse_pool
from imgconv.ops.explain.explain_layer import explain_layer
from imgconv.ops.layers.layer import make_conv
from imgconv.ops.layers.network import run_network

POOLS = ["max:2", "mean:2", "max:size=2,padding=1,ceil_mode=true",
         "mean:size=2,padding=same-lower,count_include_pad=false"]  # fmt: skip


def add_up(made):
    for part in made.channels:
        assert part.total == sum(tap.product for tap in part.taps)
        assert all(tap.product == tap.weight * tap.pixel for tap in part.taps)
    assert made.exact == sum(part.total for part in made.channels) + (made.bias or 0)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("numbers", [WHOLE, DYADIC, RATIONAL], ids=["whole", "dyadic", "rational"])
def test_every_number_is_the_engines(axes, numbers):
    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def agree(data):
        image, weights, bias, options = data.draw(layers(axes, numbers))
        values = None if bias is None else np.array(bias, object)
        network = (make_conv(weights, values, **options),)
        network += data.draw(
            st.sampled_from([(), (parse_activation("relu"),), (parse_activation("tanh"),)])
        )
        maps = run_network(image, network).values
        if min(maps.shape[:-1]) > 1:
            network += data.draw(
                st.sampled_from([(), *((parse_pool(how, axes),) for how in POOLS)])
            )
            maps = run_network(image, network).values
        *place, chosen = (data.draw(st.integers(0, size - 1)) for size in maps.shape)
        found = explain_layer(image, network, (chosen, *place))
        assert found.value == maps[(*place, chosen)]
        assert len(found.after) == len(network) - 1
        made = found.convolution
        add_up(made)
        for part in made.channels:
            for tap in part.taps:
                if tap.source is not None:
                    assert Fraction(tap.pixel) == Fraction(
                        image[(*tap.source, part.channel)].item()
                    )

    agree()


IMAGE = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
WEIGHTS = np.arange(2 * 3 * 3 * 3).reshape(2, 3, 3, 3)


def test_the_greatest_of_a_pool_is_followed():
    network = (make_conv(WEIGHTS), parse_pool("max:2", 2))
    found = explain_layer(IMAGE, network, (1, 0, 0))
    before = run_network(IMAGE, network[:1]).values[..., 1]
    (pooled,) = found.after
    assert pooled.read == tuple(before[:2, :2].ravel().tolist())
    assert (pooled.followed, found.convolution.at) == ((1, 1), (1, 1))
    assert found.convolution.value == found.value == before[:2, :2].max()


def test_the_last_convolution_is_explained():
    network = (make_conv(WEIGHTS), parse_activation("relu"), make_conv(np.ones((1, 2, 1, 1))))
    found = explain_layer(IMAGE, network, (0, 1, 2))
    assert found.before == 2
    maps = run_network(IMAGE, network[:2]).values[1, 2]
    assert [part.total for part in found.convolution.channels] == maps.tolist()


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ((0, 0), "a position here is 3 numbers, not 2"),
        ((2, 0, 0), "2,0,0 lies outside the output"),
        ((0, 2, 0), "0,2,0 lies outside the output"),
        ((0, 0, -1), "0,0,-1 lies outside the output"),
    ],
)
def test_places_outside(at, words):
    with pytest.raises(ArgumentError, match=words):
        explain_layer(IMAGE, (make_conv(WEIGHTS),), at)


def test_nothing_to_explain():
    with pytest.raises(ArgumentError, match="there is no convolution"):
        explain_layer(IMAGE, (parse_activation("relu"),), (0, 0, 0))


def test_an_engine_that_is_wrong_is_found_out(monkeypatch):
    from imgconv.ops.layers import network

    right = network.run_conv
    monkeypatch.setattr(network, "run_conv", lambda *a, **k: right(*a, **k) + 1)
    with pytest.raises(ArithmeticError, match="but the engine wrote"):
        explain_layer(IMAGE, (make_conv(WEIGHTS),), (0, 0, 0))
