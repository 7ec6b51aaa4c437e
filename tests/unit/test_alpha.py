"""Alpha: the exact quotient, said again in plain loops; logos without a fringe."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import RANGES, outside, rounded
from strategies import BORDERS, images, weights

from imgconv import Kernel, filter_image, load_step
from imgconv.engines.reference import ReferenceEngine
from imgconv.model.alpha import Alpha
from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError
from imgconv.model.settings import Settings
from imgconv.ops.linear import alpha
from imgconv.ops.linear.alpha import filter_with_alpha

WHITES = {"uint8": 255, "uint16": 65535, "int16": 32767}


def slow(image, rows, *, offset=0, border="reflect101", border_value=0, depth=None):
    """Weigh colours by alpha at every pixel, in fractions; the anchor is the centre."""
    white, depth = WHITES[image.dtype.name], depth or image.dtype.name
    height, width, channels = image.shape
    above, left = len(rows) // 2, len(rows[0]) // 2
    outer = [border_value] * (channels - 1) + [white]
    total = sum(map(sum, rows))
    out = np.zeros(image.shape, depth)

    def at(y, x):
        y, x = outside(y, height, border), outside(x, width, border)
        return outer if y is None or x is None else image[y, x].tolist()

    for y, x in np.ndindex(height, width):
        taps = [
            (weight, at(y + r - above, x + c - left))
            for r, row in enumerate(rows)
            for c, weight in enumerate(row)
        ]
        seen = sum(w * p[-1] for w, p in taps)
        for channel in range(channels - 1):
            if total == 0:
                value = Fraction(sum(w * p[-1] * p[channel] for w, p in taps)) / white
            elif Fraction(seen) / total > 0:
                value = total * Fraction(sum(w * p[-1] * p[channel] for w, p in taps)) / seen
            else:
                value = Fraction(sum(w * p[channel] for w, p in taps))
            out[y, x, channel] = clamp(rounded(value + offset, "half-even"), depth)
        share = Fraction(image[y, x, -1].item()) if total == 0 else Fraction(seen) / total
        scaled = share * WHITES[depth] / white
        out[y, x, -1] = clamp(rounded(scaled, "half-even"), depth)
    return out


def clamp(value, depth):
    low, high = RANGES[depth]
    return min(max(value, low), high)


small = st.one_of(st.integers(-9, 9), st.fractions(-2, 2, max_denominator=30))


@settings(max_examples=50, deadline=None)
@given(
    image=images(("uint8", "uint16"), 5, (2, 4)),
    rows=weights(3, small),
    border=st.sampled_from(BORDERS),
    offset=st.integers(-20, 20),
)
def test_the_result_is_the_exact_quotient(image, rows, border, offset):
    """For uint16 a kernel that sums to zero rounds the product to 16 bits first."""
    if image.dtype == np.uint16 and sum(map(sum, rows)) == 0:
        rows = [[*row, 1] for row in rows]
    kernel = Kernel(rows, offset=offset)
    result = filter_image(image, kernels=[kernel], border=border, border_value=7)
    expected = slow(image, rows, offset=offset, border=border, border_value=7)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("depth", ["u8", "u16", "i16"])
def test_alpha_keeps_its_share_in_every_depth(depth):
    image = np.random.default_rng(1).integers(0, 256, (5, 6, 4), np.uint8)
    result = filter_image(image, kernels=["1 2 1"], depth=depth)
    name = {"u8": "uint8", "u16": "uint16", "i16": "int16"}[depth]
    np.testing.assert_array_equal(result, slow(image, [[1, 2, 1]], depth=name))


@given(image=images(("uint8", "uint16", "int16", "float32"), 5, (2, 4)))
@settings(max_examples=25, deadline=None)
def test_the_identity_changes_nothing(image):
    """Not even a colour that cannot be seen. A float whose product underflows cannot come back."""
    image = np.where(np.abs(image) < 1e-6, 0, image).astype(image.dtype)
    image = np.clip(image, -1e6, 1e6).astype(image.dtype) if image.dtype == np.float32 else image
    np.testing.assert_array_equal(filter_image(image, kernels=["identity"]), image)


@pytest.mark.parametrize("kernel", ["blur", "sharpen", "sobel_x", "laplacian", "sobel", "emboss"])
@pytest.mark.parametrize("how", ["auto", "keep"])
@pytest.mark.parametrize("border", BORDERS)
def test_what_is_opaque_is_filtered_as_if_there_were_no_alpha(astronaut, kernel, how, border):
    rgb = astronaut[100:130, 200:230]
    opaque = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
    options = {"kernels": [kernel], "border": border, "border_value": 9}
    result = filter_image(opaque, alpha=how, **options)
    np.testing.assert_array_equal(result[..., :3], filter_image(rgb, **options))
    assert (result[..., 3] == 255).all()


@pytest.mark.parametrize("mode", ["abs", "offset", "rescale", "full"])
def test_a_range_is_for_colours_and_not_for_alpha(mode):
    image = np.random.default_rng(2).integers(1, 256, (7, 6, 4), np.uint8)
    plain = filter_image(image, kernels=["blur"])
    ranged = filter_image(image, kernels=["blur"], range=mode)
    np.testing.assert_array_equal(ranged[..., 3], plain[..., 3])
    if mode == "rescale":
        assert (ranged[..., :3].min(), ranged[..., :3].max()) == (0, 255)
    if mode == "offset":
        raised = np.minimum(plain[..., :3].astype(int) + 128, 255)
        np.testing.assert_array_equal(ranged[..., :3], raised)


def logo(hidden):
    """Give a red disk, half transparent at its rim, over a colour that nobody sees."""
    rows, columns = np.mgrid[:40, :40] - 19.5
    alpha = np.clip((14 - np.hypot(rows, columns)) * 128, 0, 255).astype(np.uint8)
    image = np.zeros((40, 40, 4), np.uint8)
    image[alpha == 0, :3] = hidden
    image[alpha > 0, :3] = (200, 30, 40)
    image[..., 3] = alpha
    return image


@pytest.mark.parametrize("kernel", ["gaussian:2", "blur", "sharpen", "disk:3"])
@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (0, 255, 0)])
def test_a_logo_has_no_fringe(kernel, hidden):
    """Of one colour it stays of that colour, whatever is hidden around it."""
    result = filter_image(logo(hidden), kernels=[kernel])
    assert np.unique(result[result[..., 3] > 0][:, :3], axis=0).tolist() == [[200, 30, 40]]
    fringed = filter_image(logo(hidden), kernels=[kernel], alpha="filter")
    assert len(np.unique(fringed[fringed[..., 3] > 0][:, :3], axis=0)) > 1


@pytest.mark.parametrize("kernel", ["sobel_x", "laplacian", "sobel", "kirsch"])
def test_edges_do_not_show_what_is_hidden(kernel):
    results = [filter_image(logo(hidden), kernels=[kernel]) for hidden in ((0, 0, 0), (9, 255, 7))]
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(results[0][..., 3], logo((0, 0, 0))[..., 3])


@pytest.mark.parametrize("kernel", ["sobel_x", "sobel", "roberts", "kirsch:output=index", "log:2"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
@pytest.mark.parametrize("border", [b for b in Border if b not in (Border.CONSTANT, Border.IGNORE)])
@pytest.mark.sampled(3)
def test_bands_of_edges_change_nothing(kernel, dtype, border, monkeypatch):
    rng = np.random.default_rng(6)
    info = np.iinfo(dtype)
    image = rng.integers(info.min, info.max + 1, (41, 23, rng.choice([2, 4]))).astype(dtype)
    image[:20, ..., -1] = info.max
    step, settings = load_step(kernel), Settings(border=border, dilation=(2, 1))
    whole = filter_with_alpha(image, step, settings, Alpha.AUTO)
    reference = filter_with_alpha(image, step, settings, Alpha.AUTO, engine=ReferenceEngine())
    np.testing.assert_array_equal(whole.image, reference.image)
    monkeypatch.setattr(alpha, "_BAND", 60)
    for threads in (1, 3):
        banded = filter_with_alpha(image, step, settings, Alpha.AUTO, threads=threads)
        np.testing.assert_array_equal(banded.image, whole.image)
        assert banded.clipped == whole.clipped


def test_alpha_filtered_is_a_channel_like_any_other():
    image = np.random.default_rng(3).integers(0, 256, (6, 5, 4), np.uint8)
    result = filter_image(image, kernels=["blur"], alpha="filter")
    np.testing.assert_array_equal(result[..., 3], filter_image(image[..., 3], kernels=["blur"]))


def test_floats_are_weighed_too():
    image = np.array([[[0.2, 1.0], [0.8, 0.25]]], np.float32)
    result = filter_image(image, kernels=["1/2 1/2"], border="replicate")
    np.testing.assert_allclose(result[0, 1], [(0.2 + 0.8 * 0.25) / 1.25, 0.625], rtol=1e-6)


def test_a_way_with_alpha_that_is_none():
    with pytest.raises(ArgumentError, match=r"no way with alpha is called 'straight'"):
        filter_image(logo((0, 0, 0)), kernels=["blur"], alpha="straight")
