"""Pooling against plain loops: the cases of ONNX's reference, and what it does not try."""

from __future__ import annotations

import layer_oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imgconv import pool
from imgconv.model.errors import ArgumentError, LimitError
from imgconv.model.layer import parse_pool
from imgconv.ops.layers.pooling import pool_shapes

COUNTING = np.arange(1, 26, dtype=np.float32).reshape(5, 5)
SIXTEEN = np.arange(1, 17, dtype=np.float32).reshape(4, 4)
CUBE = np.stack([SIXTEEN] * 4)
PADS_MEAN = [[7 + row * 2.5 + column / 2 for column in range(5)] for row in range(5)]
SUMS_25 = [
    [63, 90, 120, 102, 81],
    [114, 160, 210, 176, 138],
    [180, 250, 325, 270, 210],
    [174, 240, 310, 256, 198],
    [153, 210, 270, 222, 171],
]
PADS_MAX = [[13, 14, 15, 15, 15], [18, 19, 20, 20, 20], *[[23, 24, 25, 25, 25]] * 3]
FOUR = np.array([[[8580, 786], [2692, 1537]], [[8816, 4353], [5772, 6623]],
                 [[9067, 9483], [5970, 7630]]], np.float32)  # fmt: skip

LITERAL = [
    ("averagepool_2d_precomputed_pads", COUNTING, "mean:size=5,stride=1,padding=2,{}", PADS_MEAN),
    ("averagepool_2d_precomputed_pads_count_include_pad", COUNTING,
     "mean:size=5,stride=1,padding=2", np.array(SUMS_25) / 25),
    ("averagepool_2d_precomputed_strides", COUNTING, "mean:2,{}", [[4, 6], [14, 16]]),
    ("averagepool_2d_precomputed_same_upper", COUNTING, "mean:size=3,stride=2,padding=same,{}",
     [[4, 5.5, 7], [11.5, 13, 14.5], [19, 20.5, 22]]),
    ("averagepool_2d_ceil", SIXTEEN, "mean:size=3,stride=2,ceil_mode=true,{}",
     [[6, 7.5], [12, 13.5]]),
    ("averagepool_2d_dilations", SIXTEEN, "mean:size=2,stride=1,dilation=2,ceil_mode=true,{}",
     [[6, 7], [10, 11]]),
    ("averagepool_3d_dilations_small", CUBE,
     "mean:size=2,stride=1,dilation=2,ceil_mode=true,{}", [[[6, 7], [10, 11]]] * 2),
    ("maxpool_2d_uint8", COUNTING.astype(np.uint8), "max:size=5,stride=1,padding=2", PADS_MAX),
    ("maxpool_2d_precomputed_pads", COUNTING, "max:size=5,stride=1,padding=2", PADS_MAX),
    ("maxpool_with_argmax_2d_precomputed_pads", COUNTING, "max:size=5,stride=1,padding=2",
     PADS_MAX),
    ("maxpool_2d_precomputed_strides", COUNTING, "max:2", [[7, 9], [17, 19]]),
    ("maxpool_with_argmax_2d_precomputed_strides", COUNTING, "max:2", [[7, 9], [17, 19]]),
    ("maxpool_2d_precomputed_same_upper", COUNTING, "max:size=3,stride=2,padding=same",
     [[7, 9, 10], [17, 19, 20], [22, 24, 25]]),
    ("maxpool_2d_ceil", SIXTEEN, "max:size=3,stride=2,ceil_mode=true", [[11, 12], [15, 16]]),
    ("maxpool_2d_ceil_output_size_reduce_by_one", SIXTEEN[:2, :2],
     "max:size=1,stride=2,ceil_mode=true", [[1]]),
    ("maxpool_2d_dilations", SIXTEEN, "max:size=2,stride=1,dilation=2", [[11, 12], [15, 16]]),
    ("maxpool_3d_dilations", CUBE, "max:size=2,stride=1,dilation=2", [[[11, 12], [15, 16]]] * 2),
    ("maxpool_3d_dilations_use_ref_impl", CUBE, "max:size=2,stride=1,dilation=2",
     [[[11, 12], [15, 16]]] * 2),
]  # fmt: skip
LITERAL = [(name, image, how.format("count_include_pad=false"), wanted)
           for name, image, how, wanted in LITERAL]  # fmt: skip

