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


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("f8", "depth f32"), ("f2", "'float32'"), ("i1", "'int16'"), ("?", "* 255"),
        ("i4", "2**24"), ("u4", "2**24"), ("i8", "2**24"), ("u8", "2**24"), ("c8", "abs(image)"),
        ("O", "numbers"), ("U3", "numbers"),
    ],
)  # fmt: skip
def test_any_other_type_is_refused_with_a_way_that_says_what_it_loses(kind, words):
    image = np.ones((3, 4), kind)
    with pytest.raises(ArgumentError, match="only uint8, uint16, int16 and float32") as caught:
        imgconv.correlate(image, "identity")
    assert words in caught.value.hint
    assert "uint8')" not in caught.value.hint or kind == "?"
    if "astype" in caught.value.hint:
        scale = 255 if kind == "?" else 1
        way = {"f2": "f4", "i1": "i2", "?": "u1"}.get(kind, "f4")
        found = imgconv.correlate(image.astype(way) * scale, "identity")
        assert (found == image.astype("f8") * scale).all()


@pytest.mark.parametrize(
    ("mode", "way"),
    [("I", "astype('float32')"), ("CMYK", "convert('RGB')"), ("RGBa", "convert('RGBA')"),
     ("La", "convert('LA')"), ("LAB", "profileToProfile"), ("HSV", "convert('RGB')")],
)  # fmt: skip
def test_modes_of_pillow_that_mean_something_else_are_refused_with_a_way(mode, way):
    with pytest.raises(ArgumentError, match=f"mode {mode} is not supported") as caught:
        imgconv.correlate(Image.new(mode, (4, 3)), "identity")
    assert way in caught.value.hint
