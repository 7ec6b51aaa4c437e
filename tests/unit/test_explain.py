"""An explanation adds up, and is the engine's own output, for everything that a recipe may say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import images, weights

from imgconv import Border, Depth, Kernel, OutputRange, Rounding, explain, filter_image, load_kernel
from imgconv.model.border import STAND_INS
from imgconv.model.errors import ArgumentError
from imgconv.ops.explain import explain as module

IMAGE = np.array([[93, 139, 101], [26, 252, 196], [135, 230, 18]], np.uint8)
whole = st.integers(-9, 9)


@st.composite
def cases(draw):
    image = draw(images())
    kernels = draw(
        st.lists(
            st.builds(
                Kernel,
                weights(3, whole),
                scale=st.sampled_from([1, "1/3", "-1/7", 2]),
                offset=st.sampled_from([0, "1/2", -3]),
            ),
            min_size=1,
            max_size=3,
        )
    )
    options = {
        "kernels": kernels,
        "border": draw(st.sampled_from(STAND_INS)),
        "border_value": draw(st.sampled_from([0, 7])),
        "stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "dilation": draw(st.integers(1, 2)),
        "size": draw(st.sampled_from(["same", "full", (1, 0, 2, 1)])),
        "rounding": draw(st.sampled_from(Rounding)),
        "output_range": draw(st.sampled_from(OutputRange)),
        "depth": draw(st.sampled_from([None, *Depth])),
        "convolve": draw(st.booleans()),
    }
    return image, {key: value for key, value in options.items() if value is not None}


@settings(max_examples=50, deadline=None)
@given(cases(), st.data())
def test_it_is_what_the_engine_wrote(case, data):
    image, options = case
    try:
        output = filter_image(image, **options)
    except ArgumentError:
        return  # no output pixel is left
    rows, columns = output.shape[:2]
    at = data.draw(st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1)))
    explanation = explain(image, at=at, **options)
    np.testing.assert_array_equal(np.ravel(explanation.value), np.ravel(output[at]))
    for stage in explanation.stages:
        for window in stage.windows:
            for channel, total in enumerate(window.sums):
                products = [tap.products[channel] for tap in window.taps]
                assert total == sum(products)
                assert products == [tap.weight * tap.pixels[channel] for tap in window.taps]


@pytest.mark.parametrize("border", STAND_INS)
def test_where_each_pixel_was_read(border):
    padded = np.pad(IMAGE, 1, mode=PAD_MODES[border])
    stage = explain(IMAGE, kernels=[np.ones((3, 3))], border=border, at=(0, 0)).stages[0]
    for tap in stage.windows[0].taps:
        assert tap.pixels == (padded[tap.row, tap.col],)
        assert tap.position == (tap.row - 1, tap.col - 1)
        if tap.source is None:
            assert border is Border.CONSTANT
        else:
            assert IMAGE[tap.source] == tap.pixels[0]


PAD_MODES = {
    Border.CONSTANT: "constant",
    Border.REPLICATE: "edge",
    Border.REFLECT: "symmetric",
    Border.REFLECT101: "reflect",
    Border.WRAP: "wrap",
}


def test_the_worked_example_of_the_source_documents():
    stage = explain(IMAGE, kernels=["small_blur"], at=(1, 1), padding="replicate").stages[0]
    assert stage.windows[0].kernel.name == "small_blur"
    mean = explain(IMAGE, kernels=["blur"], at=(1, 1)).stages[0]
    assert (mean.windows[0].sums, mean.exact) == ((1190,), (Fraction(1190, 9),))
    assert (mean.rounded, mean.values) == ((132,), (132,))


def test_a_chain_follows_the_anchor():
    explanation = explain(IMAGE, kernels=["blur", "sharpen"], at=(2, 1), stride=1)
    first, last = explanation.stages
    centre = next(tap for tap in last.windows[0].taps if (tap.row, tap.col) == (1, 1))
    assert (first.at, first.values) == (centre.source, centre.pixels)


def test_a_chain_that_reads_the_constant_ends_there():
    kernels = [Kernel([[1]], name="a"), Kernel([[0, 0, 1]], anchor=(0, 0), name="b")]
    options = {"kernels": kernels, "border": "constant", "size": "full"}
    assert [stage.name for stage in explain(IMAGE, at=(0, 0), **options).stages] == ["b"]


@pytest.mark.parametrize("name", ["sobel", "sobel:combine=sum_abs", "kirsch", "roberts"])
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("output_range", [r for r in OutputRange if r is not OutputRange.RESCALE])
def test_sets(camera, name, rounding, output_range):
    image = camera[100:120, 100:120]
    options = {"kernels": [name], "rounding": rounding, "output_range": output_range}
    output = filter_image(image, **options)
    for at in ((0, 0), (7, 9), (19, 3)):
        assert explain(image, at=at, **options).value == output[at]


@pytest.mark.parametrize("output", ["index", "orientation"])
def test_what_has_no_exact_value_is_the_engine_s(camera, output):
    options = {"kernels": [f"sobel:output={output}"]}
    explanation = explain(camera, at=(30, 40), **options)
    assert explanation.value == filter_image(camera, **options)[30, 40]
    assert explanation.stages[0].exact == ()
    assert explanation.stages[0].how == f"{output} of root_sum_squares"


def test_tone_comes_first(astronaut):
    options = {"gray": "average", "binarize": "100", "invert": True, "kernels": ["blur"]}
    explanation = explain(astronaut, at=(8, 8), **options)
    assert explanation.tone == "gray average, binarize 100, invert"
    assert explanation.value == filter_image(astronaut, **options)[8, 8]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_floats_that_are_not_finite(bad):
    image = np.ones((3, 3), np.float32)
    image[1, 1] = bad
    for kernel in ([[1, 0, 2]], [[1, -2, 1]], [[0, 0, 1]]):
        for depth in (None, "u8"):
            options = {"kernels": [kernel], "border": "replicate"}
            options |= {} if depth is None else {"depth": depth}
            output = filter_image(image, **options)
            for at in ((1, 0), (1, 1), (1, 2)):
                value = explain(image, at=at, **options).value
                np.testing.assert_array_equal(value, output[at])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kernels": ["blur"], "at": (3, 0)}, "3,0 lies outside the output of 3 x 3"),
        ({"kernels": ["blur"], "at": (0, -1)}, "0,-1 lies outside"),
        ({"gray": "bt601", "at": (0, 0)}, "there is no kernel to explain"),
        ({"kernels": ["sobel"], "range": "rescale", "at": (0, 0)}, "rescale cannot be explained"),
    ],
)
def test_what_cannot_be_explained(options, words):
    with pytest.raises(ArgumentError, match=words):
        explain(IMAGE, **options)
    with pytest.raises(ArgumentError, match="only where alpha does not weigh"):
        explain(np.zeros((3, 3, 4), np.uint8), kernels=["blur"], at=(0, 0))


def test_alpha_as_a_channel():
    image = np.dstack([IMAGE, IMAGE, IMAGE, 255 - IMAGE])
    found = explain(image, kernels=["blur"], alpha="filter", at=(1, 1))
    written = filter_image(image, kernels=["blur"], alpha="filter")[1, 1]
    assert found.value == tuple(written.tolist())


def test_an_engine_that_is_wrong_is_found_out(monkeypatch):
    def wrong(image, steps, alpha):
        images = right(image, steps, alpha)
        images[-1][1, 1] += 1
        return images

    right = module.run_all
    monkeypatch.setattr(module, "run_all", wrong)
    with pytest.raises(ArithmeticError, match="explained as 132, but the engine wrote 133"):
        explain(IMAGE, kernels=["blur"], at=(1, 1))


def test_as_plain_data():
    data = explain(IMAGE, kernels=["blur"], at=(0, 0), border="constant").as_dict()
    assert (data["value"], data["sum"], data["scale_exact"]) == (57, 510, "1/9")
    assert data["taps"][0]["source"] is None
    assert data["taps"][4] == {
        "row": 1,
        "col": 1,
        "position": [0, 0],
        "source": [0, 0],
        "pixel": 93,
        "weight": 1,
        "product": 93,
    }
    colour = explain(np.stack([IMAGE] * 3, 2), kernels=["blur"], at=(1, 1)).as_dict()
    assert (colour["value"], colour["sum"]) == ([132] * 3, [1190] * 3)
    both = explain(IMAGE, kernels=[load_kernel("sobel")], at=(1, 1)).as_dict()
    assert [member["name"] for member in both["members"]] == ["sobel_x", "sobel_y"]
