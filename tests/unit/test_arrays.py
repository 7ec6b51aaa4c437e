"""Arrays as callers have them: their order of bytes, alignment and masks, and Pillow's images."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv.model.errors import ArgumentError

KINDS = ["u2", "i2", "f4"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(6, 10), (5, 4, 3)])
def test_any_byte_order_and_alignment(kind, shape):
    image = (np.arange(np.prod(shape)) * 97 % 251).astype(kind).reshape(shape)
    expected = imgconv.correlate(image, "blur")
    foreign = image.astype(image.dtype.newbyteorder())
    unaligned = np.frombuffer(b"x" + image.tobytes(), kind, offset=1).reshape(shape)
    assert not unaligned.flags.aligned
    for given in (foreign, unaligned, foreign[::-1][::-1], np.asfortranarray(image)):
        found = imgconv.correlate(given, "blur")
        assert found.dtype == image.dtype
        assert found.dtype.isnative
        assert np.array_equal(found, expected)
    assert np.array_equal(imgconv.filter_image(foreign, kernels=["blur"]), expected)


def test_a_foreign_float64_is_read_as_float32_too():
    image = np.arange(12.0).reshape(3, 4)
    foreign = image.astype(">f8")
    found = imgconv.correlate(foreign, "identity", depth="f32")
    assert np.array_equal(found, image.astype(np.float32))


def palette():
    indices = np.arange(20, dtype=np.uint8).reshape(4, 5) % 3
    image = Image.fromarray(indices)
    image.putpalette([10, 20, 30, 255, 0, 0, 0, 7, 250])
    colours = np.array([[10, 20, 30], [255, 0, 0], [0, 7, 250]], np.uint8)
    return image, colours[indices], indices


def test_pillow_images_mean_what_they_show():
    image, colours, indices = palette()
    assert np.array_equal(imgconv.correlate(image, "identity"), colours)
    image.info["transparency"] = 1
    shown = imgconv.correlate(image, "identity")
    assert np.array_equal(shown[..., 3], np.where(indices == 1, 0, 255))
    bits = Image.fromarray(indices > 1)
    assert np.array_equal(imgconv.correlate(bits, "identity"), (indices > 1) * np.uint8(255))
    deep = np.arange(20, dtype=np.uint16).reshape(4, 5) * 3001
    assert np.array_equal(imgconv.correlate(Image.fromarray(deep), "identity"), deep)
    both = np.dstack([indices, indices * 100])
    parts = [Image.fromarray(np.ascontiguousarray(both[..., n])) for n in range(2)]
    given = Image.merge("LA", parts)
    assert np.array_equal(imgconv.correlate(given, "identity"), both)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB", "HSV", "RGBX", "RGBa", "I"])
def test_other_modes_of_pillow_are_refused(mode):
    with pytest.raises(ArgumentError, match=f"Pillow image of mode {mode} is not") as caught:
        imgconv.filter_image(Image.new(mode, (3, 3)), kernels=["blur"])
    assert "convert" in (caught.value.hint or "")


def test_masked_values_are_refused_and_an_empty_mask_is_none():
    image = np.array([[1, 255, 1]], np.uint8)
    with pytest.raises(ArgumentError, match="1 values of the image are masked") as caught:
        imgconv.correlate(np.ma.masked_equal(image, 255), "blur")
    assert "filled" in (caught.value.hint or "")
    assert np.array_equal(imgconv.correlate(np.ma.array(image), "identity"), image)
