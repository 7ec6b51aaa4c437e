"""The engine that stands for the script gives the script's bits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.exposure import rescale_intensity

from imgconv.engines.naive import NaiveEngine
from imgconv.io.kernels.bank import KernelBank
from imgconv.model.errors import ArgumentError
from imgconv.model.kernel import Kernel
from imgconv.model.settings import Settings
from imgconv.ops.linear.single import apply_kernel


def script(image, kernel):
    """The loop of the text."""
    pad = (kernel.shape[1] - 1) // 2
    padded = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    output = np.zeros(image.shape, dtype="float")
    for y in np.arange(pad, image.shape[0] + pad):
        for x in np.arange(pad, image.shape[1] + pad):
            window = padded[y - pad : y + pad + 1, x - pad : x + pad + 1]
            output[y - pad, x - pad] = (window * kernel).sum()
    output = rescale_intensity(output, in_range=(0, 255))
    return (output * 255).astype("uint8")


@pytest.mark.parametrize("name", ["small_blur", "large_blur", "sharpen", "sobel_x", "emboss"])
def test_same_bits(camera, name):
    image = camera[180:240, 200:260]
    kernel = KernelBank.standard()[name]
    weights = np.array([[float(kernel.scale * w) for w in row] for row in kernel.weights])
    ours = apply_kernel(image, kernel, Settings(), engine=NaiveEngine()).image
    np.testing.assert_array_equal(ours, script(image, weights))


@pytest.mark.parametrize(
    ("image", "kernel", "words"),
    [
        (np.zeros((4, 4, 3), np.uint8), Kernel([[1]]), "8-bit gray only"),
        (np.zeros((4, 4), np.uint16), Kernel([[1]]), "8-bit gray only"),
        (np.zeros((4, 4), np.uint8), Kernel([[1, 2, 1]]), "square kernel of odd side"),
        (np.zeros((4, 4), np.uint8), Kernel([[1, 2], [3, 4]]), "square kernel of odd side"),
        (np.zeros((4, 4), np.uint8), Kernel([[1]], offset=3), "no stride, dilation, offset"),
    ],
)
def test_what_the_script_cannot_do(image, kernel, words):
    with pytest.raises(ArgumentError, match=words):
        apply_kernel(image, kernel, Settings(), engine=NaiveEngine())