_3D = {"size": (5,) * 3, "stride": (3,) * 3, "dilation": (2,) * 3}
RANDOM = [
    ("averagepool_1d_default", (32,), "mean", {"size": (2,)}),
    ("averagepool_2d_default", (32, 32), "mean", {"size": (2, 2)}),
    ("averagepool_3d_default", (12,) * 3, "mean", {"size": (2,) * 3}),
    ("averagepool_2d_same_upper", (32, 32), "mean", {"size": (2, 2), "padding": "same"}),
    ("averagepool_2d_same_lower", (32, 32), "mean", {"size": (2, 2), "padding": "same-lower"}),
    ("averagepool_2d_pads", (28, 28), "mean", {"size": (3, 3), "padding": [(2, 2)] * 2}),
    ("averagepool_2d_pads_count_include_pad", (28, 28), "mean",
     {"size": (3, 3), "padding": [(2, 2)] * 2, "count_include_pad": True}),
    ("averagepool_2d_strides", (32, 32), "mean", {"size": (5, 5), "stride": (3, 3)}),
    *[(f"averagepool_3d_dilations_large_{counts}_{ceil}", (14,) * 3, "mean",
       {**_3D, "count_include_pad": counts, "ceil_mode": ceil})
      for counts in (False, True) for ceil in (False, True)],
    ("maxpool_1d_default", (32,), "max", {"size": (2,)}),
    ("maxpool_2d_default", (32, 32), "max", {"size": (2, 2)}),
    ("maxpool_3d_default", (12,) * 3, "max", {"size": (2,) * 3}),
    ("maxpool_2d_same_upper", (32, 32), "max", {"size": (2, 2), "padding": "same"}),
    ("maxpool_2d_same_lower", (32, 32), "max", {"size": (2, 2), "padding": "same-lower"}),
    ("maxpool_2d_pads", (28, 28), "max", {"size": (3, 3), "padding": [(2, 2)] * 2}),
    ("maxpool_2d_strides", (32, 32), "max", {"size": (5, 5), "stride": (3, 3)}),
    ("maxpool_3d_dilations_use_ref_impl_large", (14,) * 3, "max", {**_3D, "ceil_mode": True}),
]  # fmt: skip


@pytest.mark.parametrize(("image", "how", "wanted"), [case[1:] for case in LITERAL],
                         ids=[case[0] for case in LITERAL])  # fmt: skip
def test_the_literal_cases_of_onnx(image, how, wanted):
    found = pool(image, how, axes=image.ndim)[..., 0]
    np.testing.assert_array_equal(found, np.array(wanted, np.float32))


def test_a_window_that_would_begin_in_the_padding_is_left_out():
    """ONNX's averagepool_2d_ceil_last_window_starts_on_pad, in ten-thousandths."""
    how = "mean:size=3,stride=3,padding=1,ceil_mode=true"
    found = pool(np.moveaxis(FOUR, 0, -1), how)
    assert found.shape == (1, 1, 3)
    np.testing.assert_array_equal(found[0, 0], FOUR.sum(axis=(1, 2)) / np.float32(9))


@pytest.mark.parametrize(("sizes", "kind", "options"), [case[1:] for case in RANDOM],
                         ids=[case[0] for case in RANDOM])  # fmt: skip
@pytest.mark.sampled(5)
def test_the_computed_cases_of_onnx(sizes, kind, options):
    image = np.random.default_rng(len(sizes)).normal(size=(*sizes, 2)).astype(np.float32)
    check(image, kind, options)


def test_every_case_of_onnx_is_there():
    names = {case[0] for case in (*LITERAL, *RANDOM)}
    assert len(names) + 1 == 39  # and the one whose window is left out


def check(image, kind, options):
    axes = image.ndim - 1
    whole = {
        "stride": (1,) * axes, "dilation": (1,) * axes, "padding": [(0, 0)] * axes, **options
    }  # fmt: skip
    padding = whole["padding"]
    words = {key: "x".join(map(str, whole[key])) for key in ("size", "stride", "dilation")}
    words["padding"] = padding
    if isinstance(padding, str):
        whole["padding"] = [padding] * axes
    else:
        words["padding"] = "x".join(str(side) for pair in padding for side in pair)
    for key in ("ceil_mode", "count_include_pad"):
        if key in options or (key, kind) == ("count_include_pad", "mean"):
            words[key] = str(bool(options.get(key))).lower()
    how = f"{kind}:" + ",".join(f"{key}={value}" for key, value in words.items())
    wanted = layer_oracle.pool(image, kind, **whole)
    if wanted is None:
        with pytest.raises(ArgumentError, match=r"touch no pixel|does not fit"):
            pool(image, how, axes=axes)
        return
    for threads in (1, 2):
        found = pool(image, how, axes=axes, threads=threads)
        np.testing.assert_array_equal(found, wanted, strict=True)


