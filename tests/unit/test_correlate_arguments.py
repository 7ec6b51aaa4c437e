"""What `correlate` refuses, and how it says so."""

from __future__ import annotations

import numpy as np
import pytest

import imgconv
from imgconv.model.errors import (
    ArgumentError,
    ImgconvError,
    KernelError,
    LimitError,
    UnknownKernelError,
)

IMAGE = np.zeros((4, 5), np.uint8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"border": "bogus"}, "no border mode is called"),
        ({"border": "constant", "border_value": 256}, "256 is not a value of a u8 image"),
        ({"border": "constant", "border_value": 0.5}, "0.5 is not a value of a u8 image"),
        ({"stride": 0}, "stride 0 is not a whole number of at least 1"),
        ({"stride": (1, 2, 3)}, "stride"),
        ({"dilation": -1}, "dilation -1"),
        ({"size": "big"}, "'big' is not an output size"),
        ({"size": (1, 2)}, "is not an output size"),
        ({"size": -1}, "is not an output size"),
        ({"depth": "f64"}, "no depth is called 'f64'"),
        ({"rounding": "up"}, "no rounding is called 'up'"),
        ({"output_range": "wide"}, "no output range is called 'wide'"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": "4"}, "threads is '4'"),
        ({"threads": 1.5}, "threads is 1.5"),
        ({"stride": None}, "stride None is not a whole number"),
        ({"stride": 1.5}, "stride 1.5 is not a whole number"),
        ({"size": None}, "None is not an output size"),
        ({"anchor": 5}, "anchor 5 is not a"),
        ({"anchor": "0,1"}, "anchor '0,1' is not a"),
        ({"anchor": (0.5, 1)}, "anchor 0.5,1 is not a"),
        ({"border": "constant", "border_value": float("nan")}, "nan is not a finite number"),
        ({"border": "constant", "border_value": None}, "None is not a number"),
        ({"size": "valid", "dilation": 5}, "reaches over 11 rows, the image has 4"),
    ],
)
def test_arguments(options, words):
    with pytest.raises((ArgumentError, KernelError), match=words):
        imgconv.correlate(IMAGE, np.ones((3, 3)), **options)


def test_numpy_integers_are_whole_numbers():
    two = np.int64(2)
    ours = imgconv.correlate(IMAGE, [[1]], stride=two, dilation=(two, two), anchor=(two - 2, 0))
    assert ours.shape == (2, 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dilation": 1_000_000}, "reaches over 2000001 rows; the limit is 1048576"),
        ({"size": 1_000_000}, "the output would have .* pixels"),
    ],
)
def test_limits(options, words):
    with pytest.raises(LimitError, match=words):
        imgconv.correlate(IMAGE, np.ones((3, 3)), **options)


def test_a_border_value_beyond_float32():
    with pytest.raises(ArgumentError, match="beyond the range of float32"):
        imgconv.correlate(IMAGE.astype("f4"), [[1]], border="constant", border_value=1e39)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((4, 5)), "float64 is not supported"),
        (np.zeros((4, 5), bool), "bool is not supported"),
        (np.zeros((4, 5), np.int32), "int32 is not supported"),
        (np.zeros((0, 5), np.uint8), "at least one pixel"),
        (np.zeros(5, np.uint8), "not shape"),
        (np.zeros((2, 2, 2, 2), np.uint8), "not shape"),
    ],
)
def test_images(image, words):
    with pytest.raises(ArgumentError, match=words):
        imgconv.correlate(image, [[1]])


def test_float64_with_a_depth_is_converted():
    result = imgconv.correlate(np.full((2, 2), 0.5), [[2]], depth="f32")
    assert result.dtype == np.float32
    assert (result == 1).all()


def test_names():
    assert imgconv.correlate(IMAGE, "sharpen").shape == IMAGE.shape
    assert imgconv.convolve(IMAGE, "emboss").shape == IMAGE.shape
    with pytest.raises(UnknownKernelError, match="no kernel is called 'sharpne'"):
        imgconv.correlate(IMAGE, "sharpne")


def test_a_set_is_a_kernel_too():
    kirsch = imgconv.load_kernel("kirsch")
    expected = imgconv.filter_image(IMAGE, kernels=[kirsch], border="wrap")
    np.testing.assert_array_equal(imgconv.correlate(IMAGE, "kirsch", border="wrap"), expected)


def test_errors_are_also_builtins():
    assert issubclass(KernelError, ValueError)
    assert issubclass(UnknownKernelError, LookupError)
    assert issubclass(ArgumentError, ValueError)
    assert issubclass(KernelError, ImgconvError)


def test_the_package_is_lazy():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = imgconv.nothing


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"convolve": "false"}, "convolve is True or False, not 'false'"),
        ({"kernels": 5}, "kernels is a list"),
        ({"blur": 3}, "unknown option 'blur'"),
        ({"kernels": [[[1, 2], [3]]]}, "the rows differ in length: 1 in row 1"),
    ],
)
def test_options_of_a_recipe(options, words):
    with pytest.raises(ImgconvError, match=words):
        imgconv.filter_image(IMAGE, **options)


def test_a_recipe_takes_values_as_well_as_text():
    image = np.random.default_rng(5).integers(0, 256, (9, 8), np.uint8)
    asked = imgconv.filter_image(
        image,
        kernels=[np.array([[0, 1, 2]])],
        border=imgconv.Border.WRAP,
        depth=imgconv.Depth.U16,
        output_range=imgconv.OutputRange.ABS,
    )
    text = imgconv.filter_image(image, kernels=["0 1 2"], padding="wrap", depth="u16", range="abs")
    np.testing.assert_array_equal(asked, text)


def test_kernels_are_prepared_once():
    recipe = imgconv.recipe_from({"kernels": ["emboss"], "convolve": True, "anchor": (0, 0)})
    form = imgconv.Form(imgconv.Depth.U8)
    first, second = (recipe.planned(form).steps[0].step for _ in range(2))
    assert first is second
    assert imgconv.load_kernel("gaussian:2") is imgconv.load_kernel("gaussian:2")
