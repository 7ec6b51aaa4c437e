"""What `correlate` refuses, and how it says so."""

from __future__ import annotations

import numpy as np
import pytest

import imgconv
from imgconv.model.errors import ArgumentError, ImgconvError, KernelError, UnknownKernelError

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
        ({"size": "valid", "dilation": 5}, "reaches over 11 rows, the image has 4"),
    ],
)
def test_arguments(options, words):
    with pytest.raises(ArgumentError, match=words):
        imgconv.correlate(IMAGE, np.ones((3, 3)), **options)


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


def test_names_and_what_is_no_single_kernel():
    assert imgconv.correlate(IMAGE, "sharpen").shape == IMAGE.shape
    assert imgconv.convolve(IMAGE, "emboss").shape == IMAGE.shape
    with pytest.raises(UnknownKernelError, match="no kernel is called 'sharpne'"):
        imgconv.correlate(IMAGE, "sharpne")
    with pytest.raises(ArgumentError, match="'kirsch' is a set"):
        imgconv.correlate(IMAGE, "kirsch")


def test_errors_are_also_builtins():
    assert issubclass(KernelError, ValueError)
    assert issubclass(UnknownKernelError, LookupError)
    assert issubclass(ArgumentError, ValueError)
    assert issubclass(KernelError, ImgconvError)


def test_the_package_is_lazy():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = imgconv.nothing