@st.composite
def pools(draw, axes):
    """An image, a kind of pooling and its options."""
    most = {1: 9, 2: 6, 3: 4}[axes]
    size = tuple(draw(st.integers(1, 4)) for _ in range(axes))
    dilation = tuple(draw(st.integers(1, 2)) for _ in range(axes))
    stride = tuple(draw(st.integers(1, 4)) for _ in range(axes))
    sizes = tuple(draw(st.integers(1, most)) for _ in range(axes))
    pads = [tuple(draw(st.integers(0, 3)) for _ in "ab") for _ in range(axes)]
    kind = draw(st.sampled_from(["max", "mean"]))
    padding = draw(st.sampled_from(["same", "same-lower", "valid", pads]))
    options = {"size": size, "dilation": dilation, "stride": stride, "padding": padding}
    options["ceil_mode"] = draw(st.booleans())
    if kind == "mean":
        options["count_include_pad"] = draw(st.booleans())
    elements = st.floats(-100, 100, width=32)
    image = draw(hnp.arrays(np.float32, (*sizes, draw(st.integers(1, 2))), elements=elements))
    return image, kind, options


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_as_plain_loops(axes):
    @settings(max_examples=40, deadline=None)
    @given(pools(axes))
    def agree(case):
        check(*case)

    agree()


def test_nan_in_a_window_is_nan():
    image = np.array([[1, 2, 3, 4], [5, np.nan, 7, 8]], np.float32)
    for how in ("max:2", "mean:2"):
        found = pool(image, how)[..., 0]
        assert np.isnan(found[0, 0])
        assert found[0, 1] == (8 if how == "max:2" else 5.5)


def test_many_channels_and_a_window_of_the_whole_signal():
    image = np.random.default_rng(3).normal(size=(5, 6, 700)).astype(np.float32)
    found = pool(image, "max:5x6")
    np.testing.assert_array_equal(found[0, 0], image.max(axis=(0, 1)))
    signal = np.arange(5000, dtype=np.float32)
    assert pool(signal, "max:5000", axes=1).tolist() == [[4999]]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("max:size=2,padding=2", "touch no pixel"),
        ("mean:size=2,padding=0x0x0x2,stride=1", "padding of 0 and 0; 0 and 2 leaves windows"),
        ("max:size=2,dilation=7,padding=1,stride=1", "touch no pixel"),
        ("max:2,ceil_mode=yes", "ceil_mode of pooling is 'yes'; it is true or false"),
        ("max:2,count_include_pad=true", "max pooling never counts padding"),
        ("mean:2,padding=1x2x3", "padding '1,2,3' is not valid"),
        ("mean:2,padding=nearly", "padding 'nearly' is not valid"),
        ("mean:2,dilation=0", "dilation of pooling '0' is not a whole number"),
        ("mean:2,dilations=1", "not a kind of pooling"),
    ],
)
def test_what_pooling_cannot_be(how, words):
    with pytest.raises(ArgumentError, match=words):
        pool(np.ones((6, 6), np.float32), how)


def test_limits_of_pooling():
    with pytest.raises(LimitError, match="reaches over"):
        pool(np.ones((6, 6), np.float32), "max:size=9,dilation=1048576")


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ("max:size=3,stride=2,ceil_mode=true", "rows: (6 - 3)/2 + 1 = ceil(1.5) + 1 = 3"),
        ("max:size=1,stride=4,ceil_mode=true,padding=0x2x0x2",
         "rows: (6 + 0 + 2 - 1)/4 + 1 = ceil(1.75) + 1 = 3, less 1 that begins beyond the image "
         "= 2"),
        ("mean:size=2,stride=1,dilation=2", "max pool"),
    ],
)  # fmt: skip
def test_shapes_say_how_they_were_rounded(how, line):
    shapes = pool_shapes(parse_pool(how, 2), (1, 6, 6, 1))
    if how.startswith("mean"):
        assert shapes.what == "mean pool 2x2, dilation 2x2"
    else:
        assert shapes.lines()[1].strip() == line


def test_pooling_in_a_file_of_layers(tmp_path):
    from imgconv.io.layers.network import read_network
    from imgconv.ops.layers.network import run_network

    (tmp_path / "net.yaml").write_text(
        "layers:\n- filters: ['1']\n- pool: mean:size=2,padding=same,count_include_pad=false\n"
    )
    image = np.array([[1, 2, 3]] * 3, np.uint8)
    found = run_network(image, read_network(str(tmp_path / "net.yaml")))
    np.testing.assert_array_equal(found.values[..., 0], [[1.5, 3], [1.5, 3]])
